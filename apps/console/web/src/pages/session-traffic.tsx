/** A session's counters as rates between their bounds, and totals. */
import { type HistoryAnswer, type SessionTraffic, useAnswer } from '../api.ts';
import { Chart, type Line } from '../chart.tsx';
import { bytes } from '../format.ts';
import { Panel } from '../states.tsx';
import { rangeOf, useNavigation } from '../view.ts';

export function Rates({ path }: { readonly path: string }) {
  const { view } = useNavigation();
  const range = rangeOf(view);
  const traffic = useAnswer<SessionTraffic>(`${path}/traffic`, range);
  const history = useAnswer<HistoryAnswer>(`${path}/history`, range);
  return (
    <Panel
      title="Traffic"
      query={traffic}
      wide
      empty={(d) =>
        d.points.length === 0 &&
        'No counters of it in this window: a LAC prints none, and what was not printed is unknown, not zero.'
      }
      note={<Totals data={history.data} points={traffic.data?.points ?? []} />}
    >
      {({ points }) => (
        <Chart
          label="Traffic of the session"
          at={points.map((p) => Date.parse(p.at) / 1_000)}
          lines={[
            rateLine('Rx', points, (p) => [p.rx_bytes, p.rx_error]),
            rateLine('Tx', points, (p) => [p.tx_bytes, p.tx_error]),
          ]}
          unit="bit/s"
          stepS={Math.max(1, Math.round(middle(points.map((p) => p.interval_s))))}
          from={view.from}
          to={view.to}
        />
      )}
    </Panel>
  );
}

/** bit/s, between what it may have been where the router printed rounded numbers. */
function rateLine(
  name: string,
  points: SessionTraffic['points'],
  of: (point: SessionTraffic['points'][number]) => readonly [bytes: number | bigint, half: number | bigint],
): Line {
  const rates = points.map((p) => of(p).map((n) => (Number(n) * 8) / Math.max(1, p.interval_s)));
  const values = rates.map(([middle = 0]) => middle);
  if (rates.every(([, half = 0]) => half === 0)) return { name, values };
  return {
    name,
    values,
    bounds: {
      low: rates.map(([middle = 0, half = 0]) => Math.max(0, middle - half)),
      high: rates.map(([middle = 0, half = 0]) => middle + half),
    },
  };
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;

function Totals({
  data,
  points,
}: {
  readonly data: HistoryAnswer | undefined;
  readonly points: SessionTraffic['points'];
}) {
  const rounded = points.some((p) => Number(p.rx_error) + Number(p.tx_error) > 0);
  const told = (data?.traffic ?? []).flatMap((t) => {
    const of = (name: string): string | null => {
      if (!t.seen.includes(name)) return null;
      const error = t.errors[name] ?? 0;
      const least = t.lower_bounds > 0 ? '≥ ' : '';
      return `${least}${bytes(t.sums[name] ?? 0)}${Number(error) === 0 ? '' : ` ± ${bytes(error)}`}`;
    };
    const [rx, tx] = [of('data_rx_bytes'), of('data_tx_bytes')];
    return rx === null && tx === null ? [] : [`Rx ${rx ?? 'unknown'}, Tx ${tx ?? 'unknown'}`];
  });
  return told.length === 0 ? null : (
    <>
      In all: {told.join('; ')}.
      {rounded && ' The router rounds its counters: each rate lies within the band.'}
    </>
  );
}
