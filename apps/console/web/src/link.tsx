/** Links that stay in the page, and times in the chosen zone. */
import { createContext, useContext, type MouseEvent, type ReactNode } from 'react';
import { clock, dateTime } from './format.ts';
import { useNavigation, type Patch } from './view.ts';

export function Link(props: {
  readonly to: string;
  readonly with?: Patch;
  readonly className?: string;
  readonly current?: boolean;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  const { href, go } = useNavigation();
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    go(props.to, props.with);
  };
  return (
    <a
      href={href(props.to, props.with)}
      onClick={follow}
      className={props.className}
      title={props.title}
      aria-current={props.current === true ? 'page' : undefined}
    >
      {props.children}
    </a>
  );
}

/** IANA name of the zone that times are shown in. */
export const ZoneContext = createContext('UTC');
export const useZone = (): string => useContext(ZoneContext);

/** A moment, which leads to itself. */
export function Moment({
  at,
  short = false,
  lead = true,
}: {
  readonly at: string;
  readonly short?: boolean;
  readonly lead?: boolean;
}) {
  const zone = useZone();
  const { change } = useNavigation();
  const ms = Date.parse(at);
  const text = short ? clock(ms, zone) : dateTime(ms, zone);
  if (!lead) return <time dateTime={at}>{text}</time>;
  return (
    <button
      type="button"
      className="moment"
      title={`Look at ${dateTime(ms, zone)} (${zone})`}
      onClick={() => change({ at })}
    >
      <time dateTime={at}>{text}</time>
    </button>
  );
}

export const routerPage = (router: string): string => `/routers/${encodeURIComponent(router)}`;
export const sessionPage = (router: string, tunnel: number, session: number): string =>
  `${routerPage(router)}/${tunnel}/${session}`;

export function RouterLink({ name }: { readonly name: string }) {
  return <Link to={routerPage(name)}>{name}</Link>;
}

export function SessionLink(props: {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
}) {
  const { router, tunnel, session } = props;
  return (
    <Link
      to={sessionPage(router, tunnel, session)}
      title={`Session ${session} in tunnel ${tunnel} of ${router}`}
    >
      {tunnel}/{session}
    </Link>
  );
}
