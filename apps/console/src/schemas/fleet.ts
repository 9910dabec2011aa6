/** The fleet: counts, series, ends, traffic, what happened. */
import { z } from 'zod';
import {
  count,
  coverage,
  digits,
  fieldValue,
  format,
  limit,
  moment,
  range,
  role,
  several,
  routerName,
  time,
} from './common.ts';

export const dimension = z.enum([
  'router',
  'state',
  'peer_gateway',
  'interface',
  'fpc',
  'tunnel',
  'tunnel_group',
]);
export const fleetQuery = z.strictObject({ at: moment.optional(), by: dimension.default('router') });
export const fleetAnswer = z.object({
  at: time,
  by: z.string(),
  sessions: count.meta({ description: 'Entries of listings: two ends of one subscriber are two' }),
  groups: z.array(z.object({ name: z.string(), sessions: count })),
});

export const step = digits(1, 604_800)
  .optional()
  .meta({ description: 'Distance of the points (s); default: about 240 points' });
export const seriesQuery = z.strictObject({
  ...range,
  step_s: step,
  by: z.enum(['fleet', 'router', 'state', 'peer_gateway', 'tunnel_group', 'site', 'role']).default('fleet'),
  router: several(routerName),
});
export const seriesAnswer = z.object({
  from: time,
  to: time,
  step_s: z.int(),
  by: z.string(),
  at: z.array(time),
  routers: z.array(count).meta({
    description: 'Routers that had data at each point: fewer than before means that some are missing',
  }),
  series: z.array(
    z.object({
      name: z.string(),
      sessions: z.array(count.nullable()).meta({ description: 'Null: no data, which is not zero' }),
    }),
  ),
});

export const trafficQuery = z.strictObject({
  ...range,
  step_s: step,
  by: z
    .enum(['role', 'router', 'site_role'])
    .default('role')
    .meta({ description: 'LACs and LNSs count the same bytes: they are never added up' }),
  router: several(routerName),
});
const rates = z.array(z.number().nullable());
export const trafficAnswer = z.object({
  from: time,
  to: time,
  step_s: z.int(),
  by: z.string(),
  at: z.array(time),
  series: z.array(
    z.object({
      name: z.string(),
      rx: rates.meta({ description: 'bit/s, received by the router' }),
      tx: rates.meta({ description: 'bit/s, sent by the router' }),
      rx_error: rates.meta({ description: 'Half-width (bit/s), where numbers were rounded' }),
      tx_error: rates,
      lower_bound: z.array(z.boolean()).meta({ description: 'Counters were cleared in the step' }),
    }),
  ),
});

export const rangeQuery = z.strictObject(range);
export const endsAnswer = z.object({
  from: time,
  to: time,
  reasons: z.array(
    z.object({
      reason: z.string(),
      ends: count,
      lifetime_s: z.object({ p10: z.number(), p50: z.number(), p90: z.number() }).nullable(),
    }),
  ),
});
export const failuresAnswer = z.object({
  from: time,
  to: time,
  failures: z.array(z.object({ state: z.string(), peer_gateway: z.string(), failures: count })),
});
export const silentQuery = z.strictObject({
  at: moment.optional(),
  after_s: digits(1, 31_536_000).default(900),
});
export const silentAnswer = z.object({
  at: time,
  routers: z.array(z.object({ router: z.string(), newest: time, silent_s: z.number() })),
});

export const happeningsQuery = z.strictObject({
  ...range,
  router: routerName.optional(),
  kind: several(z.enum(['opened', 'changed', 'closed'])),
  limit: limit(5_000, 200),
  format,
});
export const sessionHappening = z.object({
  router: z.string(),
  tunnel: z.int(),
  session: z.int(),
  at: time,
  last_seen_at: time,
  kind: z.enum(['opened', 'changed', 'closed']),
  reason: z.string(),
  changed: z.array(z.string()),
  state: z.string(),
  user_name: z.string(),
  peer_gateway: z.string(),
});
export const routerHappening = z.object({
  router: z.string(),
  at: time,
  kind: z.string(),
  sessions: count,
  detail: z.string(),
});
export const happeningsAnswer = z.object({
  from: time,
  to: time,
  sessions: z.array(sessionHappening),
  routers: z.array(routerHappening),
});

export const whatHappenedQuery = z.strictObject({
  around: moment.optional().meta({ description: 'Default: five minutes ago' }),
  within_s: digits(1, 86_400).default(300),
});
export const whatHappenedAnswer = z.object({
  from: time,
  to: time,
  before: count,
  ended: count,
  reasons: z.record(z.string(), count),
  router_events: z.array(z.object({ router: z.string(), at: time, kind: z.string(), detail: z.string() })),
  common: z.array(
    z.object({
      by: z.string(),
      name: z.string(),
      gone: count,
      before: count,
      share: z.number(),
      share_of_rest: z.number(),
      coverage: z.number(),
      between: z.array(time),
    }),
  ),
  recovery: z.array(z.object({ after_s: z.number(), back: z.number().nullable() })),
  recovery_by_count: z.array(z.object({ after_s: z.number(), share: z.number().nullable() })).meta({
    description: 'Live sessions of the affected routers by those before; it needs no names',
  }),
  not_back: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      session: z.int(),
      user_name: z.string(),
      peer_gateway: z.string(),
      last_seen_at: time,
      gone_by: time,
    }),
  ),
  not_back_found: count,
  ended_without_name: count.meta({ description: 'Whether these subscribers are back cannot be told' }),
  state_changes: z.record(z.string(), count),
  setup_failures: z.record(z.string(), count),
  coverage,
});

export const massQuery = z.strictObject(range);
export const massAnswer = z.object({ from: time, to: time, events: z.array(routerHappening) });

export const change = z.object({
  field: z.string(),
  before: fieldValue.optional(),
  after: fieldValue.optional(),
});

export const routerSummary = z.object({
  router: z.string(),
  site: z.string(),
  role,
  platform: z.string(),
  release: z.string(),
  time_zone: z.string(),
  limit: count.meta({ description: 'Most sessions of the chassis' }),
  limit_is_known: z.boolean().meta({ description: 'False: the default of the vendor stands in' }),
  peers: z.array(z.string()),
  snapshots: count,
  first: time,
  newest: time,
  sessions: count,
  by_state: z.record(z.string(), count),
});
