/** One router: at a time, over a time, as it printed. */
import { listedFields } from '@sessionreel/queries';
import { z } from 'zod';
import {
  count,
  cursor,
  digits,
  fieldValue,
  format,
  integer,
  limit,
  moment,
  range,
  routerName,
  several,
  sessionId,
  time,
} from './common.ts';
import { change, routerSummary } from './fleet.ts';

export const routersQuery = z.strictObject({ at: moment.optional() });
export const routersAnswer = z.object({ at: time, routers: z.array(routerSummary) });
export const routerParams = z.strictObject({ router: routerName });

/** Filters of the command, by the names of its options. */
const text = z.string().min(1).max(255).optional();
const filters = {
  interface: text,
  'local-gateway': text,
  'local-gateway-name': text,
  'peer-gateway': text,
  'peer-gateway-name': text,
  'local-session-id': z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$/)
    .optional(),
  'local-tunnel-id': z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$/)
    .optional(),
  'tunnel-group': text,
  user: text,
};
export const filterNames = Object.keys(filters) as readonly (keyof typeof filters)[];

export const sessionsQuery = z.strictObject({
  at: moment.optional(),
  ...filters,
  state: text,
  field: several(z.enum(listedFields as [string, ...string[]])).meta({
    description: 'Fields of the answer; default: those of a table',
  }),
  limit: limit(5_000, 500),
  after: cursor,
  format,
});
export const sessionRow = z.object({
  tunnel: z.int(),
  session: z.int(),
  created_at: time.nullable(),
  changed_at: time,
  values: z.record(z.string(), fieldValue),
});
export const sessionsAnswer = z.object({
  router: z.string(),
  at: time,
  sessions: z.array(sessionRow),
  next: z.string().nullable().meta({ description: 'Cursor of the page behind; null on the last' }),
});

export const tunnelsAnswer = z.object({
  router: z.string(),
  at: time,
  tunnels: z.array(
    z.object({
      tunnel: z.int(),
      peer_gateway: z.string(),
      remote_ip: z.string(),
      interface_name: z.string(),
      tunnel_group: z.string(),
      sessions: count,
      established: count,
    }),
  ),
});

export const printedQuery = z.strictObject({
  at: moment.optional(),
  level: z.enum(['brief', 'detail', 'extensive', 'statistics']).optional(),
  display: z.enum(['text', 'xml', 'json']).optional(),
  download: z.enum(['yes', 'no']).default('no'),
  ...filters,
});

export const snapshotsQuery = z.strictObject({
  ...range,
  outcome: z.enum(['applied', 'stale', 'dead_letter']).optional(),
  limit: limit(5_000, 500),
  after: cursor,
  format,
});
export const snapshot = z.object({
  router: z.string(),
  at: time,
  captured_at: time,
  outcome: z.enum(['applied', 'stale', 'dead_letter']),
  reason: z.string(),
  format: z.string(),
  level: z.string(),
  scope: z.string(),
  command: z.string(),
  complete: z.boolean(),
  bytes: count,
  sessions: count,
  opened: count,
  changed: count,
  closed: count,
  anomalies: count,
  unknown_fields: count,
  source_partition: z.int(),
  source_offset: z.int(),
});
export const snapshotsAnswer = z.object({
  from: time,
  to: time,
  snapshots: z.array(snapshot),
  next: z.string().nullable(),
});

export const sessionParams = z.strictObject({ router: routerName, tunnel: sessionId, session: sessionId });
export const sessionQuery = z.strictObject({ at: moment.optional() });
const asOf = z.object({
  at: time,
  format: z.string(),
  level: z.string(),
  scope: z.string(),
  complete: z.boolean(),
  reason: z.string(),
});
export const sessionAnswer = z.object({
  router: z.string(),
  at: time,
  as_of: asOf,
  live: z.boolean().meta({ description: 'False: it was not in the state at that time' }),
  record: z.record(z.string(), z.union([fieldValue, z.record(z.string(), z.string())])).nullable(),
  created_at: time.nullable(),
  changed_at: time.nullable(),
});

export const historyQuery = z.strictObject({ ...range, format });
export const sessionRange = z.strictObject(range);
const historyEvent = z.object({
  router: z.string(),
  tunnel: z.int(),
  session: z.int(),
  kind: z.enum(['opened', 'changed', 'closed']),
  reason: z.string(),
  at: time,
  last_seen_at: time.meta({ description: 'A close lies between this and `at`' }),
  create_time: z.string().nullable().meta({ description: "The router's local time, no zone" }),
  created_at: time.nullable(),
  changes: z.array(change),
  values: z.record(z.string(), fieldValue),
});
export const historyAnswer = z.object({
  events: z.array(historyEvent),
  traffic: z.array(
    z.object({
      router: z.string(),
      tunnel: z.int(),
      session: z.int(),
      create_time: z.string().nullable(),
      from: time,
      to: time,
      sums: z.record(z.string(), integer),
      errors: z.record(z.string(), integer),
      lower_bounds: count,
      seen: z
        .array(z.string())
        .meta({ description: 'Counters that were printed; the others are unknown, not zero' }),
    }),
  ),
  vouchers: z.array(z.object({ router: z.string(), snapshots: count, first: time, last: time })),
});
export const sessionTrafficAnswer = z.object({
  points: z.array(
    z.object({
      at: time,
      interval_s: z.number(),
      kind: z.enum(['normal', 'epoch', 'wrap']),
      rx_bytes: integer,
      tx_bytes: integer,
      rx_packets: integer,
      tx_packets: integer,
      rx_error: integer,
      tx_error: integer,
    }),
  ),
});

export const diffQuery = z.strictObject({
  from: moment,
  to: moment.optional(),
  limit: digits(1, 5_000)
    .default(500)
    .meta({ description: 'Most sessions of each list; the counts are of all' }),
  format,
});
const diffSession = z.object({
  tunnel: z.int(),
  session: z.int(),
  created_at: time.nullable(),
  values: z.record(z.string(), fieldValue),
});
export const diffAnswer = z.object({
  router: z.string(),
  before: asOf,
  after: asOf,
  counts: z.object({ opened: count, changed: count, closed: count, unchanged: count }),
  opened: z.array(diffSession),
  changed: z.array(diffSession.extend({ changes: z.array(change) })),
  closed: z.array(diffSession),
  traffic: z.record(z.string(), integer),
  traffic_errors: z.record(z.string(), integer),
  lower_bounds: count,
});
