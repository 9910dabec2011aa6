/** The sessions of a router at a moment: all of them, as they come, filtered as the command filters. */
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { addressOf, answered, routerPath, type ApiError, type Value } from '../api.ts';
import { dateTime, fieldText, rate, value, visible } from '../format.ts';
import { sessionPage, useZone } from '../link.tsx';
import { Failure, State } from '../states.tsx';
import { VirtualTable, type Column } from '../table.tsx';
import { momentOf, useNavigation } from '../view.ts';

type Row = Readonly<Record<string, Value>> & {
  readonly tunnel_local_id: number;
  readonly session_local_id: number;
};

/** The options of the command, and the state. */
const filters = [
  ['local-tunnel-id', 'Tunnel'],
  ['local-session-id', 'Session'],
  ['peer-gateway-name', 'Peer gateway name'],
  ['peer-gateway', 'Peer gateway'],
  ['local-gateway-name', 'Local gateway name'],
  ['local-gateway', 'Local gateway'],
  ['interface', 'Interface'],
  ['tunnel-group', 'Tunnel group'],
  ['user', 'User name'],
  ['state', 'State'],
] as const;

const fields = [
  'state',
  'user_name',
  'peer_ip',
  'remote_name',
  'remote_ip',
  'interface_name',
  'interface_unit',
  'tunnel_group_name',
  'tx_speed',
  'rx_speed',
  'session_remote_id',
  'call_serial_number',
];

export function SessionTable({ router }: { readonly router: string }) {
  const { view, go } = useNavigation();
  const chosen = Object.fromEntries(filters.map(([name]) => [name, view.parameters.get(name) ?? undefined]));
  const address = addressOf(`${routerPath(router)}/sessions`, {
    ...momentOf(view),
    ...chosen,
    field: fields,
    format: 'ndjson',
  });
  const [sofar, setSofar] = useState<{ readonly address: string; readonly rows: readonly Row[] }>({
    address: '',
    rows: [],
  });
  const query = useQuery<readonly Row[], ApiError>({
    queryKey: [address],
    queryFn: async ({ signal }) => {
      const first = sofar.rows.length === 0;
      return await readRows(address, signal, (rows) => {
        if (first) setSofar({ address, rows });
      });
    },
    placeholderData: (before) => before,
  });
  const [quick, setQuick] = useState('');
  const all = query.data ?? sofar.rows;
  const rows = useMemo(() => matching(all, quick), [all, quick]);
  const columns = useColumns();
  return (
    <section className="panel" aria-label="Sessions" aria-busy={query.isFetching}>
      <header>
        <h2>
          {rows.length.toLocaleString('en')} {rows.length === 1 ? 'session' : 'sessions'}
          {query.data === undefined && query.error === null && (
            <small className="quiet"> still coming …</small>
          )}
        </h2>
        <input
          type="search"
          aria-label="Only rows that hold"
          placeholder="Only rows that hold …"
          value={quick}
          onChange={(e) => setQuick(e.target.value)}
        />
        <a
          className="button"
          href={addressOf(`${routerPath(router)}/sessions`, { ...momentOf(view), ...chosen, format: 'csv' })}
        >
          CSV
        </a>
      </header>
      <Filters />
      {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.data !== undefined && rows.length === 0 ? (
        <p className="nothing">
          {all.length === 0 ? 'No session matches at this moment.' : 'No row holds that.'}
        </p>
      ) : (
        <VirtualTable
          label={`Sessions of ${router}`}
          rows={rows}
          columns={columns}
          onOpen={(r) => go(sessionPage(router, r.tunnel_local_id, r.session_local_id))}
          linkOf={(r) => sessionPage(router, r.tunnel_local_id, r.session_local_id)}
        />
      )}
    </section>
  );
}

