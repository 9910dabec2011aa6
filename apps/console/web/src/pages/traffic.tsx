/** Who moves the bytes, and what wholesale is billed for them. */
import { useAnswer, type BillingAnswer, type ImbalanceAnswer, type TopAnswer } from '../api.ts';
import { bytes, number, percent, rate, visible } from '../format.ts';
import { RouterLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { Csv } from './csv.tsx';

const owners = [
  ['router', 'router'],
  ['peer_gateway', 'peer'],
  ['realm', 'realm'],
  ['user', 'user'],
  ['tunnel', 'tunnel'],
] as const;

export function TopTraffic() {
  const { view, change } = useNavigation();
  const by = view.parameters.get('top') ?? 'peer_gateway';
  const parameters = { ...rangeOf(view), by };
  const top = useAnswer<TopAnswer>('/api/fleet/top', parameters);
  const unnamed =
    top.data === undefined
      ? 0
      : Number(top.data.without_name.rx_bytes) + Number(top.data.without_name.tx_bytes);
  return (
    <Panel
      title="Most traffic"
      query={top}
      aside={
        <>
          <label>
            by{' '}
            <select value={by} onChange={(e) => change({ top: e.target.value })}>
              {owners.map(([name, text]) => (
                <option key={name} value={name}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <Csv path="/api/fleet/top" parameters={{ ...parameters, limit: '5000' }} />
        </>
      }
      empty={(d) => d.top.length === 0 && 'No counters with such a name in this window.'}
      note={
        unnamed === 0
          ? 'Tx is what the router sent: on an LNS towards the subscriber.'
          : `${bytes(unnamed)} belong to sessions whose captures print no such name.`
      }
    >
      {(data) => (
        <Table
          label="Most traffic"
          rows={data.top}
          keyOf={(t) => t.name}
          most={10}
          columns={[
            {
              name: 'name',
              title: 'Name',
              cell: (t) => (data.by === 'router' ? <RouterLink name={t.name} /> : visible(t.name)),
              by: (t) => t.name,
            },
            {
              name: 'rx',
              title: 'Rx',
              right: true,
              cell: (t) => rounded(t.rx_bytes, t.rx_error),
              by: (t) => Number(t.rx_bytes),
            },
            {
              name: 'tx',
              title: 'Tx',
              right: true,
              cell: (t) => rounded(t.tx_bytes, t.tx_error),
              by: (t) => Number(t.tx_bytes),
            },
          ]}
        />
      )}
    </Panel>
  );
}

const rounded = (value: number | bigint, error: number | bigint): string =>
  Number(error) === 0 ? bytes(value) : `${bytes(value)} ± ${bytes(error)}`;

/** The twelve last months, the newest first. */
const months = (): readonly string[] => {
  const now = new Date();
  return Array.from({ length: 12 }, (_, i) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - i, 1)).toISOString().slice(0, 7),
  );
};

export function Billing() {
  const { view, change } = useNavigation();
  const by = view.parameters.get('bill') ?? 'realm';
  const month = view.parameters.get('month') ?? months()[0] ?? '';
  const bills = useAnswer<BillingAnswer>('/api/fleet/billing', { month, by });
  return (
    <Panel
      title="95th percentile"
      query={bills}
      aside={
        <>
          <select aria-label="Month" value={month} onChange={(e) => change({ month: e.target.value })}>
            {[...new Set([month, ...months()])].map((m) => (
              <option key={m}>{m}</option>
            ))}
          </select>
          <label>
            by{' '}
            <select value={by} onChange={(e) => change({ bill: e.target.value })}>
              <option value="realm">realm</option>
              <option value="peer_gateway">peer</option>
            </select>
          </label>
          <Csv path="/api/fleet/billing" parameters={{ month, by }} />
        </>
      }
      empty={(d) => d.bills.length === 0 && 'No traffic with such a name in this month.'}
      note={bills.data === undefined ? undefined : <Basis data={bills.data} />}
    >
      {(data) => (
        <Table
          label="95th percentile of the month"
          rows={data.bills}
          keyOf={(b) => b.name}
          most={10}
          columns={[
            { name: 'name', title: 'Name', cell: (b) => visible(b.name), by: (b) => b.name },
            {
              name: 'billed',
              title: 'Billed',
              right: true,
              cell: (b) => rate(b.billed_bps),
              by: (b) => b.billed_bps,
            },
            { name: 'rx', title: 'Rx', right: true, cell: (b) => rate(b.rx_bps), by: (b) => b.rx_bps },
            { name: 'tx', title: 'Tx', right: true, cell: (b) => rate(b.tx_bps), by: (b) => b.tx_bps },
            {
              name: 'bytes',
              title: 'In all',
              right: true,
              cell: (b) => bytes(Number(b.rx_bytes) + Number(b.tx_bytes)),
              by: (b) => Number(b.rx_bytes) + Number(b.tx_bytes),
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** A bill says what it rests on. */
function Basis({ data }: { readonly data: BillingAnswer }) {
  return (
    <>
      {number(data.samples)} of the month’s {number(data.samples_expected)} samples of {data.step_s / 60} min
      are known
      {data.coarse_share > 0 &&
        `; ${percent(data.coarse_share)} of the traffic was polled less often, so that its peaks are flatter`}
      {Number(data.without_name) > 0 && `; ${bytes(data.without_name)} carry no such name`}. Months are UTC.
    </>
  );
}

export function Imbalances() {
  const { view } = useNavigation();
  const found = useAnswer<ImbalanceAnswer>('/api/capacity/imbalance', momentOf(view));
  return (
    <Panel
      title="How evenly sessions lie"
      query={found}
      empty={(d) => d.imbalances.length === 0 && 'No router prints two interfaces, and no site has two LNSs.'}
      note="Fullest by the mean of all: 1 is even. Sessions keep their interface until they end."
    >
      {(data) => (
        <Table
          label="How evenly sessions lie, the worst first"
          rows={data.imbalances}
          keyOf={(i) => `${i.of} ${i.name}`}
          most={10}
          columns={[
            {
              name: 'of',
              title: 'Of',
              cell: (i) =>
                i.of === 'lnss' ? `the LNSs of ${i.name || 'no site'}` : `the interfaces of ${i.name}`,
              by: (i) => i.name,
            },
            {
              name: 'ratio',
              title: 'Fullest / mean',
              right: true,
              cell: (i) => i.ratio.toFixed(2),
              by: (i) => i.ratio,
            },
            {
              name: 'members',
              title: 'Sessions',
              words: true,
              cell: (i) =>
                i.members
                  .slice(0, 6)
                  .map((m) => `${m.name} ${number(m.sessions)}`)
                  .join(', ') + (i.members.length > 6 ? ' …' : ''),
            },
          ]}
        />
      )}
    </Panel>
  );
}
