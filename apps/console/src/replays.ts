/** Replays that people have started: each runs in this process, says how far it is, and can be cancelled and gone on with. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@sessionreel/ops';
import type { ReplaySender } from '@sessionreel/kafka';
import { leftOut, replaySteps, type AskOptions, type LeftOut, type QueryClient } from '@sessionreel/queries';
import { z } from 'zod';
import { answered } from './kafka-link.ts';
import { Problem, problemOf } from './problems.ts';

const states = ['running', 'done', 'failed', 'cancelled', 'interrupted'] as const;

const jobSchema = z.object({
  id: z.string(),
  /** Who started it, and who went on with it last. */
  by: z.string(),
  topic: z.string(),
  as: z.enum(['snapshots', 'events']),
  /** ms UTC. */
  from: z.number(),
  to: z.number(),
  /** Null: all. */
  routers: z.array(z.string()).nullable(),
  /** Null: as fast as it goes. */
  speed: z.number().nullable(),
  /** `interrupted`: the console ended meanwhile. */
  state: z.enum(states),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** The time in history that has been read. */
  reached: z.number(),
  sent: z.number(),
  left: z.object({ incomplete: z.number(), late: z.number() }).nullable(),
  error: z.string(),
});

export type ReplayJob = Readonly<z.infer<typeof jobSchema>>;
export type NewReplay = Pick<ReplayJob, 'by' | 'topic' | 'as' | 'from' | 'to' | 'routers' | 'speed'>;

interface Asking {
  readonly client: QueryClient;
  readonly limits: AskOptions['limits'];
}

const mostRunning = 4;
const mostKept = 200;

export class Replays {
  readonly #path: string;
  readonly #sender: (topic: string, id: string) => ReplaySender;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #jobs = new Map<string, ReplayJob>();
  readonly #running = new Map<string, { abort: AbortController; ended: Promise<void> }>();

  constructor(
    folder: string,
    sender: (topic: string, id: string) => ReplaySender,
    log: Pick<Logger, 'warn'>,
  ) {
    this.#path = join(folder, 'replays.json');
    this.#sender = sender;
    this.#log = log;
    for (const job of this.#read())
      this.#jobs.set(job.id, job.state === 'running' ? { ...job, state: 'interrupted' } : job);
  }

  /** The newest first. */
  list(): ReplayJob[] {
    return [...this.#jobs.values()].reverse();
  }

  get(id: string): ReplayJob | undefined {
    return this.#jobs.get(id);
  }

  /** Starts one. @throws Problem when too many run; KafkaError when there is no such topic */
  async start(wanted: NewReplay, asking: Asking): Promise<ReplayJob> {
    const fresh = { state: 'running', startedAt: Date.now(), endedAt: null, error: '' } as const;
    return await this.#begin(
      { ...wanted, ...fresh, id: randomUUID(), reached: wanted.from, sent: 0, left: null },
      asking,
    );
  }

  /** Goes on with one that has stopped, behind what it has sent. */
  async resume(job: ReplayJob, by: string, asking: Asking): Promise<ReplayJob> {
    if (job.state === 'running' || job.state === 'done')
      throw new Problem(409, job.state === 'done' ? 'All of it was sent.' : 'It is running.');
    return await this.#begin({ ...job, by, state: 'running', endedAt: null, error: '' }, asking);
  }

  /** What was sent stays sent. */
  async cancel(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) throw new Problem(409, 'It is not running.');
    running.abort.abort(new Error('cancelled'));
    await running.ended;
  }

  /** Ends what runs; it can be gone on with when the console is back. */
  async stop(): Promise<void> {
    const all = [...this.#running.values()];
    for (const { abort } of all) abort.abort(interrupted);
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #begin(job: ReplayJob, { client, limits }: Asking): Promise<ReplayJob> {
    if (this.#running.size >= mostRunning)
      throw new Problem(429, `${mostRunning} replays run already.`, { 'retry-after': '60' });
    const abort = new AbortController();
    const sender = this.#sender(job.topic, job.id);
    let ended = (): void => undefined;
    this.#running.set(job.id, { abort, ended: new Promise((resolve) => (ended = resolve)) });
    const end = async (): Promise<void> => {
      await sender.stop();
      this.#running.delete(job.id);
      ended();
    };
    try {
      const before = await answered(sender.begin());
      this.#set(job);
      const ask = { ...(limits === undefined ? {} : { limits }), signal: abort.signal };
      void this.#run(job, sender, before, client, ask).finally(end);
    } catch (error) {
      await end();
      throw error;
    }
    return job;
  }

  async #run(
    { id, topic, from, to, ...job }: ReplayJob,
    sender: ReplaySender,
    before: Awaited<ReturnType<ReplaySender['begin']>>,
    client: QueryClient,
    ask: AskOptions & { readonly signal: AbortSignal },
  ): Promise<void> {
    const question = { ...ask, from, to, routers: job.routers ?? undefined };
    try {
      if (before?.done !== true) {
        const left: LeftOut | null = job.as === 'snapshots' ? await leftOut(client, question) : null;
        this.#change(id, { left });
        const sent = await sender.send(replaySteps(client, { ...question, after: before?.after }, job.as), {
          range: [from, to],
          before,
          speed: job.speed ?? Infinity,
          signal: ask.signal,
          told: (reached, sent) => this.#change(id, { reached, sent }, false),
        });
        this.#change(id, { sent });
      }
      this.#change(id, { state: 'done', endedAt: Date.now() });
    } catch (error) {
      this.#change(id, { ...this.#endOf(error, ask.signal), endedAt: Date.now() });
      if (!ask.signal.aborted) this.#log.warn({ error, topic, id }, 'a replay failed');
    }
  }

  #endOf(error: unknown, signal: AbortSignal): Pick<ReplayJob, 'state' | 'error'> {
    if (signal.aborted)
      return { state: signal.reason === interrupted ? 'interrupted' : 'cancelled', error: '' };
    const told = problemOf(error)?.details.detail;
    return { state: 'failed', error: told ?? 'A defect; the log of the console says more.' };
  }

  #change(id: string, patch: Partial<ReplayJob>, keep = true): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) this.#set({ ...job, ...patch }, keep);
  }

  #set(job: ReplayJob, keep = true): void {
    this.#jobs.set(job.id, job);
    if (!keep) return;
    for (const [id, { state }] of this.#jobs) {
      if (this.#jobs.size <= mostKept) break;
      if (state !== 'running') this.#jobs.delete(id);
    }
    const beside = `${this.#path}.new`;
    writeFileSync(beside, `${JSON.stringify([...this.#jobs.values()], null, 2)}\n`, { mode: 0o600 });
    renameSync(beside, this.#path);
  }

  /** None of a file that cannot be read: its replays are known to Kafka still, and can be run by `reel replay`. */
  #read(): ReplayJob[] {
    if (!existsSync(this.#path)) return [];
    try {
      return z.array(jobSchema).parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      this.#log.warn({ error, path: this.#path }, 'the list of replays cannot be read');
      return [];
    }
  }
}

const interrupted = new Error('the console ends');
