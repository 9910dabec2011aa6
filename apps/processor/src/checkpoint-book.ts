/**
 * Where each router of a partition can be restored from, and which ones should write a checkpoint. A router's restore reads
 * from its last checkpoint (or its first delta) on; the partition's reads from the oldest of these. Two rules bound that:
 * a router whose deltas since its checkpoint outweigh its state writes a new one, and so does the router with the oldest one
 * when the log since then is more than twice the state of all (a silent router must not hold the others back).
 */

/** About what a session weighs in a checkpoint, until the router has written one. */
const sessionBytes = 220;
/** A partition's floor is so many times a router's. */
const partitionFloors = 16;

interface Place {
  /** Offset of the first event that a restore needs. */
  start: number;
  /** Bytes of the log before it. */
  startBytes: number;
  /** Bytes of its deltas since. */
  since: number;
  /** Bytes of its state, by its last checkpoint or estimated. */
  state: number;
  measured: boolean;
}

export interface LoggedEvent {
  readonly router: string;
  readonly kind: 'delta' | 'keyframe' | 'checkpoint';
  readonly seq: number;
  readonly piece: number;
  readonly pieces: number;
  readonly offset: number;
  readonly bytes: number;
}

export class CheckpointBook {
  /** In order of `start`: a router that writes a checkpoint goes to the end. */
  readonly #places = new Map<string, Place>();
  readonly #begun = new Map<string, Place>();
  /** Bytes of the log seen. */
  #bytes = 0;
  readonly #floor: number;

  /** Less than `floor` bytes of deltas are not worth a checkpoint. */
  constructor(floor = 256 * 1_024) {
    this.#floor = floor;
  }

  /** Takes up an event of the log, in order of offset. */
  logged(event: LoggedEvent): void {
    const before = this.#bytes;
    this.#bytes += event.bytes;
    if (event.kind === 'checkpoint') {
      this.#checkpointed(event, before);
      return;
    }
    const place = this.#places.get(event.router);
    if (place !== undefined) place.since += event.bytes;
    else if (event.seq === 1)
      this.#places.set(event.router, {
        start: event.offset,
        startBytes: before,
        since: event.bytes,
        state: 0,
        measured: false,
      });
  }

  /** The number of live sessions, from which a router's state is estimated before its first checkpoint. */
  sessions(router: string, sessions: number): void {
    const place = this.#places.get(router);
    if (place !== undefined && !place.measured) place.state = sessions * sessionBytes;
  }

  /** Offset that a restore must begin at; -1 when there is nothing to restore. */
  get restoreOffset(): number {
    for (const place of this.#places.values()) return place.start;
    return -1;
  }

  get routers(): number {
    return this.#places.size;
  }

  /** Routers that should write a checkpoint now. */
  due(): string[] {
    const due = new Set<string>();
    let state = 0;
    for (const [router, place] of this.#places) {
      state += place.state;
      if (place.since > Math.max(place.state, this.#floor)) due.add(router);
    }
    const partitionFloor = partitionFloors * this.#floor;
    const limit = 2 * state + partitionFloor;
    let added = 0;
    for (const [router, place] of this.#places) {
      // What is written for the ones before lengthens the log as well.
      if (this.#bytes + added - place.startBytes <= limit) break;
      due.add(router);
      added += place.state;
      // The cleaning is spread over transactions: a large partition has many routers to move.
      if (added > partitionFloor) break;
    }
    return [...due];
  }

  #checkpointed(event: LoggedEvent, before: number): void {
    if (event.piece === 1)
      this.#begun.set(event.router, {
        start: event.offset,
        startBytes: before,
        since: 0,
        state: 0,
        measured: true,
      });
    const place = this.#begun.get(event.router);
    if (place === undefined) return;
    place.state += event.bytes;
    if (event.piece !== event.pieces) return;
    this.#begun.delete(event.router);
    this.#places.delete(event.router);
    this.#places.set(event.router, place);
  }
}
