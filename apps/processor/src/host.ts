/** The worker's side: holds the machines of its routers, by partition and epoch, and runs the tasks of the main thread on them. */
import { createEventWriter, peekDelta, takeWritten, type EventWriter } from '@sessionreel/session-events';
import { CaptureRefused, type CreateMachine, type Emit, type RouterMachine } from './machine.ts';
import type {
  DoneResult,
  EventEntry,
  EventsResult,
  Item,
  Outcome,
  ProcessTask,
  RestoreTask,
  Task,
  Tick,
} from './tasks.ts';
import { isItem } from './tasks.ts';

interface Held {
  readonly epoch: number;
  readonly routers: Map<string, RouterMachine>;
  /** Routers whose checkpoint is being read: they stand in when its last piece has come. */
  readonly rising: Map<string, RouterMachine>;
  nextDeadline: number;
}

export class Host {
  readonly #create: CreateMachine;
  readonly #partitions = new Map<number, Held>();
  readonly #writer: EventWriter = createEventWriter(1 << 20);

  constructor(create: CreateMachine) {
    this.#create = create;
  }

  run(task: Task): EventsResult | DoneResult {
    if (task.kind === 'begin') {
      this.#partitions.set(task.partition, {
        epoch: task.epoch,
        routers: new Map(),
        rising: new Map(),
        nextDeadline: Infinity,
      });
      return done(false);
    }
    const held = this.#partitions.get(task.partition);
    if (held?.epoch !== task.epoch)
      return task.kind === 'process' || task.kind === 'checkpoint' ? nothing(true) : done(true);
    switch (task.kind) {
      case 'drop':
        this.#partitions.delete(task.partition);
        return done(false);
      case 'restore':
        return this.#restore(held, task);
      case 'checkpoint': {
        const made = new Made(this.#writer);
        for (const router of task.routers) held.routers.get(router)?.checkpoint(made.emitter(-1, 1, router));
        return made.result(held);
      }
      case 'process':
        return this.#process(held, task);
    }
  }

  #restore(held: Held, task: RestoreTask): DoneResult {
    for (const event of task.events) {
      const datum = new Uint8Array(task.buffer, event.start, event.length);
      const { seq, piece, pieces } = peekDelta(datum);
      const head = { kind: event.kind, seq, piece, pieces };
      const live = held.routers.get(event.router);
      if (event.kind === 'checkpoint') {
        // It says what is known already, when the router was restored from an earlier one.
        if (live !== undefined) continue;
        if (piece === 1) held.rising.set(event.router, this.#create(event.router));
        const rising = held.rising.get(event.router);
        rising?.restore(datum, event.fingerprint, head);
        if (rising !== undefined && piece === pieces) {
          held.rising.delete(event.router);
          held.routers.set(event.router, rising);
        }
      } else if (live !== undefined) live.restore(datum, event.fingerprint, head);
      else if (seq === 1) {
        const machine = this.#create(event.router);
        held.routers.set(event.router, machine);
        machine.restore(datum, event.fingerprint, head);
      }
      // Else its checkpoint is still to come: what lies before that is in it.
    }
    held.nextDeadline = earliest(held);
    let sessions = 0;
    for (const machine of held.routers.values()) sessions += machine.sessions;
    return { lost: false, sessions, nextDeadline: finite(held.nextDeadline) };
  }

  #process(held: Held, task: ProcessTask): EventsResult {
    const made = new Made(this.#writer);
    for (const step of task.steps) {
      if (step.time >= held.nextDeadline) this.#expire(held, step, made);
      if (!isItem(step)) continue;
      let machine = held.routers.get(step.router);
      if (machine === undefined) held.routers.set(step.router, (machine = this.#create(step.router)));
      made.outcomes.push(runItem(machine, step, new Uint8Array(task.buffer, step.start, step.length), made));
      made.sessions.set(step.router, machine.sessions);
      held.nextDeadline = Math.min(held.nextDeadline, machine.nextDeadline);
    }
    return made.result(held);
  }

  #expire(held: Held, step: Item | Tick, made: Made): void {
    // By name, so that the order does not depend on which router came first since the last restart.
    const due = [...held.routers].filter(([, machine]) => machine.nextDeadline <= step.time);
    for (const [router, machine] of due.sort(([a], [b]) => (a < b ? -1 : 1))) {
      machine.expire(step.time, made.emitter(step.offset, 0, router));
      made.sessions.set(router, machine.sessions);
    }
    held.nextDeadline = earliest(held);
  }
}

function runItem(machine: RouterMachine, item: Item, bytes: Uint8Array, made: Made): Outcome {
  const emit = made.emitter(item.offset, 1, item.router);
  if ('refusal' in item.work) {
    machine.deadLetter(item, item.work.refusal, emit);
    return { offset: item.offset, outcome: 'dead_letter', refusal: undefined };
  }
  const mark = made.mark();
  try {
    const { outcome, counts } = machine.capture(item, item.work.capture, bytes, emit);
    made.count(counts);
    return { offset: item.offset, outcome, refusal: undefined };
  } catch (error) {
    // Anything else says nothing of what the machine holds now: the worker is given up, and the message tried alone.
    if (!(error instanceof CaptureRefused)) throw error;
    made.backTo(mark);
    machine.deadLetter(item, error.refusal, emit);
    return { offset: item.offset, outcome: 'dead_letter', refusal: error.refusal };
  }
}

/** Collects the events of one task in one buffer. */
class Made {
  readonly outcomes: Outcome[] = [];
  readonly sessions = new Map<string, number>();
  readonly #entries: EventEntry[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #writer: EventWriter;

  constructor(writer: EventWriter) {
    this.#writer = writer;
    writer.at = 0;
  }

  emitter(offset: number, phase: 0 | 1, router: string): Emit {
    return (head, write) => {
      const start = this.#writer.at;
      write(this.#writer);
      this.#entries.push({ ...head, offset, phase, router, start, length: this.#writer.at - start });
    };
  }

  mark(): { entries: number; at: number } {
    return { entries: this.#entries.length, at: this.#writer.at };
  }

  backTo(mark: { entries: number; at: number }): void {
    this.#entries.length = mark.entries;
    this.#writer.at = mark.at;
  }

  count(counts: Readonly<Record<string, number>>): void {
    for (const [name, n] of Object.entries(counts)) this.#counts[name] = (this.#counts[name] ?? 0) + n;
  }

  result(held: Held): EventsResult {
    return {
      lost: false,
      buffer: takeWritten(this.#writer).buffer,
      entries: this.#entries,
      outcomes: this.outcomes,
      sessions: [...this.sessions],
      nextDeadline: finite(held.nextDeadline),
      counts: this.#counts,
    };
  }
}

function earliest(held: Held): number {
  let least = Infinity;
  for (const machine of held.routers.values()) least = Math.min(least, machine.nextDeadline);
  return least;
}

const finite = (time: number): number | null => (time === Infinity ? null : time);

const done = (lost: boolean): DoneResult => ({ lost, sessions: 0, nextDeadline: null });

const nothing = (lost: boolean): EventsResult => ({
  lost,
  buffer: new ArrayBuffer(0),
  entries: [],
  outcomes: [],
  sessions: [],
  nextDeadline: null,
  counts: {},
});
