/** The sessions of a router at a time, by column: what is printed, counted or made into records of them. */
import type { ColumnListing, ListingWay } from '@sessionreel/junos-l2tp';
import { fields, type FieldValue, type SessionRecord } from '@sessionreel/session-model';
import type { ListingClock } from './clocks.ts';
import { letterOf, msOf, planOf, sessionKey, storedFields } from '../ask/columns.ts';
import { shownLetters, type ClassPrint } from './layouts.ts';
import { textAt, type CountColumn, type NativeAnswer, type NativeColumn } from '../ask/native.ts';

/** What `SessionColumns` reads, of session_history. @param printed names of the fields that any session has a value of */
export function sessionColumnsSql(printed: ReadonlySet<string>): string {
  return [
    'seq AS c_seq',
    `${msOf('at')} AS c_at`,
    `${msOf('created_at')} AS c_created`,
    'toUnixTimestamp(idle_since) AS c_idle',
    'clock_offset_s AS c_offset',
    'layout AS c_layout',
    'rank AS c_rank',
    'presence AS c_presence',
    `${halvesSql} AS c_rounding`,
    "if(empty(unknown), '', toJSONString(arrayMap(x -> [x.1, x.2], unknown))) AS c_unknown",
    ...storedFields
      .filter((f) => f.role === 'identity' || printed.has(f.name))
      .map((f) => `${f.name} AS f_${f.name}`),
  ].join(', ');
}

/** Half-widths as JSON; '' where there are none, which is nearly everywhere. */
export const halvesSql =
  "if(empty(rounding), '', toJSONString(mapApply((name, half) -> (name, toString(half)), rounding)))";

/** How sessions were printed last, as far as that moved without an event: of session_prints. */
export const printColumnsSql = `seq AS c_seq, tunnel_local_id AS c_tunnel, session_local_id AS c_session, layout AS c_layout, rank AS c_rank,
  toUnixTimestamp(idle_since) AS c_idle, clock_offset_s AS c_offset`;

type Unknown = SessionRecord['unknown'];
const nothing: Unknown = [];

export class SessionColumns implements ColumnListing {
  readonly count: number;
  order: Uint32Array = new Uint32Array();
  wayOf: Uint32Array = new Uint32Array();
  ways: readonly ListingWay[] = [];
  readonly column: (field: string) => NativeColumn | undefined;
  readonly layouts: BigUint64Array;
  readonly ranks: Float64Array;
  readonly #seq: BigUint64Array;
  /** Local seconds; NaN for none. */
  readonly #idleSince: Float64Array;
  readonly #offsets: Int32Array;
  readonly #answer: NativeAnswer;
  readonly #fields = new Map<string, NativeColumn>();
  readonly #rounding = new Map<number, Record<string, bigint>>();
  readonly #unknown = new Map<number, Unknown>();
  #places: Places | undefined;

  constructor(answer: NativeAnswer) {
    this.#answer = answer;
    this.count = answer.rows;
    this.column = (name) => this.#fields.get(name);
    this.#seq = answer.counts('c_seq').values;
    this.layouts = answer.counts('c_layout').values;
    this.ranks = Float64Array.from(answer.numbers('c_rank').values);
    this.#offsets = Int32Array.from(answer.numbers('c_offset').values);
    const idle = answer.numbers('c_idle');
    this.#idleSince = Float64Array.from(idle.values);
    idle.nulls?.forEach((isNull, row) => {
      if (isNull === 1) this.#idleSince[row] = Number.NaN;
    });
    for (const f of storedFields) {
      const column = answer.rows === 0 ? undefined : answer.find(`f_${f.name}`);
      if (column !== undefined) this.#fields.set(f.name, column);
    }
    this.#readRare();
  }

