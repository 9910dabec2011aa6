/** Who asks, tokens, the audit log. */
import { roles } from '@sessionreel/ops';
import { z } from 'zod';
import { digits, time } from './common.ts';

export const meAnswer = z.object({
  access: z.enum(['open', 'controlled']),
  principal: z
    .object({
      id: z.string(),
      name: z.string(),
      role: z.enum(roles),
      via: z.enum(['open', 'token', 'oidc']),
      sites: z.array(z.string()),
      routers: z.array(z.string()),
    })
    .nullable(),
  masked: z.boolean().meta({ description: 'User names are shown as keyed hashes' }),
  oidc: z.boolean().meta({ description: 'People can log in at an issuer' }),
  now: time,
});
export const loginBody = z.strictObject({ token: z.string().min(1).max(200) });
export const doneAnswer = z.object({ done: z.boolean() });
export const callbackQuery = z.looseObject({ state: z.string().min(1).max(500) });

const names = z.array(z.string().min(1).max(255)).max(1_000);
const token = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  sites: names,
  routers: names,
  created_at: time,
  expires_at: time.nullable(),
});
export const tokensAnswer = z.object({ tokens: z.array(token) });
export const newTokenBody = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(roles),
  sites: names.default([]),
  routers: names.default([]),
  expires_at: z.iso.datetime().nullable().default(null),
});
export const newTokenAnswer = token.extend({
  token: z.string().meta({ description: 'Told once, and kept nowhere' }),
});
export const tokenParams = z.strictObject({ id: z.uuid() });

export const auditLogQuery = z.strictObject({ limit: digits(1, 1_000).default(100) });
export const auditLogAnswer = z.object({
  entries: z.array(
    z.object({
      at: time,
      who: z.string(),
      name: z.string(),
      from: z.string(),
      method: z.string(),
      url: z.string(),
      did: z.string().meta({ description: 'What a change did, in words' }),
      status: z.int(),
      ms: z.number(),
    }),
  ),
});

export const fieldsAnswer = z.object({
  fields: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      role: z.string(),
      unit: z.string().nullable(),
      doc: z.string(),
    }),
  ),
});
