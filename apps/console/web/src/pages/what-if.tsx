/** What if an LNS fails. */
import { type RoutersAnswer, type WhatIfAnswer, useAnswer } from '../api.ts';
import { number, sentence } from '../format.ts';
import { RouterLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { rangeOf, useNavigation } from '../view.ts';

export function WhatIf() {
  const { view, change } = useNavigation();
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  const lnss = (routers.data?.routers ?? []).filter((r) => r.role === 'lns');
  const without = view.parameters.get('without') ?? lnss[0]?.router ?? '';
  const more = view.parameters.get('more') ?? '0';
  const found = useAnswer<WhatIfAnswer>(
    '/api/capacity/what-if',
    { ...rangeOf(view), without, growth_percent: more },
    without !== '',
  );
  if (routers.data !== undefined && lnss.length === 0)
    return (
      <section className="panel" aria-label="What if">
        <header>
          <h2>What if an LNS fails</h2>
        </header>
        <p className="nothing">
          No router is known as an LNS: the fleet file says which are, and which take over.
        </p>
      </section>
    );
  return (
    <Panel
      title="What if an LNS fails"
      query={found}
      aside={
        <>
          <select
            aria-label="The LNS that fails"
            value={without}
            onChange={(e) => change({ without: e.target.value })}
          >
            {lnss.map((r) => (
              <option key={r.router}>{r.router}</option>
            ))}
          </select>
          <label>
            and there are{' '}
            <select value={more} onChange={(e) => change({ more: e.target.value })}>
              {['0', '10', '20', '50', '100'].map((p) => (
                <option key={p} value={p}>
                  {p} % more
                </option>
              ))}
            </select>
          </label>
        </>
      }
      empty={(d) =>
        d.rows.length === 0 &&
        d.homeless.length === 0 &&
        'Not enough snapshots in this window: whole hours are compared.'
      }
      note={found.data === undefined ? undefined : sentence(found.data.assumption)}
    >
      {(data) => (
        <>
          <Table
            label="Who takes over"
            rows={data.rows}
            keyOf={(r) => r.router}
            columns={[
              { name: 'router', title: 'Takes over', cell: (r) => <RouterLink name={r.router} /> },
              { name: 'before', title: 'Has', right: true, cell: (r) => number(r.before) },
              { name: 'taken', title: 'Takes', right: true, cell: (r) => <i>{number(r.taken)}</i> },
              { name: 'after', title: 'Then', right: true, cell: (r) => <i>{number(r.after)}</i> },
              { name: 'limit', title: 'Limit', right: true, cell: (r) => number(r.limit) },
              {
                name: 'over',
                title: 'Verdict',
                cell: (r) => (r.exceeded ? <b className="act">overflows</b> : 'fits'),
              },
            ]}
          />
          {data.parts.length > 0 && (
            <Table
              label="Interfaces and tunnels that take over, the fullest first"
              rows={data.parts}
              keyOf={(p) => `${p.kind} ${p.router} ${p.name}`}
              most={5}
              columns={[
                { name: 'router', title: 'Of', cell: (p) => <RouterLink name={p.router} /> },
                { name: 'part', title: 'Part', cell: (p) => `${p.kind} ${p.name}` },
                { name: 'before', title: 'Has', right: true, cell: (p) => number(p.before) },
                { name: 'after', title: 'Then', right: true, cell: (p) => <i>{number(p.after)}</i> },
                { name: 'limit', title: 'Limit', right: true, cell: (p) => number(p.limit) },
                {
                  name: 'over',
                  title: 'Verdict',
                  cell: (p) => (p.exceeded ? <b className="act">overflows</b> : 'fits'),
                },
              ]}
            />
          )}
          {data.homeless.map((h) => (
            <p key={h.router} className="failure">
              Nobody is known to take the {number(h.sessions)} sessions of {h.router}: the fleet file names no
              peer.
            </p>
          ))}
        </>
      )}
    </Panel>
  );
}
