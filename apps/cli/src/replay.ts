/** `reel replay`: history again, into a topic; resumable, and each message once. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@sessionreel/clickhouse';
import {
  KafkaAdmin,
  TransactionalProducer,
  partitionOf,
  type KafkaClient,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import {
  leftOut,
  replayEvents,
  replaySnapshots,
  type ReplayPosition,
  type ReplayQuestion,
  type ReplayedSnapshot,
} from '@sessionreel/queries';
import { createEventWriter, encodeEvent, takeWritten } from '@sessionreel/session-events';
import { Option, type Command } from 'commander';
import { rangeOf, type RangeFlags } from './ask.ts';
import { wrongData, wrongUsage } from './cli-error.ts';
import {
  connectKafka,
  openStore,
  settingsOf,
  tellable,
  withClickHouse,
  withKafka,
  type ConnectionFlags,
} from './connections.ts';
import { createProgress } from './progress.ts';
import { checkRouter } from './router-name.ts';
import { Planner } from './split/plan.ts';
import { escapeValue, processIo, writeAll, type Io } from './terminal.ts';
import { printTime } from './times.ts';

interface Flags extends ConnectionFlags, RangeFlags {
  readonly router?: readonly string[];
  readonly topic: string;
  readonly as: 'snapshots' | 'events';
  readonly speed?: string;
  readonly id?: string;
  readonly restart?: true;
}

const help = `
As snapshots: every whole listing of the range printed anew, byte for byte, with the headers that it needs; into the
l2tp.snapshots of an empty Sessionreel it gives the same history. Listings that were not whole are left out, and counted. As
events: what l2tp.events held, for any reader of that contract.

Each message comes once, also when the replay is stopped and run again: how far it came is committed with what it sent, under its
--id (by default made of what is asked for). --restart begins anew.

Examples:
  $ reel replay --from '2026-11-20 08:00' --to '2026-11-20 12:00' --router lns1 --topic l2tp.snapshots.lab
  $ reel replay --from -1h --to -5m --speed 60 --topic l2tp.snapshots.lab
  $ reel replay --from -1d --to -5m --as events --topic l2tp.events.copy --id copy-of-yesterday
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('replay')
    .description('history again, as events or as snapshots, into a topic')
    .requiredOption('--from <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m')
    .requiredOption('--to <time>', 'the same')
    .requiredOption('--topic <topic>', 'where to; it must exist')
    .option('--router <names...>', 'only these')
    .addOption(
      new Option('--as <form>', 'what is sent').choices(['snapshots', 'events']).default('snapshots'),
    )
    .option('--speed <times>', '1: as it happened, 60: an hour a minute; default: as fast as it goes')
    .option('--id <name>', 'of this replay, to go on with it')
    .option('--restart', 'from the beginning, although it was begun before');
  withClickHouse(withKafka(command))
    .addHelpText('after', help)
    .action(async (flags: Flags) => await replay(flags, io));
}

/** One step of history and the messages that it is. */
interface Step {
  readonly position: ReplayPosition;
  readonly messages: readonly OutgoingMessage[];
}

/** A transaction is committed when it holds so much, or before a pause. */
const transactionBytes = 4_000_000;
/** Well below Kafka's default of 1 MB a message. */
const partBytes = 700_000;

async function replay(flags: Flags, io: Io): Promise<void> {
  const { from, to } = rangeOf(flags, io);
  if (from === undefined || to === undefined) throw wrongUsage('a replay wants --from and --to');
  if (to > io.now()) throw wrongUsage(`--to ${printTime(to)} is in the future`);
  const speed = speedOf(flags.speed);
  const settings = settingsOf(flags);
  if (flags.topic === settings.snapshotsTopic && flags.as === 'events')
    throw wrongUsage(`${flags.topic} holds snapshots, not events`);
  const question: ReplayQuestion = { from, to, routers: flags.router?.map(checkRouter) };
  const id = flags.id ?? idOf(flags, from, to);
  const store = openStore(settings);
  try {
    await store.ping();
    const kafka = await connectKafka(settings);
    const run = new Replay(kafka, store, flags.topic, `reel-replay-${id}`);
    await run.all(question, flags, speed, io);
  } catch (error) {
    throw tellable(error);
  } finally {
    await store.close();
  }
}

