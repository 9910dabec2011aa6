/**
 * A router in its steady state, for benchmarks: the same sessions, snapshot after snapshot, with their counters and clocks moved.
 * A session is printed once and then patched in place, which is many times as fast as printing it.
 */
import { counterFields, type FieldValue, type SessionRecord } from '@sessionreel/session-model';
import { framed } from './frame.ts';
import { printJson, printXml } from './markup.ts';
import type { Call, Node } from './model.ts';
import { hashText, mix, Prng } from './prng.ts';
import { findPatches, movingNames, patch, type Moving, type Patch } from './steady-patch.ts';
import { firstCounts, makeRouter, recreated, steadyDefaults, type SteadyOptions } from './steady-router.ts';
import { printText, type Piece } from './text.ts';
import { plainStyle, rounded, roundingOf } from './values.ts';
import { viewOf } from './view.ts';

export interface SteadySnapshot {
  readonly capturedAt: number;
  readonly command: string;
  /** The capture, or its parts. A single text ends with its prompt; parts are to be declared complete. */
  readonly parts: readonly Uint8Array[];
  readonly sessions: number;
  readonly bytes: number;
}

/** One session: its text, where it is patched, and what its counters hold. */
interface Slot {
  readonly call: Call;
  bytes: Buffer;
  patches: readonly Patch[];
  readonly moving: Moving;
  /** What differs from the call, for a session that has taken another's place. */
  replaced: Record<string, FieldValue> | null;
  createdAt: number;
  /** Its local ID, and those in use in its tunnel. */
  id: number;
  readonly ids: Set<number>;
}

export class SteadyState {
  readonly router: string;
  readonly command: string;
  readonly #options: Required<SteadyOptions>;
  readonly #node: Node;
  /** Sessions by tunnel. */
  readonly #tunnels: Slot[][] = [];
  readonly #slots: Slot[] = [];
  readonly #prng: Prng;
  #snapshot = 0;
  #nextId = 0;
  #units = 0;
  #at = 0;

  constructor(options: SteadyOptions) {
    const all = { ...steadyDefaults, ...options };
    this.#options = all;
    this.#prng = new Prng(`${String(all.seed)}/steady`);
    this.router = all.name;
    this.#node = makeRouter(all, this.#prng);
    const level = all.level === 'brief' ? '' : ` ${all.level}`;
    const display = all.format === 'text' ? '' : ` | display ${all.format}`;
    this.command = `show services l2tp session${level}${display} | no-more`;
    this.#fill();
  }

