/** One search box for whatever a person has in hand. */
import { useAnswer, type FindAnswer } from '../api.ts';
import { fieldText, number, visible } from '../format.ts';
import { Link, Moment, RouterLink, routerPage, sessionPage } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, useNavigation } from '../view.ts';

const kinds: Readonly<Record<string, string>> = {
  user_name: 'user name',
  peer_gateway: 'peer',
  call_serial_number: 'call serial number',
  interface_unit: 'interface unit',
};

export function Find() {
  const { view, change } = useNavigation();
  const q = view.parameters.get('q') ?? '';
  const found = useAnswer<FindAnswer>('/api/find', { q, ...momentOf(view), limit: 50 }, q !== '');
  return (
    <div className="grid">
      <section className="panel wide" aria-label="Find">
        <form
          className="find"
          key={q}
          onSubmit={(event) => {
            event.preventDefault();
            change({ q: fieldText(event.currentTarget, 'q') });
          }}
        >
          <label>
            What
            <input name="q" type="search" defaultValue={q} autoComplete="off" />
          </label>
          <button type="submit">Find</button>
        </form>
        <p className="quiet">
          A user name (or how it begins), an address, a tunnel, a session (tunnel/session), a router, a peer,
          a call serial number, an interface unit. Names and addresses are found at any time up to the moment;
          numbers among the sessions that live at it.
        </p>
      </section>
      {q !== '' && (
        <Panel
          title={`Found for “${visible(q)}”`}
          query={found}
          wide
          empty={(d) =>
            d.found.length === 0 &&
            'Nothing. Is the moment right? Names are printed by M Series LNSs and in XML only.'
          }
        >
          {(data) => (
            <Table
              label="Found"
              rows={data.found}
              keyOf={(f, i) => `${f.by} ${f.router} ${f.tunnel ?? ''} ${f.session ?? ''} ${i}`}
              most={200}
              columns={[
                { name: 'by', title: 'By', cell: (f) => kinds[f.by] ?? f.by, by: (f) => f.by },
                { name: 'match', title: 'Match', cell: (f) => <Hit hit={f} />, by: (f) => f.match },
                {
                  name: 'router',
                  title: 'Router',
                  cell: (f) => <RouterLink name={f.router} />,
                  by: (f) => f.router,
                },
                {
                  name: 'sessions',
                  title: 'Sessions',
                  right: true,
                  cell: (f) => number(f.sessions),
                  by: (f) => f.sessions,
                },
                {
                  name: 'at',
                  title: 'Last told of',
                  right: true,
                  cell: (f) => <Moment at={f.at} />,
                  by: (f) => f.at,
                },
              ]}
            />
          )}
        </Panel>
      )}
    </div>
  );
}

function Hit({ hit }: { readonly hit: FindAnswer['found'][number] }) {
  const { match, router, tunnel, session, by } = hit;
  const text = visible(match);
  if (tunnel !== null && session !== null)
    return (
      <Link
        to={sessionPage(router, tunnel, session)}
        {...(by === 'user_name' || by === 'address' ? { with: { at: hit.at } } : {})}
      >
        {text} ({tunnel}/{session})
      </Link>
    );
  if (tunnel !== null)
    return (
      <Link to={routerPage(router)} with={{ 'local-tunnel-id': String(tunnel) }}>
        tunnel {tunnel}
      </Link>
    );
  return (
    <Link to={routerPage(router)} with={by === 'peer_gateway' ? { 'peer-gateway-name': match } : {}}>
      {text}
    </Link>
  );
}