function speedOf(typed: string | undefined): number {
  if (typed === undefined) return Number.POSITIVE_INFINITY;
  const speed = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(speed > 0)) throw wrongUsage(`--speed ${typed}: it wants a number above 0, such as 60`);
  return speed;
}

/** The same replay has the same id: typed again, it goes on. */
function idOf(flags: Flags, from: number, to: number): string {
  const asked = JSON.stringify([
    flags.topic,
    flags.as,
    flags.router ?? [],
    flags.from,
    flags.to,
    relative(flags) ? 0 : [from, to],
  ]);
  return createHash('sha256').update(asked).digest('hex').slice(0, 16);
}

const relative = (flags: Flags): boolean => [flags.from, flags.to].some((t) => t?.startsWith('-') === true);

interface Progress {
  /** Messages sent. */
  readonly sent: number;
  readonly after: ReplayPosition | undefined;
  /** Of a range that was typed as a distance from now: the one that was meant when it began. */
  readonly range: readonly [number, number];
  readonly done: boolean;
}

class Replay {
  readonly #store: Store;
  readonly #topic: string;
  readonly #group: string;
  readonly #admin: KafkaAdmin;
  readonly #producer: TransactionalProducer;
  #partitions = 0;
  #sent = 0;

  constructor(kafka: KafkaClient, store: Store, topic: string, group: string) {
    this.#store = store;
    this.#topic = topic;
    this.#group = group;
    this.#admin = new KafkaAdmin(kafka);
    this.#producer = new TransactionalProducer(kafka, { transactionalId: group, compression: 'gzip' });
  }

