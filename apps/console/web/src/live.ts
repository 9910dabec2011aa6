/** Changes as they come: what is on the screen and live is asked again. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

export type Connection = 'live' | 'waiting' | 'off';

/** At most so often (ms). */
const quietMs = 2_500;

export function useLive(live: boolean): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>('off');
  useEffect(() => {
    if (!live) {
      setConnection('off');
      return;
    }
    setConnection('waiting');
    const source = new EventSource('/api/live');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (document.visibilityState === 'visible') void queries.invalidateQueries();
      }, quietMs);
    };
    source.addEventListener('hello', () => setConnection('live'));
    source.addEventListener('snapshot', refresh);
    source.addEventListener('router_event', refresh);
    source.addEventListener('error', () => setConnection('waiting'));
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearTimeout(timer);
      source.close();
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [live, queries]);
  return connection;
}
