import type { AuditProblem } from '@sessionreel/queries';
import { Metrics, createLogger, waitFor } from '@sessionreel/ops';
import { afterEach, expect, test } from 'vitest';
import { auditor, type AuditStates } from './auditor.ts';
import { loaderMetrics } from './metrics.ts';
import type { Repeated } from './repeated.ts';

let running: Repeated | undefined;
afterEach(() => running?.stop());

const problem: AuditProblem = { kind: 'state_differs', where: 'lns1', detail: 'rebuilt a, ledger b' };

function start(audit: AuditStates): Metrics {
  const metrics = new Metrics('loader');
  const log = createLogger('test', { level: 'silent' });
  running = auditor({ audit, everyMs: 5, againMs: 5, metrics: loaderMetrics(metrics), log });
  running.start();
  return metrics;
}

const shows = (metrics: Metrics, line: RegExp): Promise<true> =>
  waitFor(String(line), async () => line.test(await metrics.text()), { limitMs: 5_000, everyMs: 5 });

test('counts clean samples and the states in them', async () => {
  const metrics = start(() => Promise.resolve({ compared: 3, problems: [] }));
  await shows(metrics, /reel_loader_audits_total\{outcome="clean"\} [2-9]/);
  await shows(metrics, /reel_loader_audited_states_total ([6-9]|\d\d)/);
  await shows(metrics, /reel_loader_audit_problems 0/);
});

test('shows a difference that is still there when it looks again', async () => {
  const metrics = start(() => Promise.resolve({ compared: 1, problems: [problem] }));
  await shows(metrics, /reel_loader_audits_total\{outcome="differs"\} [1-9]/);
  await shows(metrics, /reel_loader_audit_problems 1/);
});

test('passes over what was only not whole yet', async () => {
  const seen = new Map<string, number>();
  const metrics = start((salt) => {
    const times = (seen.get(salt) ?? 0) + 1;
    seen.set(salt, times);
    return Promise.resolve({ compared: 1, problems: times === 1 ? [problem] : [] });
  });
  await shows(metrics, /reel_loader_audits_total\{outcome="clean"\} [2-9]/);
  expect(await metrics.text()).not.toContain('outcome="differs"');
  expect([...seen.values()]).toContain(2);
});

test('goes on after an audit that failed', async () => {
  let calls = 0;
  const metrics = start(() =>
    ++calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve({ compared: 1, problems: [] }),
  );
  await shows(metrics, /reel_loader_audits_total\{outcome="failed"\} 1/);
  await shows(metrics, /reel_loader_audits_total\{outcome="clean"\} [1-9]/);
});
