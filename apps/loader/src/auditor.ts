/** Rebuilds the states of a few routers now and then, and compares them with the hashes that the processor wrote into the ledger. */
import type { AuditProblem } from '@sessionreel/queries';
import { pause, type Logger } from '@sessionreel/ops';
import type { LoaderMetrics } from './metrics.ts';

/** Compares the states of routers that `salt` chooses. */
export type AuditStates = (
  salt: string,
) => Promise<{ readonly compared: number; readonly problems: readonly AuditProblem[] }>;

export interface AuditorOptions {
  readonly audit: AuditStates;
  /** 0: never. */
  readonly everyMs: number;
  /** A difference counts when it is still there after so long: an insert becomes visible table by table. */
  readonly againMs?: number;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
}

export class Auditor {
  readonly #o: AuditorOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: AuditorOptions) {
    this.#o = options;
  }

  start(): void {
    if (this.#o.everyMs > 0) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the loader stops'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      try {
        await pause(this.#o.everyMs, signal);
        await this.#once(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#o.metrics.audits.inc({ outcome: 'failed' });
        this.#o.log.warn({ error }, 'states could not be audited and will be tried again');
      }
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { audit, metrics, log } = this.#o;
    const began = performance.now();
    const salt = String(Math.random());
    const first = await audit(salt);
    metrics.auditSeconds.observe((performance.now() - began) / 1_000);
    metrics.auditedStates.inc(first.compared);
    const problems = first.problems.length === 0 ? [] : await this.#lasting(salt, first.problems, signal);
    metrics.audits.inc({ outcome: problems.length === 0 ? 'clean' : 'differs' });
    metrics.auditProblems.set(problems.length);
    for (const { kind, where, detail } of problems)
      log.error(
        { kind, router: where, detail },
        `the stored state of ${where} is not what it was printed as`,
      );
  }

  async #lasting(
    salt: string,
    first: readonly AuditProblem[],
    signal: AbortSignal,
  ): Promise<readonly AuditProblem[]> {
    await pause(this.#o.againMs ?? 5_000, signal);
    const { problems } = await this.#o.audit(salt);
    const before = new Set(first.map(textOf));
    return problems.filter((problem) => before.has(textOf(problem)));
  }
}

const textOf = ({ kind, where, detail }: AuditProblem): string => `${kind} ${where} ${detail}`;