  async all(question: ReplayQuestion, flags: Flags, speed: number, io: Io): Promise<void> {
    try {
      this.#partitions = await this.#admin.partitionCount(this.#topic);
      // Ends what another run of it has begun; only what is read after this is true.
      await this.#producer.initialise();
      const known = flags.restart === true ? undefined : await this.#progress();
      // What was typed as a distance from now means another time by now.
      const before = known?.done === true && relative(flags) ? undefined : known;
      if (before?.done === true) {
        await note(
          io,
          `all ${before.sent.toLocaleString('en')} messages were sent before; --restart sends them again`,
        );
        return;
      }
      this.#sent = before?.sent ?? 0;
      const range =
        before === undefined ? question : { ...question, from: before.range[0], to: before.range[1] };
      const left = flags.as === 'snapshots' ? await leftOut(this.#store, range) : undefined;
      if (before?.after !== undefined)
        await note(
          io,
          `goes on behind ${printTime(before.after.at)}, where it was stopped; --restart begins anew`,
        );
      const began = this.#sent;
      await this.#send({ ...range, after: before?.after }, flags, speed, io);
      const sent = this.#sent - began;
      await writeAll(
        io.stdout,
        `${sent.toLocaleString('en')} messages sent to ${escapeValue(this.#topic)}${began === 0 ? '' : `, ${this.#sent.toLocaleString('en')} in all`}\n`,
      );
      if (left !== undefined && left.incomplete + left.late > 0)
        await note(
          io,
          `left out: ${left.incomplete} listings that were not whole, ${left.late} that came late`,
        );
      if (this.#sent === 0 && left?.incomplete === 0)
        throw wrongData('there is nothing to replay in that time');
    } finally {
      await this.#producer.stop();
      await this.#admin.stop();
    }
  }

  async #send(range: ReplayQuestion, flags: Flags, speed: number, io: Io): Promise<void> {
    const steps = flags.as === 'events' ? eventSteps(this.#store, range) : snapshotSteps(this.#store, range);
    const progress = createProgress(io.stderr, this.#topic, Math.max(1, range.to - range.from));
    const wall = io.now();
    const first = range.after?.at ?? range.from;
    let told = range.from;
    let batch: Step[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      await this.#commit(batch, [range.from, range.to]);
      batch = [];
      bytes = 0;
    };
    try {
      for await (const step of steps) {
        const wait = wall + (step.position.at - first) / speed - io.now();
        if (wait > 0) {
          await flush();
          await sleep(wait);
        }
        batch.push(step);
        bytes += step.messages.reduce((n, m) => n + (m.value?.length ?? 0), 0);
        if (bytes >= transactionBytes) await flush();
        progress.add(step.position.at - told);
        told = step.position.at;
      }
      await flush();
      await this.#finish([range.from, range.to]);
    } finally {
      progress.stop();
    }
  }

  /** Messages and how far they reach, in one transaction. */
  async #commit(steps: readonly Step[], range: readonly [number, number]): Promise<void> {
    const last = steps.at(-1);
    if (last === undefined) return;
    const messages = steps.flatMap((s) => s.messages);
    const sent = this.#sent + messages.length;
    const transaction = await this.#producer.begin();
    try {
      const byPartition = Map.groupBy(messages, (m) =>
        partitionOf(Buffer.from(m.key ?? ''), this.#partitions),
      );
      for (const [partition, own] of byPartition)
        for (const message of own) await transaction.send(this.#topic, partition, [message]);
      const { at, router, seq } = last.position;
      const metadata = JSON.stringify({ sent, at, router, seq: String(seq), range });
      await transaction.sendOffset(this.#group, this.#topic, 0, sent, metadata);
      await transaction.commit();
    } catch (error) {
      await transaction.abort();
      throw error;
    }
    this.#sent = sent;
  }

  /** Says that all of it was sent. The transaction before may still be ending: then Kafka refuses this one for a moment. */
  async #finish(range: readonly [number, number]): Promise<void> {
    const metadata = JSON.stringify({
      sent: this.#sent,
      at: range[1],
      router: '',
      seq: '0',
      range,
      done: true,
    });
    for (let tries = 1; ; tries++) {
      const transaction = await this.#producer.begin();
      try {
        await transaction.sendOffset(this.#group, this.#topic, 0, this.#sent, metadata);
        await transaction.commit();
        return;
      } catch (error) {
        await transaction.abort();
        if (tries === 20) throw error;
        await sleep(50 * tries);
      }
    }
  }

  async #progress(): Promise<Progress | undefined> {
    const committed = (await this.#admin.committed(this.#group, this.#topic)).get(0);
    if (committed?.offset === undefined || committed.metadata === '') return undefined;
    const { sent, at, router, seq, range, done } = JSON.parse(committed.metadata) as {
      sent: number;
      at: number;
      router: string;
      seq: string;
      range: [number, number];
      done?: boolean;
    };
    return { sent, after: { at, router, seq: BigInt(seq) }, range, done: done === true };
  }
}

async function* eventSteps(store: Store, range: ReplayQuestion): AsyncGenerator<Step> {
  const writer = createEventWriter();
  for await (const { position, delta } of replayEvents(store, range)) {
    encodeEvent(delta, writer);
    const kind = delta.pieces > 0 ? 'keyframe' : 'delta';
    yield { position, messages: [{ key: delta.router, value: takeWritten(writer), headers: { kind } }] };
  }
}

async function* snapshotSteps(store: Store, range: ReplayQuestion): AsyncGenerator<Step> {
  for await (const snapshot of replaySnapshots(store, range))
    yield { position: snapshot.position, messages: [...messagesOf(snapshot)] };
}

/** One message, or parts that parse alone. */
export function messagesOf(snapshot: ReplayedSnapshot): OutgoingMessage[] {
  const bytes = Buffer.concat([...snapshot.pieces]);
  const headers = {
    'captured-at': new Date(snapshot.capturedAt).toISOString(),
    command: snapshot.command,
    complete: 'true',
    'snapshot-id': `replay-${snapshot.snapshotId === '' ? String(snapshot.position.seq) : snapshot.snapshotId}`,
    ...(snapshot.format === '' ? {} : { format: snapshot.format }),
    ...(snapshot.timeZone === '' ? {} : { timezone: snapshot.timeZone }),
  };
  if (bytes.length <= partBytes) return [{ key: snapshot.router, value: bytes, headers }];
  const planner = new Planner(partBytes);
  planner.write(bytes);
  const parts = planner.finish()[0]?.parts ?? [];
  return parts.map(({ start, end, prefix, suffix }, i) => ({
    key: snapshot.router,
    value: Buffer.concat([prefix, bytes.subarray(start, end), suffix]),
    headers: { ...headers, ...(parts.length > 1 ? { part: `${i + 1}/${parts.length}` } : {}) },
  }));
}

const note = (io: Io, line: string): Promise<void> => writeAll(io.stderr, `reel: ${escapeValue(line)}\n`);
