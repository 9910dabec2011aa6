/** For property tests: a small router that lives, and the snapshots taken of it, well or badly. */
import type { FieldValue, Level } from '@sessionreel/session-model';
import fc from 'fast-check';
import { brief, extensive, type Printed, type Taken } from './lab.ts';

interface Living {
  id: number;
  created: number;
  since: number;
  bytes: bigint;
  state: string;
  speed: bigint;
  idle: number | null;
  user: FieldValue | undefined;
}

export interface Step {
  readonly wait: number;
  readonly open: readonly number[];
  readonly end: readonly number[];
  readonly touch: readonly { readonly at: number; readonly what: number; readonly by: number }[];
  readonly turn: number;
  readonly clock: number;
  readonly level: Level;
  readonly xml: boolean;
  readonly parts: number;
  readonly order: number;
  readonly fault: 'none' | 'cut' | 'filtered' | 'repeat' | 'late' | 'lost part' | 'rounded';
}

const small = fc.nat({ max: 11 });

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    wait: fc.constantFrom(1, 30, 60, 300, 3600),
    open: fc.array(small, { maxLength: 4 }),
    end: fc.array(small, { maxLength: 3 }),
    touch: fc.array(fc.record({ at: small, what: fc.nat({ max: 6 }), by: fc.nat({ max: 5000 }) }), {
      maxLength: 6,
    }),
    turn: fc.nat({ max: 3 }),
    clock: fc.constantFrom(0, 0, 0, 0, 0, 3600, -1800),
    level: fc.constantFrom<Level>('brief', 'brief', 'extensive', 'extensive', 'detail'),
    xml: fc.boolean(),
    parts: fc.constantFrom(1, 1, 1, 2, 3),
    order: fc.nat({ max: 5 }),
    fault: fc.constantFrom<Step['fault']>(
      'none',
      'none',
      'none',
      'none',
      'cut',
      'filtered',
      'repeat',
      'late',
      'lost part',
      'rounded',
    ),
  }),
  { minLength: 2, maxLength: 14 },
);

/** What one step gives to take, in this order; `whole` says that all live sessions were listed for all to see. */
export interface Shot {
  readonly takes: readonly Taken[];
  readonly whole: boolean;
}

export class Model {
  readonly living: Living[] = [];
  now = 0;
  #ahead = 0;
  #logAt = 0;
  #taken: Taken[] = [];
  #id = 0;

