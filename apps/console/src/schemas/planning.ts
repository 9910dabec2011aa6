/** Search, capacity, operations. */
import { z } from 'zod';
import { count, fieldValue, format, integer, limit, moment, range, routerName, time } from './common.ts';

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
export const subscriberQuery = z.strictObject({
  ...range,
  user: z.string().min(1).max(255).optional(),
  address: z.string().min(2).max(64).optional(),
  format,
});

export const busyAnswer = z.object({
  from: time,
  to: time,
  hours: z.array(
    z.object({
      router: z.string(),
      day: z.string(),
      hour: z.int(),
      mean_sessions: count,
      peak_sessions: count,
      snapshots: count,
    }),
  ),
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
