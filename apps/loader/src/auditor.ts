/** Rebuilds the states of a few routers now and then, and compares them with the hashes that the processor wrote into the ledger. */
import type { AuditProblem } from '@sessionreel/queries';
import { pause, type Logger } from '@sessionreel/ops';
import type { LoaderMetrics } from './metrics.ts';
import { Repeated } from './repeated.ts';

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

export function auditor(options: AuditorOptions): Repeated {
  return new Repeated({
    everyMs: options.everyMs,
    run: (signal) => auditOnce(options, signal),
    failed: (error) => {
      options.metrics.audits.inc({ outcome: 'failed' });
      options.log.warn({ error }, 'states could not be audited and will be tried again');
    },
  });
}

async function auditOnce(options: AuditorOptions, signal: AbortSignal): Promise<void> {
  const { audit, metrics, log } = options;
  const began = performance.now();
  const salt = String(Math.random());
  const first = await audit(salt);
  metrics.auditSeconds.observe((performance.now() - began) / 1_000);
  metrics.auditedStates.inc(first.compared);
  const problems = first.problems.length === 0 ? [] : await lasting(options, salt, first.problems, signal);
  metrics.audits.inc({ outcome: problems.length === 0 ? 'clean' : 'differs' });
  metrics.auditProblems.set(problems.length);
  for (const { kind, where, detail } of problems)
    log.error({ kind, router: where, detail }, `the stored state of ${where} is not what it was printed as`);
}

async function lasting(
  { audit, againMs = 5_000 }: AuditorOptions,
  salt: string,
  first: readonly AuditProblem[],
  signal: AbortSignal,
): Promise<readonly AuditProblem[]> {
  await pause(againMs, signal);
  const { problems } = await audit(salt);
  const before = new Set(first.map(textOf));
  return problems.filter((problem) => before.has(textOf(problem)));
}

const textOf = ({ kind, where, detail }: AuditProblem): string => `${kind} ${where} ${detail}`;