  /** What few sessions have. */
  #readRare(): void {
    const rounding = this.#answer.texts('c_rounding');
    const unknown = this.#answer.texts('c_unknown');
    for (let row = 0; row < this.count; row++) {
      if (rounding.starts[row] !== rounding.ends[row])
        this.#rounding.set(row, halvesOf(textAt(rounding, row)));
      if (unknown.starts[row] !== unknown.ends[row])
        this.#unknown.set(row, JSON.parse(textAt(unknown, row)) as Unknown);
    }
  }

  /** The row of a session; -1 when it is not listed. */
  rowOf(tunnel: number, session: number): number {
    this.#places ??= new Places(
      this.count,
      this.#answer.numbers('f_tunnel_local_id').values,
      this.#answer.numbers('f_session_local_id').values,
    );
    return this.#places.rowOf(sessionKey(tunnel, session));
  }

  presence(row: number): string {
    const { words, ids } = this.#answer.words('c_presence');
    return words[ids[row] as number] as string;
  }

  get presences(): readonly string[] {
    return this.#answer.words('c_presence').words;
  }

  /** A counter's values, to be moved on; undefined when no session has one. */
  counter(name: string): CountColumn | undefined {
    const column = this.#fields.get(name);
    return column?.kind === 'counts' ? column : undefined;
  }

  /** Half-widths of the counters of a row, to be changed; undefined where all are exact. */
  rounding(row: number): Record<string, bigint> | undefined {
    return this.#rounding.get(row);
  }

  setRounding(row: number, name: string, half: bigint): void {
    const halves = this.#rounding.get(row);
    if (half > 0n) {
      if (halves === undefined) this.#rounding.set(row, { [name]: half });
      else halves[name] = half;
    } else if (halves !== undefined) {
      Reflect.deleteProperty(halves, name);
      if (Object.keys(halves).length === 0) this.#rounding.delete(row);
    }
  }

  /** When a row's last event was (ms UTC). */
  changedAt(row: number): number {
    return this.#answer.numbers('c_at').values[row] as number;
  }

  /** Create time as UTC (ms); null when it is not known. */
  createdAt(row: number): number | null {
    const { values, nulls } = this.#answer.numbers('c_created');
    return nulls?.[row] === 1 ? null : (values[row] as number);
  }

  /** Takes over how sessions were printed since their last events. */
  print(prints: NativeAnswer): void {
    const [seq, layouts] = [prints.counts('c_seq').values, prints.counts('c_layout').values];
    const [tunnels, sessions] = [prints.numbers('c_tunnel').values, prints.numbers('c_session').values];
    const [ranks, offsets] = [prints.numbers('c_rank').values, prints.numbers('c_offset').values];
    const idle = prints.numbers('c_idle');
    for (let i = 0; i < prints.rows; i++) {
      const row = this.rowOf(tunnels[i] as number, sessions[i] as number);
      if (row < 0 || (seq[i] as bigint) < (this.#seq[row] as bigint)) continue;
      this.#seq[row] = seq[i] as bigint;
      this.layouts[row] = layouts[i] as bigint;
      this.ranks[row] = ranks[i] as number;
      this.#offsets[row] = offsets[i] as number;
      this.#idleSince[row] = idle.nulls?.[i] === 1 ? Number.NaN : (idle.values[i] as number);
    }
  }

  /** Brings the listing into its order, adds up and idle times by the router's clock, and says how each session is printed. */
  finish(clock: ListingClock, prints: ReadonlyMap<bigint, ClassPrint>): void {
    this.order = this.#ordered();
    this.#addClocks(clock);
    const ways = new Map<string, number>();
    const list: ListingWay[] = [];
    this.wayOf = new Uint32Array(this.count);
    const { words, ids } = this.#answer.words('c_presence');
    const isClocked = clock.at(0) !== null;
    let [way, layout, presence] = [0, -1n, -1];
    for (let row = 0; row < this.count; row++) {
      if (this.layouts[row] !== layout || ids[row] !== presence) {
        layout = this.layouts[row] as bigint;
        presence = ids[row] as number;
        const key = `${String(layout)} ${presence}`;
        const known = ways.get(key);
        way = known ?? list.length;
        if (known === undefined) {
          ways.set(key, way);
          list.push(wayOf(prints.get(layout), words[presence] as string, isClocked));
        }
      }
      this.wayOf[row] = way;
    }
    this.ways = list;
  }

  #ordered(): Uint32Array {
    const { ranks, count } = this;
    const order = new Uint32Array(count);
    let isReversed = true;
    for (let row = 0; row < count; row++) {
      order[row] = count - 1 - row;
      if (row > 0 && (ranks[row] as number) >= (ranks[row - 1] as number)) isReversed = false;
    }
    // Rows come backwards in the order of their ids, which mostly is that of the listing.
    return isReversed ? order : order.reverse().sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
  }

  #addClocks(clock: ListingClock): void {
    const created = this.#fields.get('create_time');
    const up = new Float64Array(this.count);
    const idle = new Float64Array(this.count);
    for (let row = 0; row < this.count; row++) {
      const router = clock.at(this.ranks[row] as number);
      if (router === null) break;
      const now = router + (this.#offsets[row] as number);
      const since = this.#idleSince[row] as number;
      if (created?.kind === 'numbers') up[row] = Math.max(0, now - (created.values[row] as number));
      // Nothing to be idle since, but a value printed: an active session, which prints zero.
      idle[row] = Number.isNaN(since) ? 0 : Math.max(0, now - since);
    }
    this.#fields.set('up_time_s', { kind: 'numbers', values: up, nulls: null });
    this.#fields.set('idle_time_s', { kind: 'numbers', values: idle, nulls: null });
  }

  isPlain(row: number): boolean {
    return !this.#rounding.has(row);
  }

  /** What is printed of a row: in its own layout what that printed last, without one all that is known. */
  record(row: number): SessionRecord {
    const way = this.ways[this.wayOf[row] as number] as ListingWay;
    return this.#recordBy(row, way.letters);
  }

  /** Everything that is known of a row. */
  whole(row: number): SessionRecord {
    const way = this.ways[this.wayOf[row] as number] as SessionWay;
    return this.#recordBy(row, way.known);
  }

  #recordBy(row: number, letters: string): SessionRecord {
    const values: Record<string, FieldValue> = {};
    for (const { name, letter } of planOf(letters))
      values[name] = letter === 'v' ? this.#value(name, row) : letter === 'e' ? '' : null;
    return {
      values,
      rounding: this.#rounding.get(row) ?? {},
      unknown: this.#unknown.get(row) ?? nothing,
    };
  }

  #value(name: string, row: number): FieldValue {
    const column = this.#fields.get(name);
    switch (column?.kind) {
      case 'words':
        return column.words[column.ids[row] as number] as string;
      case 'texts':
        return textAt(column, row);
      case 'numbers':
      case 'counts':
        return column.values[row] as number | bigint;
      default:
        throw new Error(`a session has a value of ${name}, which was not asked for`);
    }
  }
}

