import { expect, test } from 'vitest';
import { startHealth } from './health.ts';
import { Metrics } from './metrics.ts';

test('answers live, ready with reasons, and metrics with their help', async () => {
  const metrics = new Metrics('test');
  const seen = metrics.counter('snapshots_total', 'Snapshots seen, by outcome', ['outcome']);
  seen.inc({ outcome: 'applied' }, 3);
  let missing = ['Kafka is not reachable'];
  const health = await startHealth({ port: 0, metrics, ready: () => missing });
  try {
    expect((await fetch(`${health.address}/live`)).status).toBe(200);
    const notReady = await fetch(`${health.address}/ready`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({ ok: false, reasons: ['Kafka is not reachable'] });
    missing = [];
    expect((await fetch(`${health.address}/ready`)).status).toBe(200);
    const text = await (await fetch(`${health.address}/metrics`)).text();
    expect(text).toContain('# HELP reel_test_snapshots_total Snapshots seen, by outcome');
    expect(text).toContain('reel_test_snapshots_total{outcome="applied"} 3');
    await expect(startHealth({ port: health.port })).rejects.toThrow('is taken');
  } finally {
    await health.stop();
  }
});

test('a probe that throws is a reason, not a crash', async () => {
  const health = await startHealth({
    port: 0,
    ready: () => {
      throw new Error('broken probe');
    },
    live: () => 'stuck for 90 s',
  });
  try {
    expect(await (await fetch(`${health.address}/ready`)).json()).toEqual({
      ok: false,
      reasons: ['broken probe'],
    });
    expect((await fetch(`${health.address}/live`)).status).toBe(503);
  } finally {
    await health.stop();
  }
});
