/** Subscribers' lines and what they carry: traffic by name, bills, speeds, silence, echo time-outs. */
import { z } from 'zod';
import {
  count,
  coverage,
  digits,
  fieldValue,
  format,
  integer,
  limit,
  moment,
  range,
  role,
  routerName,
  several,
  time,
} from './common.ts';
import { step } from './fleet.ts';

const names = z.array(z.string());

export const topQuery = z.strictObject({
  ...range,
  by: z.enum(['user', 'realm', 'peer_gateway', 'router', 'tunnel']).default('router'),
  order: z.enum(['bytes', 'echo_timeouts']).default('bytes'),
  limit: limit(5_000, 50),
  format,
});
export const topRow = z.object({
  name: z.string(),
  rx_bytes: integer,
  tx_bytes: integer,
  rx_error: integer.meta({ description: 'Half-width, where numbers were rounded' }),
  tx_error: integer,
  echo_timeouts: integer,
  routers: names,
});
export const topAnswer = z.object({
  from: time,
  to: time,
  by: z.string(),
  top: z.array(topRow),
  without_name: z
    .object({ rx_bytes: integer, tx_bytes: integer })
    .meta({ description: 'Of sessions whose captures print no such name' }),
});

export const billingQuery = z.strictObject({
  month: z
    .string()
    .regex(/^[0-9]{4}-(?:0[1-9]|1[0-2])$/)
    .optional()
    .meta({ description: 'In UTC, such as 2026-11; default: this month' }),
  by: z.enum(['realm', 'peer_gateway']).default('realm'),
  step_s: digits(60, 3_600).default(300).meta({ description: 'Length of a sample (s)' }),
  format,
});
export const billRow = z.object({
  name: z.string(),
  rx_bps: z.number().meta({ description: '95th percentile of the rates, bit/s' }),
  tx_bps: z.number(),
  billed_bps: z.number().meta({ description: 'The larger of both' }),
  rx_bytes: integer,
  tx_bytes: integer,
});
export const billingAnswer = z.object({
  month: z.string(),
  by: z.string(),
  from: time,
  to: time,
  step_s: z.int(),
  bills: z.array(billRow),
  samples: count,
  samples_expected: count,
  coarse_share: z
    .number()
    .meta({ description: 'Share of the traffic that was polled less often than a sample is long' }),
  without_name: integer.meta({ description: 'Bytes that carry no such name' }),
});

export const echoAnswer = z.object({
  from: time,
  to: time,
  peers: z.array(z.object({ peer_gateway: z.string(), timeouts: integer, routers: names })),
  printing: names.meta({ description: 'Routers whose listings print the counter' }),
  silent: names.meta({ description: 'Routers that do not: they may have had any number' }),
});

export const quietQuery = z.strictObject({ ...range, limit: limit(5_000, 500), format });
export const quietSession = z.object({
  router: z.string(),
  tunnel: z.int(),
  session: z.int(),
  state: z.string(),
  user_name: z.string().nullable(),
  peer_gateway: z.string(),
  created_at: time.nullable(),
});
export const quietAnswer = z.object({
  from: time,
  to: time,
  sessions: count.meta({ description: 'Established at the end, and since before the begin' }),
  active: count,
  silent: count,
  cannot_tell: count.meta({ description: 'Rounded counters that moved by less than their rounding' }),
  unknown: count.meta({ description: 'No data counters are printed of them' }),
  list: z.array(quietSession),
});

export const speedPlansQuery = z.strictObject({ at: moment.optional(), limit: limit(1_000, 100) });
const speed = integer.nullable().meta({ description: 'bit/s towards the subscriber; null: not printed' });
export const speedPlansAnswer = z.object({
  at: time,
  plans: z.array(z.object({ role, initial: speed, current: speed, sessions: count })),
  updates: z.array(
    z.object({
      router: z.string(),
      peer_gateway: z.string(),
      sessions: count,
      updated: count,
      failed: count.meta({ description: 'The update says 0 although the call began with a speed' }),
      unknown: count,
    }),
  ),
  without_speed: count,
});

export const speedDropsQuery = z.strictObject({ ...range, limit: limit(5_000, 200), format });
export const speedDrop = z.object({
  router: z.string(),
  tunnel: z.int(),
  session: z.int(),
  at: time,
  direction: z.enum(['tx', 'rx']),
  before: integer,
  after: integer,
  user_name: z.string().nullable(),
  peer_gateway: z.string(),
  seen_in: z.enum(['session', 'line']),
});
export const speedDropsAnswer = z.object({ from: time, to: time, drops: z.array(speedDrop) });

export const churnQuery = z.strictObject({ ...range, step_s: step });
export const churnAnswer = z.object({
  from: time,
  to: time,
  step_s: z.int(),
  points: z.array(
    z.object({
      at: time,
      router: z.string(),
      opened: count,
      changed: count,
      closed: count,
      snapshots: count,
    }),
  ),
});

export const fleetDiffAnswer = z.object({
  from: time,
  to: time,
  routers: z.array(
    z.object({
      router: z.string(),
      before: count,
      after: count,
      opened: count,
      changed: count,
      closed: count,
    }),
  ),
  coverage,
});

export const anomalyKindsQuery = z.strictObject({
  ...range,
  router: routerName.optional(),
  limit: limit(1_000, 200),
});
export const anomalyKindsAnswer = z.object({
  from: time,
  to: time,
  kinds: z.array(
    z.object({
      router: z.string(),
      kind: z.string(),
      field: z.string(),
      count,
      first: time,
      last: time,
      tunnel: z.int(),
      session: z.int(),
      before: fieldValue,
      after: fieldValue,
    }),
  ),
});

export const coverageQuery = z.strictObject({
  ...range,
  router: several(routerName),
  gap_after_s: digits(1, 31_536_000).default(900).meta({ description: 'From how long on silence is a gap' }),
});

const limitOf = z.number().nullable().meta({ description: "The fleet file's; null where a default applies" });
export const knownRoutersAnswer = z.object({
  routers: z.array(
    z.object({
      router: z.string(),
      site: z.string(),
      role,
      platform: z.string(),
      release: z.string(),
      limits: z.object({ chassis: limitOf, interface: limitOf, tunnel: limitOf }),
      peers: names,
      in_fleet_file: z.boolean(),
    }),
  ),
});

export const outcomesQuery = z.strictObject({
  partition: digits(0, 999_999_999),
  offset: digits(0, 999_999_999_999_999),
});
export const outcomesAnswer = z.object({
  outcomes: z
    .array(
      z.object({
        partition: z.int(),
        offset: z.int(),
        outcome: z.enum(['applied', 'stale', 'dead_letter']),
        reason: z.string(),
        router: z.string(),
        at: time,
      }),
    )
    .meta({ description: 'None: it is still under way, or never was' }),
});

export const imbalanceQuery = z.strictObject({ at: moment.optional() });
export const imbalanceAnswer = z.object({
  at: time,
  imbalances: z.array(
    z.object({
      of: z.enum(['interfaces', 'lnss']),
      name: z.string().meta({ description: 'The router, or the site' }),
      members: z.array(z.object({ name: z.string(), sessions: count })),
      ratio: z.number().meta({ description: 'Fullest member by the mean of all: 1 is even' }),
    }),
  ),
});