  shot(step: Step): Shot {
    this.now += step.wait;
    this.#ahead += step.clock;
    for (const s of this.living) {
      s.created += step.clock;
      s.since += step.clock;
    }
    this.#live(step);
    const listing = this.living.map((s) => this.#print(s, step));
    const common = { at: this.now, level: step.level, format: step.xml ? 'xml' : 'text' } as const;
    this.#logAt = Math.max(this.#logAt + 1, this.now);
    const logAt = this.#logAt;
    switch (step.fault) {
      case 'repeat': {
        const again = this.#taken.at(-1);
        return { takes: again === undefined ? [] : [{ ...again, logAt }], whole: false };
      }
      case 'late':
        return {
          takes: [
            { ...common, at: Math.max(0, this.now - 45), logAt, sessions: listing, id: `l${++this.#id}` },
          ],
          whole: false,
        };
      case 'cut': {
        const whole = listing.slice(0, step.order + 1);
        const next = listing[step.order + 1];
        const sessions = next === undefined || step.turn === 0 ? whole : [...whole, brokenOff(next)];
        return this.#note([{ ...common, logAt, complete: false, sessions }]);
      }
      case 'filtered': {
        const wanted = String(1 + step.order);
        const sessions = listing.filter((s) => String(s.values['session_local_id']) === wanted);
        return this.#note([{ ...common, logAt, scope: { 'local-session-id': wanted }, sessions }]);
      }
      default:
        return this.#whole(step, common, logAt, listing);
    }
  }

  #whole(
    step: Step,
    common: Pick<Taken, 'at' | 'level' | 'format'>,
    logAt: number,
    sessions: readonly Printed[],
  ): Shot {
    const { parts } = step;
    if (parts === 1) return { ...this.#note([{ ...common, logAt, sessions }]), whole: true };
    const id = `p${++this.#id}`;
    const size = Math.ceil(sessions.length / parts);
    const takes = Array.from({ length: parts }, (_, i) => ({
      ...common,
      id,
      logAt: logAt + i,
      part: i + 1,
      parts,
      sessions: sessions.slice(i * size, (i + 1) * size),
    }));
    this.#logAt = logAt + parts;
    const turned = [...takes.slice(step.order % parts), ...takes.slice(0, step.order % parts)];
    if (step.fault === 'lost part') turned.pop();
    return { ...this.#note(turned), whole: step.fault !== 'lost part' };
  }

  #note(takes: Taken[]): Shot {
    this.#taken = takes;
    return { takes, whole: false };
  }

  #live({ open, end, touch, turn }: Step): void {
    for (const i of end) {
      if (i < this.living.length) this.living.splice(i, 1);
    }
    for (const id of open) {
      if (this.living.some((s) => s.id === id + 1)) continue;
      const created = this.now - (id % 3) + this.#ahead;
      this.living.splice(id % (this.living.length + 1), 0, {
        id: id + 1,
        created,
        since: created,
        bytes: BigInt(id),
        state: 'established',
        speed: 64_000n,
        idle: 0,
        user: undefined,
      });
    }
    for (const { at, what, by } of touch) {
      const s = this.living[at];
      if (s === undefined) continue;
      if (what === 0) s.bytes += BigInt(by);
      if (what === 1) s.state = by % 2 === 0 ? 'destroyed' : 'established';
      if (what === 2) s.speed = BigInt(by);
      if (what === 3) s.idle = by % 3 === 0 ? null : by;
      if (what === 4) s.user = [undefined, null, '', 'joe', 'jim'][by % 5];
      if (what === 5) [s.since, s.bytes] = [this.now + this.#ahead, BigInt(by % 7)];
      if (what === 6) s.bytes = BigInt(by % 3 === 0 ? 4_294_967_200 : by);
    }
    for (let i = 0; i < turn; i++) {
      const first = this.living.shift();
      if (first !== undefined) this.living.push(first);
    }
  }

  #print(s: Living, step: Step): Printed {
    const spec = {
      created: s.created,
      since: s.since,
      bytes: s.bytes,
      idle: s.idle,
      layout: `${step.level} ${String(s.user === undefined)}`,
      extra: { state: s.state },
    };
    if (step.level === 'brief') return brief(s.id, spec);
    const rounded = step.fault === 'rounded' && s.bytes > 1000n;
    const printed = extensive(s.id, this.now + this.#ahead, {
      ...spec,
      ...(rounded ? { bytes: (s.bytes / 100n) * 100n, rounding: { data_rx_bytes: 50n } } : {}),
      extra: { state: s.state, tx_speed: s.speed, user_name: s.user },
    });
    if (step.level === 'extensive') return printed;
    const { create_time, up_time_s, mode, local_name } = printed.values;
    const values = { ...brief(s.id, spec).values };
    return {
      ...printed,
      rounding: {},
      values: { ...values, ...clean({ create_time, up_time_s, mode, local_name }) },
    };
  }
}

/** The beginning of a session, where a capture ends within it. */
const brokenOff = ({ values, layout }: Printed): Printed => ({
  values: Object.fromEntries(Object.entries(values).slice(0, 6)),
  ...(layout === undefined ? {} : { layout }),
  cut: true,
});

const clean = (values: Record<string, FieldValue | undefined>): Record<string, FieldValue> =>
  Object.fromEntries(Object.entries(values).filter((e): e is [string, FieldValue] => e[1] !== undefined));
