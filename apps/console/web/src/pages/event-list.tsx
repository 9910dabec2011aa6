/** Events of sessions and routers as one list, the newest first. */
import type { EventsAnswer } from '../api.ts';
import { visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { State } from '../states.tsx';

export function EventList({ events, router }: { readonly events: EventsAnswer; readonly router?: string }) {
  const all = [
    ...events.sessions.map((e) => ({ at: e.at, session: e, event: null })),
    ...events.routers.map((e) => ({ at: e.at, session: null, event: e })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
  return (
    <ul className="events scroll" tabIndex={0} aria-label="Events, the newest first">
      {all.map(({ session, event }, i) =>
        session !== null ? (
          <li key={`${session.at} ${session.router} ${session.tunnel} ${session.session} ${i}`}>
            <Moment at={session.at} short />
            <State name={session.kind} as={session.kind === 'closed' ? 'gone' : session.kind} />
            {router === undefined && <RouterLink name={session.router} />}
            <SessionLink router={session.router} tunnel={session.tunnel} session={session.session} />
            <span className="clip">{visible(session.user_name)}</span>
            <span className="quiet clip">{toldOf(session)}</span>
          </li>
        ) : (
          <li key={`${event.at} ${event.router} ${event.kind} ${i}`} className="router-event">
            <Moment at={event.at} short />
            <b>{event.kind.replaceAll('_', ' ')}</b>
            <RouterLink name={event.router} />
            <span className="clip">{event.detail}</span>
          </li>
        ),
      )}
    </ul>
  );
}

function toldOf(event: EventsAnswer['sessions'][number]): string {
  if (event.kind === 'changed') return event.changed.length === 0 ? event.reason : event.changed.join(', ');
  return event.reason;
}
