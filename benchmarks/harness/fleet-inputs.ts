/** Inputs by the simulator: routers in their steady state. */
import { SteadyState, type SteadyOptions } from '@sessionreel/fleet-sim';
import { storedInput, type Input } from './input.ts';

export interface Capture {
  readonly router: string;
  readonly capturedAt: number;
  readonly command: string;
  readonly sessions: number;
  /** One, or the parts of a capture in parts. */
  readonly parts: readonly Buffer[];
}

/** Captures in the order of their times. */
export interface Captures {
  readonly captures: readonly Capture[];
  readonly bytes: number;
  /** Sessions listed, in all captures together. */
  readonly sessions: number;
}

type Described = Omit<Capture, 'parts'> & { readonly parts: readonly number[] };

/** Captures of one router or of several: each of `routers` is a steady state of its own, all are polled in turn. */
export function steadyInput(
  name: string,
  routers: readonly SteadyOptions[],
  snapshots: number,
): Input<Captures> {
  return storedInput({
    name,
    parameters: { routers, snapshots },
    make(write) {
      const states = routers.map((options) => new SteadyState(options));
      const captures: Described[] = [];
      for (let n = 0; n < snapshots; n++)
        for (const state of states) {
          const { parts, capturedAt, command, sessions } = state.next();
          for (const part of parts) write(part);
          const lengths = parts.map((part) => part.length);
          captures.push({ router: state.router, capturedAt, command, sessions, parts: lengths });
        }
      return captures;
    },
    load({ description, bytes }) {
      let at = 0;
      const captures = description.map((capture) => ({
        ...capture,
        parts: capture.parts.map((length) => bytes.subarray(at, (at += length))),
      }));
      return { captures, bytes: bytes.length, sessions: captures.reduce((sum, c) => sum + c.sessions, 0) };
    },
  });
}

const lnsMx = { seed: 'bench', variant: 'lns-mx', level: 'extensive', format: 'text' } as const;
const minute = 60_000;

/** A day of one router of an LNS on MX, polled less often the larger it is; 0.2 % of the sessions are replaced each time. */
export const dayInputs = {
  small: steadyInput('day, 1k sessions', [{ ...lnsMx, sessions: 1_000, churn: 0.002 }], 288),
  medium: steadyInput(
    'day, 8k sessions',
    [{ ...lnsMx, sessions: 8_000, churn: 0.002, stepMs: 30 * minute }],
    48,
  ),
  large: steadyInput(
    'day, 64k sessions',
    [{ ...lnsMx, sessions: 64_000, churn: 0.002, stepMs: 240 * minute }],
    6,
  ),
};

const listing = { ...lnsMx, sessions: 8_000 } as const;

/** Three steady snapshots of 8k sessions in each form that routers print. */
export const formatInputs = {
  lnsMx: steadyInput('LNS on MX, extensive', [listing], 3),
  lnsM: steadyInput('LNS on M, extensive', [{ ...listing, variant: 'lns-m' }], 3),
  lac: steadyInput('LAC, extensive', [{ ...listing, variant: 'lac' }], 3),
  detail: steadyInput('LNS on MX, detail', [{ ...listing, level: 'detail' }], 3),
  brief: steadyInput('LNS on MX, brief', [{ ...listing, level: 'brief' }], 3),
  xml: steadyInput('XML, extensive', [{ ...listing, format: 'xml' }], 3),
  json: steadyInput('JSON, extensive', [{ ...listing, format: 'json' }], 3),
};

/** The first snapshot of a router of 64k sessions: everything opens. */
export const firstSnapshot = steadyInput('first snapshot, 64k sessions', [{ ...lnsMx, sessions: 64_000 }], 1);