  #fill(): void {
    const lns = this.#node.spec.role === 'lns';
    const rounded = this.#node.variant === 'lns-m' && this.#options.format === 'text';
    let index = 0;
    for (const tunnel of this.#node.tunnels.values()) {
      const slots: Slot[] = [];
      const ids = new Set<number>();
      for (const call of (lns ? tunnel.lnsCalls : tunnel.lacCalls).values()) {
        const id = lns ? call.lnsId : call.lacId;
        ids.add(id);
        const moving = firstCounts(index++, rounded);
        const slot: Slot = {
          call,
          bytes: Buffer.alloc(0),
          patches: [],
          moving,
          replaced: null,
          createdAt: call.createdAt,
          id,
          ids,
        };

        slots.push(slot);
        this.#slots.push(slot);
      }
      this.#tunnels.push(slots);
    }
  }

  /** The next snapshot. Its bytes are the caller's. */
  next(): SteadySnapshot {
    const { start, stepMs, format } = this.#options;
    const capturedAt = start + this.#snapshot * stepMs;
    if (this.#snapshot > 0) {
      this.#move();
      this.#replaceSome(capturedAt);
    }
    this.#at = capturedAt;
    this.#update(capturedAt);
    this.#snapshot++;
    const ranges = this.#ranges();
    const parts = ranges.map((tunnels) => this.#assemble(tunnels, format === 'text' && ranges.length === 1));
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    return { capturedAt, command: this.command, parts, sessions: this.#slots.length, bytes };
  }

  /** The sessions of the last snapshot by tunnel, as they were printed: the slow way, for tests. */
  records(): SessionRecord[][] {
    return this.#tunnels.map((slots) => slots.map((slot) => this.#record(slot, this.#at)));
  }

  /** Traffic of one step: the same for the same seed, session and step. */
  #move(): void {
    const { activeShare, stepMs, seed } = this.#options;
    const salt = hashText(String(seed), this.#snapshot);
    const threshold = activeShare * 2 ** 32;
    const hellos = Math.max(1, Math.floor(stepMs / 60_000));
    this.#slots.forEach(({ moving }, index) => {
      const draw = mix(salt ^ Math.imul(index, 0x9e3779b1));
      const { counts } = moving;
      counts[0] = (counts[0] as number) + hellos;
      counts[1] = (counts[1] as number) + hellos * 22;
      counts[2] = (counts[2] as number) + hellos;
      counts[3] = (counts[3] as number) + hellos * 20;
      for (let i = 8; i < counts.length; i++) counts[i] = (counts[i] as number) + hellos * 2;
      if (mix(draw) >= threshold) return;
      const sent = draw & 0xffff;
      const received = draw >>> 16;
      counts[4] = (counts[4] as number) + sent;
      counts[5] = (counts[5] as number) + sent * 1012;
      counts[6] = (counts[6] as number) + received;
      counts[7] = (counts[7] as number) + received * 417;
    });
  }

  #replaceSome(at: number): void {
    const count = Math.round(this.#options.churn * this.#slots.length);
    for (let n = 0; n < count; n++) {
      const slot = this.#prng.pick(this.#slots);
      do this.#nextId = (this.#nextId % 65_535) + 1;
      while (slot.ids.has(this.#nextId));
      const session_local_id = this.#nextId;
      slot.ids.delete(slot.id);
      slot.ids.add(session_local_id);
      slot.id = session_local_id;
      const interface_unit = 2_000_000_000 + this.#units++;
      const session_remote_id = this.#prng.int(1, 65_535);
      slot.replaced = { session_local_id, session_remote_id, interface_unit };
      slot.createdAt = at - this.#prng.int(1000, this.#options.stepMs - 1);
      slot.moving.counts.fill(0);
      slot.bytes = Buffer.alloc(0);
    }
  }

  #update(at: number): void {
    for (const slot of this.#slots) {
      const up = Math.floor(at / 1000) - Math.floor(slot.createdAt / 1000);
      slot.moving.up = up;
      if (slot.bytes.length === 0 || !patch(slot.bytes, slot.patches, slot.moving)) this.#print(slot, at);
    }
  }

  /** The session anew, because it is new or a value has become wider. */
  #print(slot: Slot, at: number): void {
    const pieces = this.#pieces([this.#record(slot, at)]);
    const own = pieces.find((piece) => piece.session === 0);
    slot.bytes = Buffer.from(own?.text ?? '');
    slot.patches = findPatches(slot.bytes, this.#options.format, this.#options.level);
    patch(slot.bytes, slot.patches, slot.moving);
  }

  #record(slot: Slot, at: number): SessionRecord {
    const { level, format } = this.#options;
    const created = slot.call.createdAt === slot.createdAt ? slot.call : recreated(slot.call, slot.createdAt);
    const options = { level, format, durations: 'seconds', lcpEcho: false, jitterS: 0 } as const;
    const { values, rounding } = viewOf(this.#node, created, at, options);
    const counted: Record<string, FieldValue> = { ...values, ...slot.replaced };
    // Idle times do not move: everybody has just sent something.
    if (typeof counted['idle_time_s'] === 'number') counted['idle_time_s'] = 0;
    for (const f of counterFields) if (counted[f.name] !== undefined) counted[f.name] = 0n;
    const halves = new Map(Object.entries(rounding));
    movingNames.forEach((name, i) => {
      if (counted[name] === undefined) return;
      const value = BigInt(slot.moving.counts[i] ?? 0);
      const half = slot.moving.rounded && name.endsWith('_bytes') ? roundingOf(value) : 0n;
      counted[name] = rounded(value, half);
      halves.set(name, half);
    });
    const printed = [...halves].filter(([, half]) => half > 0n);
    return { values: counted, rounding: Object.fromEntries(printed), unknown: [] };
  }

  #pieces(records: readonly SessionRecord[]): Piece[] {
    const { format, level } = this.#options;
    const { spec, variant } = this.#node;
    const style = { ...plainStyle, lowerCaseMode: variant === 'lns-m' };
    const groups = records.length === 0 ? [] : [{ sessions: records }];
    if (format === 'xml') return printXml(groups, { around: 'reply', release: spec.release }, style);
    if (format === 'json') return printJson(groups, spec.release, style);
    return printText(groups, variant, level, { ...style, indents: {} });
  }

  /** Whole tunnels, or pieces of them, for each part. */
  #ranges(): Slot[][][] {
    const size = this.#options.partSessions === 0 ? Infinity : this.#options.partSessions;
    const ranges: Slot[][][] = [[]];
    let room = size;
    for (const tunnel of this.#tunnels) {
      if (this.#options.shuffled) this.#prng.shuffle(tunnel);
      for (let first = 0; first < tunnel.length;) {
        if (room === 0) {
          ranges.push([]);
          room = size;
        }
        const taken = tunnel.slice(first, Math.min(tunnel.length, first + room));
        ranges.at(-1)?.push(taken);
        first += taken.length;
        room -= taken.length;
      }
    }
    return ranges;
  }

  #assemble(tunnels: readonly Slot[][], prompted: boolean): Buffer {
    const chunks: Buffer[] = [];
    const { format } = this.#options;
    const empty = this.#pieces([]).map((piece) => piece.text);
    tunnels.forEach((slots, n) => {
      const around = this.#around(slots[0]);
      chunks.push(
        Buffer.from(
          format === 'text' ? this.#separator(n) + around.before : this.#lead(n, empty) + around.before,
        ),
      );
      slots.forEach((slot, place) => {
        if (format === 'json' && place > 0) chunks.push(comma);
        chunks.push(slot.bytes);
      });
      chunks.push(Buffer.from(around.after));
    });
    if (format === 'xml') chunks.push(Buffer.from(empty.at(-1) ?? ''));
    if (format === 'json')
      chunks.push(Buffer.from(`${tunnels.length > 0 ? '\n]' : ''}${empty.at(-1) ?? ''}`));
    if (prompted) addPrompts(chunks, this.#options.name, this.command);
    return Buffer.concat(chunks);
  }

  /** What stands before and behind a tunnel's sessions. */
  #around(slot: Slot | undefined): { before: string; after: string } {
    if (slot === undefined) return { before: '', after: '' };
    const pieces = this.#pieces([this.#record(slot, this.#options.start)]);
    const { format } = this.#options;
    if (format === 'text') return { before: pieces[0]?.text ?? '', after: '' };
    return { before: pieces[1]?.text ?? '', after: pieces[3]?.text ?? '' };
  }

  #separator(tunnel: number): string {
    const { variant, level } = this.#options;
    return tunnel > 0 && variant === 'lns-m' && level === 'extensive' ? '\n' : '';
  }

  #lead(tunnel: number, empty: readonly string[]): string {
    if (this.#options.format === 'xml') return tunnel === 0 ? (empty[0] ?? '') : '';
    return tunnel === 0 ? `${empty[0] ?? ''},\n"l2tp-per-tunnel-session-table" : [\n` : ',\n';
  }
}

const comma = Buffer.from(',\n');

function addPrompts(chunks: Buffer[], name: string, command: string): void {
  const frame = {
    prompt: true,
    closing: true,
    promptName: `noc@${name}`,
    banner: '',
    pagerLines: 0,
    crlf: false,
  };
  const [first, last] = framed([], { ...frame, command });
  chunks.unshift(Buffer.from(first?.text ?? ''));
  chunks.push(Buffer.from(last?.text ?? ''));
}
