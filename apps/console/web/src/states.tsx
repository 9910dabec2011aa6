/** What stands where there is no answer yet, none at all, or an error; and how states of sessions look. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ApiError } from './api.ts';
import { dateTime, sentence } from './format.ts';
import { useZone } from './link.tsx';

export function Panel<T>(props: {
  readonly title: string;
  readonly query: UseQueryResult<T, ApiError>;
  /** Why there is nothing, when there is nothing. */
  readonly empty?: (data: T) => ReactNode;
  readonly aside?: ReactNode;
  readonly note?: ReactNode;
  readonly wide?: boolean;
  readonly children: (data: T) => ReactNode;
}) {
  const { title, query, aside, note, wide = false } = props;
  return (
    <section className={wide ? 'panel wide' : 'panel'} aria-label={title} aria-busy={query.isFetching}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      <div className="panel-body">{contentOf(props)}</div>
      {note !== undefined && <footer className="quiet">{note}</footer>}
    </section>
  );
}

function contentOf<T>({ query, empty, children }: Parameters<typeof Panel<T>>[0]): ReactNode {
  const { data, error } = query;
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} retry={() => void query.refetch()} />;
  const nothing = empty?.(data);
  return (
    <>
      {error !== null && <Failure error={error} retry={() => void query.refetch()} />}
      {nothing !== undefined && nothing !== null && nothing !== false ? (
        <p className="nothing">{nothing}</p>
      ) : (
        children(data)
      )}
    </>
  );
}

export function Loading() {
  return (
    <p className="nothing" role="status">
      <span className="spinner" aria-hidden="true" /> Asking …
    </p>
  );
}

export function Failure({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }) {
  const zone = useZone();
  const benign = error.status === 404 || error.status === 422;
  // Times that a message names stand in it as UTC.
  const message = error.message.replace(
    /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
    (time) => `${dateTime(Date.parse(time), zone)} (${zone})`,
  );
  return (
    <div className={benign ? 'notice' : 'failure'} role={benign ? 'status' : 'alert'}>
      <p>{sentence(message)}</p>
      {retry !== undefined && !benign && (
        <button type="button" onClick={retry}>
          Ask again
        </button>
      )}
    </div>
  );
}

/** A colour and a shape each, the same everywhere. */
const shapes: Readonly<Record<string, readonly [shape: string, kind: string]>> = {
  established: ['●', 'good'],
  closed: ['○', 'gone'],
  destroyed: ['✕', 'gone'],
  'clean-up': ['◐', 'going'],
  cleanup: ['◐', 'going'],
  opened: ['+', 'good'],
  changed: ['~', 'going'],
  gone: ['−', 'gone'],
  applied: ['●', 'good'],
  stale: ['◐', 'gone'],
  dead_letter: ['✕', 'bad'],
};

export function State({ name, as }: { readonly name: string; readonly as?: string }) {
  const [shape, kind] = shapes[as ?? name] ?? (name.startsWith('lns-ic') ? ['▲', 'going'] : ['◇', 'going']);
  return (
    <span className={`state ${kind}`}>
      <span aria-hidden="true">{shape}</span> {name === '' ? 'unknown' : name}
    </span>
  );
}

export function Figure({
  label,
  children,
  hint,
}: {
  readonly label: ReactNode;
  readonly children: ReactNode;
  readonly hint?: ReactNode;
}) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>
        {children}
        {hint !== undefined && <small className="quiet"> {hint}</small>}
      </dd>
    </div>
  );
}