/** Lines as they come; rows so far are told after each piece. */
async function readRows(
  address: string,
  signal: AbortSignal,
  soFar: (rows: readonly Row[]) => void,
): Promise<readonly Row[]> {
  const response = await answered(address, { signal });
  const rows: Row[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let told = 0;
  for (;;) {
    const { done, value: text } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) rows.push(JSON.parse(line) as Row);
    if (performance.now() - told > 250) {
      told = performance.now();
      soFar([...rows]);
    }
  }
  return rows;
}

function matching(rows: readonly Row[], quick: string): readonly Row[] {
  const wanted = quick.trim().toLowerCase();
  if (wanted === '') return rows;
  return rows.filter((row) =>
    Object.values(row).some((one) =>
      String(one ?? '')
        .toLowerCase()
        .includes(wanted),
    ),
  );
}

function Filters() {
  const { view, change } = useNavigation();
  const set = filters.filter(([name]) => view.parameters.has(name));
  return (
    <details className="filters" open={set.length > 0}>
      <summary>Filters{set.length > 0 && ` (${set.length})`}</summary>
      <form
        key={view.parameters.toString()}
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          change(Object.fromEntries(filters.map(([name]) => [name, fieldText(form, name) || null])));
        }}
      >
        {filters.map(([name, text]) => (
          <label key={name}>
            {text}
            <input
              name={name}
              defaultValue={view.parameters.get(name) ?? ''}
              {...(/-id$/.test(name) ? { inputMode: 'numeric', pattern: '[0-9]{1,5}' } : {})}
            />
          </label>
        ))}
        <button type="submit">Filter</button>
        {set.length > 0 && (
          <button
            type="button"
            onClick={() => change(Object.fromEntries(filters.map(([name]) => [name, null])))}
          >
            Clear
          </button>
        )}
      </form>
    </details>
  );
}

function useColumns(): readonly Column<Row>[] {
  const zone = useZone();
  return useMemo(() => {
    const text = (name: string, title: string, width = 'minmax(7rem, 1fr)'): Column<Row> => ({
      name,
      title,
      width,
      cell: (r) => (r[name] === undefined ? '' : value(r[name])),
      by: (r) => String(r[name] ?? ''),
    });
    const id = (name: string, title: string): Column<Row> => ({
      name,
      title,
      right: true,
      width: '6.5rem',
      cell: (r) => (typeof r[name] === 'number' ? String(r[name]) : ''),
      by: (r) => Number(r[name] ?? -1),
    });
    const speed = (name: string, title: string): Column<Row> => ({
      name,
      title,
      right: true,
      width: '7.5rem',
      cell: (r) => (typeof r[name] === 'number' ? rate(r[name]) : ''),
      by: (r) => Number(r[name] ?? -1),
    });
    return [
      { ...id('tunnel_local_id', 'Tunnel'), width: '5rem' },
      { ...id('session_local_id', 'Session'), width: '5.5rem' },
      {
        name: 'state',
        title: 'State',
        width: '9.5rem',
        cell: (r) => <State name={String(r['state'] ?? '')} />,
        by: (r) => String(r['state'] ?? ''),
      },
      {
        ...text('user_name', 'User name', 'minmax(12rem, 2fr)'),
        cell: (r) => visible(String(r['user_name'] ?? '')),
      },
      text('peer_ip', 'Address'),
      text('remote_name', 'Peer', 'minmax(9rem, 1fr)'),
      text('interface_name', 'Interface'),
      id('interface_unit', 'Unit'),
      text('tunnel_group_name', 'Group'),
      speed('tx_speed', 'Tx speed'),
      speed('rx_speed', 'Rx speed'),
      id('session_remote_id', 'Remote id'),
      {
        name: 'created_at',
        title: 'Created',
        right: true,
        width: '11rem',
        cell: (r) => (typeof r['created_at'] === 'string' ? dateTime(Date.parse(r['created_at']), zone) : ''),
        by: (r) => String(r['created_at'] ?? ''),
      },
    ];
  }, [zone]);
}
