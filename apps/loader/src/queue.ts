/** Events that wait to be inserted, by partition, and the rule by which they go. */

/** One message of the log; `datum` undefined for a checkpoint, which only moves the offset. */
export interface Entry {
  readonly offset: number;
  readonly datum: Uint8Array | undefined;
  /** Day of its group: an insert must not reach too many of them. */
  readonly day: number;
  /** Kafka's timestamp (ms). */
  readonly timestamp: number;
  /** When it came in here (ms, monotonic). */
  readonly arrived: number;
  /** How long after its Kafka timestamp that was (ms). */
  readonly late: number;
}

/** Consecutive offsets of one partition. */
export interface Part {
  readonly partition: number;
  /** From the offset after the last batch's: what was passed over between belongs to it. */
  readonly first: number;
  readonly last: number;
  readonly entries: readonly Entry[];
}

export interface BatchLimits {
  readonly bytes: number;
  readonly messages: number;
  /** Longest wait of the oldest event, ms. */
  readonly lingerMs: number;
}

/** ClickHouse refuses an insert into more than 100 partitions of a table. */
const maxDays = 60;

/** An event that is so late when it comes (ms) has missed what latency is promised: more in one insert is worth more now. */
const lateMs = 4_000;
const lateWaitMs = 3_000;

export interface Waiting {
  readonly bytes: number;
  readonly messages: number;
  /** When the oldest and the newest came (ms, monotonic). */
  readonly oldest: number;
  readonly newest: number;
  /** How late the oldest was, by Kafka's time, when it came (ms). */
  readonly late: number;
}

/**
 * The flush rule, whole: enough bytes or events, or the oldest waited long enough – longer while inserts are slow. Every insert costs
 * ClickHouse 0.1 to 0.2 s of CPU for its views, whatever it brings: so inserts take a quarter of the time at most, and what waits
 * meanwhile goes together. Where events come late anyway, after an outage say, they wait for up to three seconds, for as long as
 * more keep coming: few large inserts are what catches up soonest.
 */
export function isDue(waiting: Waiting, limits: BatchLimits, now: number, lastInsertMs: number): boolean {
  if (waiting.messages === 0) return false;
  if (waiting.bytes >= limits.bytes || waiting.messages >= limits.messages) return true;
  const waited = now - waiting.oldest;
  if (waited < limits.lingerMs) return false;
  // Nothing more has come for as long as one waits at least: nothing more is to be expected.
  if (now - waiting.newest >= limits.lingerMs) return true;
  if (waiting.late >= lateMs) return waited >= lateWaitMs;
  return waited >= Math.min(1_000, 3 * lastInsertMs);
}

export class Queue {
  /** Offset after the last one that was taken out, and what waits, by partition. */
  readonly #partitions = new Map<number, { next: number; entries: Entry[]; bytes: number }>();
  #bytes = 0;
  #messages = 0;

  get bytes(): number {
    return this.#bytes;
  }
  get messages(): number {
    return this.#messages;
  }

  /** Begins a partition anew: what waited for it is dropped. */
  begin(partition: number, next: number): void {
    this.drop(partition);
    this.#partitions.set(partition, { next, entries: [], bytes: 0 });
  }

  drop(partition: number): void {
    const queue = this.#partitions.get(partition);
    if (queue === undefined) return;
    this.#bytes -= queue.bytes;
    this.#messages -= queue.entries.length;
    this.#partitions.delete(partition);
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  /** Offset that would be read next. */
  position(partition: number): number | undefined {
    const queue = this.#partitions.get(partition);
    return queue === undefined ? undefined : (queue.entries.at(-1)?.offset ?? queue.next - 1) + 1;
  }

  bytesOf(partition: number): number {
    return this.#partitions.get(partition)?.bytes ?? 0;
  }

  /** False when the offset was had before: a fetch can repeat messages after a seek. */
  add(partition: number, entry: Entry): boolean {
    const queue = this.#partitions.get(partition);
    if (queue === undefined || entry.offset < (this.position(partition) ?? 0)) return false;
    const size = sizeOf(entry);
    queue.entries.push(entry);
    queue.bytes += size;
    this.#bytes += size;
    this.#messages++;
    return true;
  }

  waiting(): Waiting {
    let oldest: Entry | undefined;
    let newest = -Infinity;
    for (const { entries } of this.#partitions.values()) {
      const [first] = entries;
      if (first !== undefined && first.arrived < (oldest?.arrived ?? Infinity)) oldest = first;
      newest = Math.max(newest, entries.at(-1)?.arrived ?? -Infinity);
    }
    return {
      bytes: this.#bytes,
      messages: this.#messages,
      oldest: oldest?.arrived ?? Infinity,
      newest,
      late: oldest?.late ?? 0,
    };
  }

  /** Takes out what goes into one insert: a share of every partition, so that none waits for another. */
  take(limits: BatchLimits): Part[] {
    const busy = [...this.#partitions].filter(([, q]) => q.entries.length > 0);
    const share = { bytes: limits.bytes / busy.length, messages: limits.messages / busy.length };
    const days = new Set<number>();
    const parts: Part[] = [];
    for (const [partition, queue] of busy) {
      let bytes = 0;
      let count = 0;
      for (const entry of queue.entries) {
        const full = count > 0 && (bytes + sizeOf(entry) > share.bytes || count >= share.messages);
        if (full || (days.size >= maxDays && !days.has(entry.day))) break;
        days.add(entry.day);
        bytes += sizeOf(entry);
        count++;
      }
      if (count === 0) continue;
      const entries = queue.entries.splice(0, count);
      queue.bytes -= bytes;
      this.#bytes -= bytes;
      this.#messages -= count;
      const last = (entries.at(-1) as Entry).offset;
      parts.push({ partition, first: queue.next, last, entries });
      queue.next = last + 1;
    }
    return parts;
  }
}

function sizeOf(entry: Entry): number {
  return (entry.datum?.length ?? 0) + 128;
}

/** Splits a batch in two at a message, for finding the one that is refused. */
export function halve(parts: readonly Part[]): [Part[], Part[]] {
  const total = countOf(parts);
  const left: Part[] = [];
  const right: Part[] = [];
  let taken = 0;
  for (const part of parts) {
    const n = messagesOf(part);
    const room = Math.floor(total / 2) - taken;
    if (n <= room) left.push(part);
    else if (room <= 0) right.push(part);
    else {
      const [a, b] = splitPart(part, room);
      left.push(a);
      right.push(b);
    }
    taken += n;
  }
  return [left, right];
}

function splitPart(part: Part, messages: number): [Part, Part] {
  let at = 0;
  for (let n = 0; n < messages; at++) if (part.entries[at]?.datum !== undefined) n++;
  const head = part.entries.slice(0, at);
  const last = (head.at(-1) as Entry).offset;
  return [
    { partition: part.partition, first: part.first, last, entries: head },
    { partition: part.partition, first: last + 1, last: part.last, entries: part.entries.slice(at) },
  ];
}

export function messagesOf(part: Part): number {
  return part.entries.reduce((n, e) => n + (e.datum === undefined ? 0 : 1), 0);
}

export function countOf(parts: readonly Part[]): number {
  return parts.reduce((n, p) => n + messagesOf(p), 0);
}
