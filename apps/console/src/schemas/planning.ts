/** Search, capacity, operations. */
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
  routerName,
  several,
  time,
} from './common.ts';

export const findQuery = z.strictObject({
  q: z.string().min(1).max(255).meta({
    description: 'User name, address, tunnel, session (tunnel/session), router, peer, serial number',
  }),
  at: moment.optional(),
  limit: limit(200, 20),
});
export const findAnswer = z.object({
  q: z.string(),
  at: time,
  found: z.array(
    z.object({
      by: z.enum([
        'router',
        'user_name',
        'address',
        'peer_gateway',
        'tunnel',
        'session',
        'call_serial_number',
        'interface_unit',
      ]),
      match: z.string(),
      router: z.string(),
      tunnel: z.int().nullable(),
      session: z.int().nullable(),
      at: time,
      sessions: count,
    }),
  ),
});

export const whoHadQuery = z.strictObject({ address: z.string().min(2).max(64), at: moment.optional() });
export const whoHadAnswer = z.object({
  address: z.string(),
  at: time,
  holders: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      session: z.int(),
      certainty: z.enum(['certain', 'likely', 'unknown']),
      user_name: z.string().nullable(),
      created_at: time.nullable(),
      seen_from: time,
      seen_to: time,
      gone_by: time.nullable(),
    }),
  ),
});
export const whoHadAllBody = z.strictObject({
  questions: z
    .array(z.strictObject({ address: z.string().min(1).max(64), at: moment }))
    .min(1)
    .max(1_000),
});
const holder = whoHadAnswer.shape.holders;
export const whoHadAllAnswer = z.object({
  answers: z.array(
    z.object({
      address: z.string(),
      at: time,
      holders: holder,
      error: z.string().meta({ description: 'Why it could not be asked; empty when it was' }),
    }),
  ),
});
export const subscriberQuery = z.strictObject({
  ...range,
  user: z.string().min(1).max(255).optional(),
  address: z.string().min(2).max(64).optional(),
  format,
});

export const busyQuery = z.strictObject({
  ...range,
  by: z.enum(['router', 'site', 'fleet']).default('router'),
  of: z.enum(['sessions', 'traffic']).default('sessions'),
  format,
});
export const busyHour = z.object({
  name: z.string().meta({ description: 'Router or site; empty of the fleet' }),
  role: z
    .enum(['lac', 'lns', ''])
    .meta({ description: 'A LAC and an LNS list the same call: they are never added up' }),
  day: z.string(),
  hour: z.int(),
  mean: z.number().meta({ description: 'Sessions, or bit/s of both directions' }),
  peak: z.number(),
  day_peak: z.number(),
  day_p95: z.number(),
  samples: count.meta({ description: 'Of the 12 of the hour, those with data' }),
  day_samples: count.meta({ description: 'Of the 288 of the day' }),
});
export const busyAnswer = z.object({
  from: time,
  to: time,
  by: z.string(),
  of: z.string(),
  hours: z.array(busyHour),
});
export const headroomAnswer = z.object({
  from: time,
  to: time,
  routers: z.array(
    z.object({
      router: z.string(),
      site: z.string(),
      role: z.string(),
      peak_sessions: count,
      p95_sessions: z.number(),
      limit: count,
      limit_is_known: z.boolean(),
      headroom: z.number(),
    }),
  ),
});

export const anomaliesQuery = z.strictObject({
  ...range,
  router: routerName.optional(),
  limit: limit(5_000, 200),
  format,
});
export const anomaly = z.object({
  router: z.string(),
  tunnel: z.int(),
  session: z.int(),
  at: time,
  kind: z.string(),
  field: z.string(),
  before: fieldValue,
  after: fieldValue,
});
export const anomaliesAnswer = z.object({ from: time, to: time, anomalies: z.array(anomaly) });

export const lettersQuery = anomaliesQuery;
export const letter = z.object({
  topic: z.string(),
  router: z.string(),
  at: time,
  source_partition: z.int(),
  source_offset: z.int(),
  reason: z.string(),
  command: z.string(),
  bytes: count,
});
export const lettersAnswer = z.object({ from: time, to: time, dead_letters: z.array(letter) });

export const auditQuery = z.strictObject(range);
export const auditAnswer = z.object({
  accounts: z.array(
    z.object({
      partition: z.int(),
      first: z.int(),
      last: z.int(),
      messages: count,
      applied: count,
      stale: count,
      dead_lettered: count,
    }),
  ),
  problems: z.array(z.object({ kind: z.string(), where: z.string(), detail: z.string() })),
  states_compared: count,
});