/** Rows by the keys of their sessions: a table in place of objects, since there are as many as sessions. */
class Places {
  readonly #rows: Int32Array;
  readonly #keys: Uint32Array;
  readonly #shift: number;

  constructor(count: number, tunnels: ArrayLike<number>, sessions: ArrayLike<number>) {
    const bits = Math.max(4, Math.ceil(Math.log2(count + 1)) + 1);
    this.#shift = 32 - bits;
    this.#rows = new Int32Array(2 ** bits).fill(-1);
    this.#keys = new Uint32Array(2 ** bits);
    for (let row = 0; row < count; row++) {
      const key = sessionKey(tunnels[row] as number, sessions[row] as number);
      const at = this.#placeOf(key);
      this.#rows[at] = row;
      this.#keys[at] = key;
    }
  }

  rowOf(key: number): number {
    return this.#rows[this.#placeOf(key)] as number;
  }

  /** Of a key, or free for it. */
  #placeOf(key: number): number {
    const last = this.#rows.length - 1;
    let at = Math.imul(key, 0x9e37_79b1) >>> this.#shift;
    while (this.#rows[at] !== -1 && this.#keys[at] !== key) at = (at + 1) & last;
    return at;
  }
}

/** How sessions are printed, with what is known of them beside what their layout prints. */
interface SessionWay extends ListingWay {
  readonly known: string;
}

function wayOf(print: ClassPrint | undefined, presence: string, isClocked: boolean): SessionWay {
  const known = withClocks(presence, isClocked);
  return {
    layout: print?.layout ?? null,
    known,
    letters: shownLetters(print?.shape ?? '', presence, known),
  };
}

/** Ids have a value whatever is printed; a clock that can not be told is not there: unknown is not N/A. */
function withClocks(presence: string, isClocked: boolean): string {
  const hasCreated = isClocked && letterOf(presence, createdIndex) === 'v';
  return fields
    .map((f, i) => {
      if (f.role === 'identity') return 'v';
      const letter = letterOf(presence, i);
      if (letter !== 'v' || f.role !== 'clock') return letter;
      return (f.name === 'up_time_s' ? hasCreated : isClocked) ? 'v' : '.';
    })
    .join('');
}

const createdIndex = fields.findIndex((f) => f.name === 'create_time');

/** Of `halvesSql`. */
export function halvesOf(json: string): Record<string, bigint> {
  const halves: Record<string, bigint> = {};
  for (const [name, half] of Object.entries(JSON.parse(json) as Record<string, string>))
    halves[name] = BigInt(half);
  return halves;
}
