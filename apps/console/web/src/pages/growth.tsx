/** Growth with its forecast, and days until full. */
import { type GrowthAnswer, type RoutersAnswer, useAnswer } from '../api.ts';
import { Chart } from '../chart.tsx';
import { number, percent } from '../format.ts';
import { Figure, Panel } from '../states.tsx';
import { rangeOf, useNavigation } from '../view.ts';

export function Growth() {
  const { view, change } = useNavigation();
  const router = view.parameters.get('router') ?? '';
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  const growth = useAnswer<GrowthAnswer>('/api/capacity/growth', {
    ...wideRange(view),
    router,
    horizon_days: 30,
  });
  return (
    <Panel
      title="Growth"
      query={growth}
      wide
      aside={
        <label>
          of{' '}
          <select value={router} onChange={(e) => change({ router: e.target.value })}>
            <option value="">all LNSs</option>
            {routers.data?.routers.map((r) => (
              <option key={r.router}>{r.router}</option>
            ))}
          </select>
        </label>
      }
      note="What is dashed is estimated. The band holds the share of values that the model promises; the test on days it had not seen says whether it does."
    >
      {(data) => (
        <>
          <GrowthFigures data={data} />
          <GrowthChart data={data} />
        </>
      )}
    </Panel>
  );
}

/** Growth wants days: the window where it is long enough, else thirty days to its end. */
const wideRange = (view: ReturnType<typeof useNavigation>['view']): { from: string; to?: string } => {
  if (view.to - view.from >= 2 * 86_400_000) return rangeOf(view);
  return view.live
    ? { from: '-30d' }
    : { from: new Date(view.to - 30 * 86_400_000).toISOString(), to: new Date(view.to).toISOString() };
};

function GrowthFigures({ data }: { readonly data: GrowthAnswer }) {
  const { full, back_test: test } = data;
  const days = (n: number | null): string => (n === null ? 'not within 5 years' : `${number(n)} d`);
  return (
    <dl className="figures">
      <Figure label="Growth" hint="a day">
        {data.slope_per_day >= 0 ? '+' : '−'}
        {number(Math.abs(data.slope_per_day))}
      </Figure>
      <Figure label="Full in" hint={`between ${days(full.earliest)} and ${days(full.latest)}`}>
        <i>{days(full.days)}</i>
      </Figure>
      <Figure label="Limit" hint={data.limit_is_known ? undefined : 'with defaults'}>
        {number(data.limit)}
      </Figure>
      {test !== null && (
        <Figure
          label="Tested on the past"
          hint={`${percent(test.inside)} within the band, ${percent(data.confidence)} promised`}
        >
          ± {number(test.mean_absolute_error)}
        </Figure>
      )}
    </dl>
  );
}

function GrowthChart({ data }: { readonly data: GrowthAnswer }) {
  const at = [...data.seen.map((s) => s.at), ...data.predicted.map((p) => p.at)].map(
    (t) => Date.parse(t) / 1_000,
  );
  const before = data.seen.map(() => null);
  const pad = (values: readonly number[]): (number | null)[] => [...before, ...values];
  return (
    <Chart
      label="Sessions seen and expected"
      at={at}
      lines={[
        { name: 'seen', values: [...data.seen.map((s) => s.value), ...data.predicted.map(() => null)] },
        {
          name: 'expected',
          values: pad(data.predicted.map((p) => p.value)),
          estimated: true,
          bounds: {
            low: pad(data.predicted.map((p) => Math.max(0, p.low))),
            high: pad(data.predicted.map((p) => p.high)),
          },
        },
      ]}
      unit="sessions"
      stepS={3_600}
    />
  );
}