export const pipelineAnswer = z.object({
  at: time,
  snapshots: count,
  routers: count,
  newest: time.nullable(),
  newest_age_s: z.number().nullable(),
  rows: integer,
  bytes: integer,
  minutes: z.array(
    z.object({
      at: time,
      snapshots: count,
      bytes: count,
      sessions: count,
      events: count,
      stale: count,
      dead_letters: count,
      anomalies: count,
      unknown_fields: count,
    }),
  ),
  lag: z
    .object({ processor: count, loader: count, dead_letters: count })
    .nullable()
    .meta({ description: 'Messages that wait; null where Kafka cannot be asked' }),
});

export const limitsAnswer = z.object({
  from: time,
  to: time,
  counted_at: z.array(time),
  without_interface: count,
  limits: z.array(
    z.object({
      kind: z.enum(['chassis', 'interface', 'tunnel']),
      router: z.string(),
      site: z.string(),
      role: z.string(),
      name: z.string(),
      peak: count,
      peak_at: time,
      limit: count,
      limit_is_known: z.boolean(),
      headroom: z.number(),
    }),
  ),
});

export const growthQuery = z.strictObject({
  ...range,
  router: routerName.optional(),
  role: z.enum(['lac', 'lns']).default('lns'),
  horizon_days: digits(1, 730).default(30),
});
const until = z.number().nullable();
export const growthAnswer = z.object({
  from: time,
  to: time,
  season: z.enum(['week', 'day', 'none']),
  slope_per_day: z.number(),
  confidence: z.number(),
  limit: count,
  limit_is_known: z.boolean(),
  full: z
    .object({ days: until, earliest: until, latest: until })
    .meta({ description: 'Days until the limit is reached; null: not within five years' }),
  back_test: z
    .object({
      from: time,
      samples: count,
      mean_absolute_error: z.number(),
      mean_relative_error: z.number().nullable(),
      inside: z.number(),
    })
    .nullable(),
  seen: z.array(z.object({ at: time, value: z.number() })),
  predicted: z.array(z.object({ at: time, value: z.number(), low: z.number(), high: z.number() })),
  coverage,
});

export const whatIfQuery = z.strictObject({
  ...range,
  without: several(routerName).meta({ description: 'LNSs that fail or are drained' }),
  growth_percent: z.preprocess(
    (text) => (typeof text === 'string' && /^-?[0-9]{1,4}$/.test(text) ? Number(text) : text),
    z.int().min(-99).max(1_000).default(0),
  ),
});
export const whatIfAnswer = z.object({
  from: time,
  to: time,
  without: z.array(z.string()),
  growth: z.number(),
  assumption: z.string(),
  rows: z.array(
    z.object({
      router: z.string(),
      site: z.string(),
      worst_at: time,
      before: z.number(),
      taken: z.number(),
      after: z.number(),
      limit: count,
      limit_is_known: z.boolean(),
      exceeded: z.boolean(),
      hours_exceeded: count,
      exceeded_from: time.nullable(),
    }),
  ),
  parts: z
    .array(
      z.object({
        kind: z.enum(['interface', 'tunnel']),
        router: z.string(),
        name: z.string(),
        at: time,
        before: z.number(),
        taken: z.number(),
        after: z.number(),
        limit: count,
        limit_is_known: z.boolean(),
        exceeded: z.boolean(),
      }),
    )
    .meta({ description: 'Interfaces and tunnels of those that take over, at their worst hours' }),
  homeless: z.array(z.object({ router: z.string(), sessions: z.number() })),
  coverage,
});

export const flappingAnswer = z.object({
  from: time,
  to: time,
  ends: count,
  ends_without_name: count,
  subscribers: z.array(
    z.object({
      user_name: z.string(),
      ends: count,
      routers: z.array(z.string()),
      lifetime_s: z.number().nullable(),
      first: time,
      last: time,
    }),
  ),
  tunnels: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      peer_gateway: z.string(),
      flaps: count,
      sessions: count,
      first: time,
      last: time,
    }),
  ),
});

export const bothEndsQuery = z.strictObject({ at: moment.optional(), limit: limit(1_000, 100) });
export const bothEndsAnswer = z.object({
  at: time,
  listed: count,
  subscribers: count.meta({ description: 'Each call once, however many ends of it are listed' }),
  switched: count,
  pairs: z.array(z.object({ routers: z.array(z.string()), pairs: count })),
  ghosts_found: count,
  ghosts: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      session: z.int(),
      other: z.string(),
      certainty: z.enum(['certain', 'likely']),
      state: z.string(),
      user_name: z.string().nullable(),
      created_at: time.nullable(),
    }),
  ),
});

export const otherEndAnswer = z.object({
  ends: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      session: z.int(),
      state: z.string(),
      user_name: z.string(),
      by: z
        .array(z.string())
        .meta({ description: 'What the two ends have in common beside their crossed session ids' }),
    }),
  ),
});
