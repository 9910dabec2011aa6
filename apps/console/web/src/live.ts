/** Changes as they come: what is on the screen and live is asked again. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

export type Connection = 'live' | 'waiting' | 'off';

export interface MassClose {
  readonly at: string;
  readonly router: string;
  readonly detail: string;
}

/** At most so often (ms). */
const quietMs = 2_500;

/** @param onMassClose called for each mass close as it is seen */
export function useLive(live: boolean, onMassClose: (close: MassClose) => void): Connection {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>('off');
  const told = useRef(onMassClose);
  told.current = onMassClose;
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
    source.addEventListener('router_event', (event: MessageEvent<string>) => {
      refresh();
      const news = JSON.parse(event.data) as MassClose & { readonly kind: string };
      if (news.kind === 'mass_close') told.current(news);
    });
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
