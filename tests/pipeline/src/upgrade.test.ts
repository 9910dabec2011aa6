/** Releases side by side: events of several schemas in the middle of a partition, and a loader that does not know them all. */
import { rmSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { KafkaClient, KafkaProducer } from '@sessionreel/kafka';
import { createLogger, waitFor } from '@sessionreel/ops';
import { emptyDelta, emptyLedgerEntry, type SessionDelta } from '@sessionreel/session-model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, releases, schemaFolder, written, type Release } from './releases.ts';
import { Stack } from './stack.ts';
import { fingerprint } from '@sessionreel/session-events';

const at = Date.UTC(2026, 10, 20, 10);

let stack: Stack;
let producer: KafkaProducer;
const folder = schemaFolder();
beforeAll(async () => {
  stack = await Stack.start([]);
  const log = createLogger('test', { format: 'json', level: 'silent' });
  producer = new KafkaProducer(
    new KafkaClient({ brokers: [stack.servers.kafka.address], clientId: 'test', log }),
  );
}, 120_000);
afterAll(async () => {
  await producer.stop();
  await stack.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

/** The nth event of a router, which says so wherever a table can show it. */
function event(router: string, seq: number): SessionDelta {
  const entry = { snapshot_id: `${router} ${seq}`, source_offset: seq, document: 77n, format: 'text' };
  return emptyDelta({
    router,
    at: at + seq * 1_000,
    seq,
    gop: at,
    ledger: [emptyLedgerEntry({ ...entry, final: true, complete: true })],
    router_events: [{ kind: 'restart', sessions: seq, detail: `number ${seq}` }],
  });
}

const send = (partition: number, router: string, written_: readonly Release[]): Promise<unknown> =>
  producer.send(
    'l2tp.events',
    written_.map((release, i) => ({
      key: router,
      partition,
      value: written(event(router, i + 1), release),
      headers: { kind: 'delta' },
    })),
  );

/** A loader of ours, and what it says of itself. */
async function startLoader(env: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const child = stack.run('loader', {
    REEL_HEALTH_PORT: String(port),
    REEL_LOADER_INSTANCE: 'upgrade',
    ...env,
  });
  const ready = async (): Promise<{ ok: boolean; reasons: string[] }> =>
    (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as { ok: boolean; reasons: string[] };
  return { child, ready };
}

async function ended(child: ChildProcess): Promise<void> {
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await end;
}

const ledgerOf = (router: string): Promise<Record<string, unknown>[]> =>
  stack.rows(
    `SELECT s.seq DIV 8 AS n, s.snapshot_id AS id, toUInt64(s.document) AS document, e.detail AS detail
     FROM snapshots AS s JOIN router_events AS e ON e.router = s.router AND e.at = s.at
     WHERE s.router = '${router}' ORDER BY n`,
  );
const loaded = (router: string, events: number): Promise<true> =>
  waitFor(`${events} events of ${router}`, async () => (await ledgerOf(router)).length === events, {
    limitMs: 30_000,
  });

test(
  'a partition in which a newer release has written stops and says so; the newer loader goes on there',
  { timeout: 120_000 },
  async () => {
    const first = await startLoader();
    await send(0, 'stuck', ['today', 'later', 'today']);
    await send(1, 'well', ['today', 'today']);
    await loaded('well', 2);
    await loaded('stuck', 1);
    await waitFor('the loader to say why', async () => !(await first.ready()).ok, { limitMs: 20_000 });
    const { reasons } = await first.ready();
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain('partition 0');
    expect(reasons[0]).toContain(fingerprint(releases.later));
    expect(reasons[0]).toContain('newer release');
    // Others go on meanwhile.
    await send(1, 'others', ['today']);
    await loaded('others', 1);
    expect(await ledgerOf('stuck')).toHaveLength(1);
    await ended(first.child);

    const second = await startLoader({ REEL_EVENT_SCHEMAS: folder });
    await loaded('stuck', 3);
    await waitFor('the loader to be ready', async () => (await second.ready()).ok, { limitMs: 20_000 });
    await ended(second.child);
  },
);

test(
  'releases may take turns within a partition, forth and back: each event is there once',
  { timeout: 120_000 },
  async () => {
    const order: Release[] = ['earlier', 'today', 'earlier', 'later', 'today', 'later', 'earlier', 'today'];
    const { child } = await startLoader({ REEL_EVENT_SCHEMAS: folder });
    await send(2, 'turns', order);
    await loaded('turns', order.length);
    expect(await ledgerOf('turns')).toEqual(
      order.map((release, i) => ({
        n: i + 1,
        id: `turns ${i + 1}`,
        // What a release does not write is as its schema's default says.
        document: release === 'earlier' ? 0 : 77,
        detail: `number ${i + 1}`,
      })),
    );
    await ended(child);
  },
);
