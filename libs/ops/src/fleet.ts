/**
 * The fleet file, `fleet.yaml`: what no output of a router says. All of it is optional; a router that is not in it gets
 * defaults (UTC, no known limits).
 *
 *     routers:
 *       lns1.example.net:
 *         timezone: Europe/Berlin
 *         release: 23.4R1
 *         site: Berlin
 *         role: lns
 *         platform: mx
 *         limits: { chassis: 128000, interface: 64000, tunnel: 65535 }
 *         peers: [lns2.example.net]
 */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './settings.ts';

const timezone = z.string().refine(isTimezone, 'is no time zone; it may be a name such as Europe/Berlin');
const count = z.int().min(1);

/** Most sessions of the chassis, of one `si-` interface, of one tunnel; left out where not known. */
const limits = z.strictObject({
  chassis: count.optional(),
  interface: count.optional(),
  tunnel: count.optional(),
});

const routerSchema = z.strictObject({
  /** IANA name. */
  timezone: timezone.default('UTC'),
  /** Junos release, such as 23.4R1; '' when not known. */
  release: z.string().default(''),
  site: z.string().default(''),
  role: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['lac', 'lns', ''], 'may be lac or lns'))
    .default(''),
  platform: z.string().default(''),
  limits: limits.default({}),
  /** Routers that can take over its tunnels; they need not be in the file. */
  peers: z.array(z.string()).default([]),
});

const fleetSchema = z.strictObject({ routers: z.record(z.string(), routerSchema.nullable()).nullable() });

export type FleetRouter = z.infer<typeof routerSchema>;

export interface Fleet {
  /** By name, as in the keys of the captures. */
  readonly routers: ReadonlyMap<string, FleetRouter>;
}

export const unknownRouter: FleetRouter = routerSchema.parse({});

/** What the file says of a router, or the defaults. */
export function fleetRouter(fleet: Fleet, name: string): FleetRouter {
  return fleet.routers.get(name) ?? unknownRouter;
}

/** Reads a fleet file; no path is an empty fleet. Throws a `ConfigError` with a line for each problem. */
export function readFleet(path: string): Fleet {
  if (path === '') return { routers: new Map() };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseFleet(text, path);
}

/** As `readFleet`, of a text; `name` stands before each problem. */
export function parseFleet(text: string, name = 'fleet.yaml'): Fleet {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw new ConfigError(document.errors.map((error) => `${name}: ${error.message.split('\n')[0] ?? ''}`));
  const parsed = fleetSchema.safeParse(document.toJS() ?? { routers: {} });
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${name}: ${issue.path.map(String).join('.')}: ${issue.message}`),
    );
  const routers = new Map(
    Object.entries(parsed.data.routers ?? {}).map(([router, said]) => [router, said ?? unknownRouter]),
  );
  return { routers };
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
