/** The frame: navigation, search, the time control, and the page of the address. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { routerPath, useAnswer, type Me, type RouterSummary } from './api.ts';
import { here } from './format.ts';
import { Link, ZoneContext } from './link.tsx';
import { useLive, type MassClose } from './live.ts';
import { Access } from './pages/access.tsx';
import { Capacity } from './pages/capacity.tsx';
import { Compare } from './pages/compare.tsx';
import { Find } from './pages/find.tsx';
import { Fleet } from './pages/fleet.tsx';
import { Lines } from './pages/lines.tsx';
import { Login } from './pages/login.tsx';
import { Operations } from './pages/operations.tsx';
import { Router } from './pages/router.tsx';
import { Routers } from './pages/routers.tsx';
import { Session } from './pages/session.tsx';
import { WhatHappenedPage } from './pages/what-happened.tsx';
import { Failure, Loading } from './states.tsx';
import { TimeControl } from './time-control.tsx';
import { NavigationContext, useAddress, useNavigation } from './view.ts';

const places = [
  ['/', 'Fleet'],
  ['/what-happened', 'What happened'],
  ['/routers', 'Routers'],
  ['/compare', 'Compare'],
  ['/capacity', 'Capacity'],
  ['/lines', 'Lines'],
  ['/find', 'Find'],
  ['/operations', 'Operations'],
] as const;

export function App() {
  const navigation = useAddress();
  const me = useAnswer<Me>('/api/me');
  const queries = useQueryClient();
  useEffect(() => {
    const out = (): void => void queries.invalidateQueries({ queryKey: ['/api/me'] });
    window.addEventListener('reel-logged-out', out);
    return () => window.removeEventListener('reel-logged-out', out);
  }, [queries]);
  if (me.data === undefined)
    return me.error === null ? <Loading /> : <Failure error={me.error} retry={() => void me.refetch()} />;
  return (
    <NavigationContext value={navigation}>
      {me.data.principal === null ? <Login oidc={me.data.oidc} /> : <Frame me={me.data} />}
    </NavigationContext>
  );
}

/** What the path means. */
function placeOf(path: string): {
  readonly page: ReactNode;
  readonly title: string;
  readonly router?: string;
} {
  const [, first = '', ...rest] = path.split('/');
  const parts = rest.map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const [router, tunnel, session] = parts;
  switch (first) {
    case '':
    case 'fleet':
      return { page: <Fleet />, title: 'Fleet' };
    case 'what-happened':
      return { page: <WhatHappenedPage />, title: 'What happened' };
    case 'routers':
      if (router === undefined || router === '') return { page: <Routers />, title: 'Routers' };
      if (/^\d+$/.test(tunnel ?? '') && /^\d+$/.test(session ?? ''))
        return {
          page: <Session router={router} tunnel={Number(tunnel)} session={Number(session)} />,
          title: `Session ${tunnel ?? ''}/${session ?? ''} of ${router}`,
          router,
        };
      return { page: <Router router={router} />, title: router, router };
    case 'compare':
      return { page: <Compare />, title: 'Compare' };
    case 'capacity':
      return { page: <Capacity />, title: 'Capacity' };
    case 'lines':
      return { page: <Lines />, title: 'Lines' };
    case 'access':
      return { page: <Access />, title: 'Access' };
    case 'find':
      return { page: <Find />, title: 'Find' };
    case 'operations':
      return { page: <Operations />, title: 'Operations' };
    default:
      return {
        page: <p className="nothing">There is no such page. Find what you look for above.</p>,
        title: 'Not found',
      };
  }
}

function Frame({ me }: { readonly me: Me }) {
  const { view, go } = useNavigation();
  const place = useMemo(() => placeOf(view.path), [view.path]);
  const [seen, setSeen] = useState<MassClose | null>(null);
  const connection = useLive(view.live, (close) => {
    // Who looks at the fleet as it is wants to see why it has shrunk; whoever does something else is told.
    if (isHere(view.path, '/')) go('/what-happened', { at: close.at, mass: '1' });
    else setSeen(close);
  });
  const named = place.router ?? view.parameters.get('router') ?? undefined;
  const summary = useAnswer<RouterSummary>(
    named === undefined ? '' : routerPath(named),
    {},
    named !== undefined,
  );
  const routerZone = named === undefined ? undefined : summary.data?.time_zone;
  const zone = view.zone === 'utc' ? 'UTC' : view.zone === 'router' ? (routerZone ?? 'UTC') : here;
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${place.title} · Sessionreel`;
  }, [place.title]);
  return (
    <ZoneContext value={zone}>
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to the page
      </a>
      <header className="top">
        <div className="bar">
          <Link to="/" className="brand">
            Sessionreel
          </Link>
          <nav aria-label="Pages">
            {[...places, ...(me.principal?.role === 'admin' ? [['/access', 'Access'] as const] : [])].map(
              ([path, text]) => (
                <Link key={path} to={path} current={isHere(view.path, path)}>
                  {text}
                </Link>
              ),
            )}
          </nav>
          <Search />
          <span className={`connection ${connection}`} role="status">
            {connection === 'waiting' ? 'Waiting for the console …' : ''}
          </span>
          <Theme />
          {me.access === 'controlled' && <Who me={me} />}
        </div>
        <TimeControl router={place.router} routerZone={routerZone} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {seen !== null && <MassNotice close={seen} forget={() => setSeen(null)} />}
        <h1 className={place.router === undefined ? 'hidden' : ''}>{place.title}</h1>
        {place.page}
      </main>
    </ZoneContext>
  );
}

function MassNotice({ close, forget }: { readonly close: MassClose; readonly forget: () => void }) {
  return (
    <div className="alarm actions" role="alert">
      <p>
        <b>{close.detail}</b> on {close.router}.{' '}
        <Link to="/what-happened" with={{ at: close.at }}>
          What happened?
        </Link>
      </p>
      <button type="button" onClick={forget}>
        Close
      </button>
    </div>
  );
}

const isHere = (path: string, place: string): boolean =>
  place === '/' ? path === '/' || path === '/fleet' : path === place || path.startsWith(`${place}/`);

function Search() {
  const { go, view } = useNavigation();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', focus);
    return () => window.removeEventListener('keydown', focus);
  }, []);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const q = input.current?.value.trim() ?? '';
        if (q !== '') go('/find', { q });
      }}
    >
      <input
        ref={input}
        type="search"
        aria-label="Find a user name, address, tunnel, session, router or serial number"
        placeholder="Find …  Ctrl K"
        defaultValue={view.path === '/find' ? (view.parameters.get('q') ?? '') : ''}
      />
    </form>
  );
}

const themes = ['auto', 'dark', 'light'] as const;

function Theme() {
  const [theme, setTheme] = useState(() => window.localStorage.getItem('theme') ?? 'auto');
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    window.localStorage.setItem('theme', theme);
  }, [theme]);
  return (
    <select aria-label="Colours" value={theme} onChange={(event) => setTheme(event.target.value)}>
      {themes.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function Who({ me }: { readonly me: Me }) {
  const queries = useQueryClient();
  const out = async (): Promise<void> => {
    await fetch('/api/logout', { method: 'POST' });
    queries.clear();
    await queries.invalidateQueries();
    window.location.reload();
  };
  return (
    <span className="who">
      {me.principal?.name} <small className="quiet">{me.principal?.role}</small>
      {me.masked && <small className="quiet"> user names masked</small>}
      <button type="button" className="plain" onClick={() => void out()}>
        Log out
      </button>
    </span>
  );
}
