/** What the page shows, wholly in its address: the place, the window of time, the moment in it, the zone. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';

/** Windows that end now. */
export const windows = {
  '15m': 900,
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
} as const;
export type WindowName = keyof typeof windows;

export interface View {
  readonly path: string;
  readonly parameters: URLSearchParams;
  /** The window ends now and moves on. */
  readonly live: boolean;
  readonly windowName: WindowName;
  /** Of the window (ms UTC); of a live one, as of the last change of the view. */
  readonly from: number;
  readonly to: number;
  /** The moment that is looked at; null: the end of the window. */
  readonly at: number | null;
  /** `utc`, `here`, or `router`. */
  readonly zone: ZoneChoice;
}

export type ZoneChoice = 'utc' | 'here' | 'router';

export type Patch = Readonly<Record<string, string | null>>;

export interface Navigation {
  readonly view: View;
  /** Changes parameters in place; null takes one away. */
  readonly change: (patch: Patch, replace?: boolean) => void;
  /** Goes elsewhere; time and zone go along, other parameters do not. */
  readonly go: (path: string, patch?: Patch) => void;
  /** The address of elsewhere, for links. */
  readonly href: (path: string, patch?: Patch) => string;
}

const kept = ['w', 'from', 'to', 'at', 'zone'];

export function readView(
  location: { readonly pathname: string; readonly search: string },
  now: number,
): View {
  const parameters = new URLSearchParams(location.search);
  const named = parameters.get('w') ?? '1h';
  const windowName = (named in windows ? named : '1h') as WindowName;
  const [from, to] = [parameters.get('from'), parameters.get('to')].map((text) => Date.parse(text ?? ''));
  const fixed = from !== undefined && to !== undefined && from < to;
  const at = Date.parse(parameters.get('at') ?? '');
  const zone = parameters.get('zone');
  const width = windows[windowName] * 1_000;
  // A moment without a window has one around it.
  const end = Number.isNaN(at) ? now : Math.min(now, at + width / 2);
  return {
    path: location.pathname,
    parameters,
    live: !fixed && Number.isNaN(at),
    windowName,
    from: fixed ? from : end - width,
    to: fixed ? to : end,
    at: Number.isNaN(at) ? null : at,
    zone: zone === 'utc' || zone === 'router' ? zone : 'here',
  };
}

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Of the window, for the API: what is live is named relative, so that it stays the same question. */
export const rangeOf = (view: View): { from: string; to?: string } =>
  view.live ? { from: `-${windows[view.windowName] / 60}m` } : { from: iso(view.from), to: iso(view.to) };

/** Of the moment; the end of the window unless one is chosen. */
export const momentOf = (view: View): { at?: string } =>
  view.at !== null ? { at: iso(view.at) } : view.live ? {} : { at: iso(view.to) };

export const NavigationContext = createContext<Navigation | null>(null);

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === null) throw new Error('no navigation');
  return navigation;
}

/** The navigation of the browser's own address. */
export function useAddress(): Navigation {
  const [view, setView] = useState(() => readView(window.location, Date.now()));
  useEffect(() => {
    const moved = (): void => setView(readView(window.location, Date.now()));
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const show = useCallback((address: string, replace: boolean): void => {
    if (replace) window.history.replaceState(null, '', address);
    else window.history.pushState(null, '', address);
    setView(readView(window.location, Date.now()));
  }, []);
  return useMemo(() => {
    const href = (path: string, patch: Patch = {}): string => {
      const next = new URLSearchParams();
      for (const name of kept) {
        const value = view.parameters.get(name);
        if (value !== null) next.set(name, value);
      }
      return addressWith(path, next, patch);
    };
    return {
      view,
      href,
      change: (patch, replace = false) =>
        show(addressWith(view.path, new URLSearchParams(view.parameters), patch), replace),
      go: (path, patch) => {
        show(href(path, patch), false);
        window.scrollTo(0, 0);
      },
    };
  }, [view, show]);
}

function addressWith(path: string, parameters: URLSearchParams, patch: Patch): string {
  for (const [name, value] of Object.entries(patch))
    if (value === null || value === '') parameters.delete(name);
    else parameters.set(name, value);
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
