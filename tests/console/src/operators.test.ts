/** What operators do over HTTP, against the real Kafka: dead letters and replays; and what stands in the audit log of it. */
import {
  KafkaAdmin,
  KafkaClient,
  KafkaProducer,
  deadLetterOf,
  readRange,
  type Message,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import { waitFor } from '@sessionreel/ops';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { iso, startConsole, type Running } from './consoles.ts';

const truth = inject('truth');
const nothing = (): void => undefined;
const client = new KafkaClient({
  brokers: [inject('kafkaBrokers')],
  clientId: 'operators-test',
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});
const admin = new KafkaAdmin(client);
const producer = new KafkaProducer(client);
// A topic of captures that no processor reads, and its dead letters: what is retried here changes nothing elsewhere.
const captures = 'operators.captures';
const dead = 'operators.dead';
const lab = 'operators.lab';
const secretName = 'dora@secret.example';

const tokens: Record<string, string> = {};
let reel: Running;

beforeAll(async () => {
  await admin.createTopics([captures, dead, lab].map((topic) => ({ topic, partitions: 1 })));
  reel = await startConsole(
    {
      REEL_CONSOLE_ACCESS: 'on',
      REEL_MASK_ROLES: 'view',
      REEL_SNAPSHOTS_TOPIC: captures,
      REEL_DEAD_LETTERS_TOPIC: dead,
    },
    {
      before: (app) => {
        for (const [name, role, routers] of [
          ['view', 'view', []],
          ['operator', 'operator', []],
          ['bound', 'operator', ['demo-lns-m']],
          ['admin', 'admin', []],
        ] as const)
          tokens[name] = app.tokens.add({
            name,
            role,
            sites: [],
            routers: [...routers],
            expires_at: null,
          }).token;
      },
    },
  );
});
afterAll(async () => {
  await reel.stop();
  await producer.stop();
  await admin.stop();
});

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

async function as<T>(name: string, method: string, path: string, body?: object): Promise<Answer<T>> {
  const { response, body: answer } = await reel.get(path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[name] ?? ''}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: answer as T };
}

async function all(topic: string): Promise<Message[]> {
  const end = (await admin.watermarks(topic)).get(0);
  const found: Message[] = [];
  if (end === undefined || end.low === end.high) return found;
  for await (const { messages } of readRange(client, { topic, partition: 0, from: end.low, to: end.high }))
    found.push(...messages);
  return found;
}

const auditLog = async (): Promise<string[]> => {
  const { body } = await as<{ entries: { name: string; did: string; status: number }[] }>(
    'admin',
    'GET',
    '/api/admin/audit-log?limit=500',
  );
  return body.entries.filter((e) => e.did !== '').map((e) => `${e.name} ${e.status} ${e.did}`);
};

function failed(router: string, offset: number): OutgoingMessage {
  const message: Message = {
    partition: 3,
    offset,
    timestamp: truth.from + offset,
    key: Buffer.from(router),
    value: Buffer.from(`User name: ${secretName} <script>\u001b[31m`),
    headers: { command: Buffer.from(`show services l2tp session user ${secretName}`) },
  };
  return { ...deadLetterOf(message, 'parse', `stops at "${secretName}"`), partition: 0 };
}

interface Letters {
  readonly total: number;
  readonly letters: { readonly id: string; readonly router: string; readonly error: string }[];
}
const base = '/api/operations/dead-letters';
const ids = async (name: string): Promise<string[]> =>
  (await as<Letters>(name, 'GET', `${base}/open`)).body.letters.map((l) => l.id);

describe('dead letters', () => {
  beforeAll(async () => {
    await producer.send(dead, [failed('demo-lns-m', 1), failed('demo-lns-mx', 2), failed('demo-lns-m', 3)]);
  });

  test('view lists and shows them, without names; nobody deals with them but operators', async () => {
    const { body } = await as<Letters>('view', 'GET', `${base}/open`);
    expect(body).toMatchObject({ total: 3, letters: [{ id: '0/0', router: 'demo-lns-m' }, {}, {}] });
    const shown = await as<{ excerpt: string | null; headers: Record<string, string> }>(
      'view',
      'GET',
      `${base}/open/0/0`,
    );
    expect(shown.body.excerpt).toBeNull();
    expect(JSON.stringify([body, shown.body])).not.toContain('dora');
    for (const action of ['retry', 'drop']) {
      const { status } = await as('view', 'POST', `${base}/${action}`, { ids: ['0/0'] });
      expect([action, status]).toEqual([action, 403]);
    }
    expect(await ids('view')).toEqual(['0/0', '0/1', '0/2']);
  });

  test('an operator sees what came, and sends it again as it came', async () => {
    const shown = await as<{ excerpt: string; headers: Record<string, string> }>(
      'operator',
      'GET',
      `${base}/open/0/1`,
    );
    expect(shown.body.excerpt).toContain(secretName);
    const { status, body } = await as('operator', 'POST', `${base}/retry`, { ids: ['0/1'] });
    expect([status, body]).toEqual([200, { done: ['0/1'] }]);
    const [sent] = await all(captures);
    expect(sent?.key === null || sent === undefined ? '' : Buffer.from(sent.key).toString()).toBe(
      'demo-lns-mx',
    );
    expect(String(sent?.headers['sessionreel-tries'])).toBe('1');
    expect(await ids('operator')).toEqual(['0/0', '0/2']);
    expect(await auditLog()).toContain('operator 200 retry 0/1');
  });

  test('what was dealt with, or never was, is not there, and then nothing is done', async () => {
    for (const wrong of ['0/1', '0/99', '7/0']) {
      const { status } = await as('operator', 'POST', `${base}/drop`, { ids: ['0/0', wrong] });
      expect([wrong, status]).toEqual([wrong, 404]);
    }
    expect((await as('operator', 'POST', `${base}/drop`, { ids: ['nonsense'] })).status).toBe(400);
    expect((await as('operator', 'GET', `${base}/open/0/1`)).status).toBe(404);
    expect(await ids('operator')).toEqual(['0/0', '0/2']);
  });

  test('whose role is bound deals with its routers alone', async () => {
    await producer.send(dead, [failed('demo-lac-north', 4)]);
    const [, , foreign = ''] = await ids('operator');
    expect(await ids('bound')).toEqual(['0/0', '0/2']);
    expect((await as('bound', 'GET', `${base}/open/${foreign}`)).status).toBe(404);
    expect((await as('bound', 'POST', `${base}/drop`, { ids: [foreign] })).status).toBe(404);
    expect((await as('bound', 'POST', `${base}/drop`, { ids: ['0/0', '0/2'] })).status).toBe(200);
    expect(await ids('operator')).toEqual([foreign]);
    expect(await auditLog()).toContain('bound 200 drop 0/0 0/2');
  });
});

interface Replay {
  readonly id: string;
  readonly state: string;
  readonly sent: number;
  readonly progress: number;
  readonly routers: string[] | null;
  readonly error: string;
}
const replays = '/api/operations/replays';
const wanted = { from: iso(truth.from - 1_000), to: iso(truth.to), topic: lab };

const ended = async (id: string): Promise<Replay> =>
  await waitFor(
    'the replay',
    async () => {
      const { body } = await as<Replay>('view', 'GET', `${replays}/${id}`);
      if (body.state === 'running') throw new Error('it runs');
      return body;
    },
    { limitMs: 60_000, everyMs: 100 },
  );

describe('replays', () => {
  test('an operator starts one: what is sent are the listings, whole', async () => {
    expect((await as('view', 'POST', replays, wanted)).status).toBe(403);
    const { status, body } = await as<Replay>('operator', 'POST', replays, {
      ...wanted,
      router: 'demo-lns-m',
    });
    expect([status, body.state]).toEqual([200, 'running']);
    const done = await ended(body.id);
    expect(done).toMatchObject({ state: 'done', progress: 1, routers: ['demo-lns-m'] });
    const listings = truth.listings['demo-lns-m'] ?? [];
    const sent = (await all(lab)).filter((m) => m.value !== null);
    expect(sent).toHaveLength(done.sent);
    expect(sent.map((m) => String(m.headers['captured-at']))).toEqual(listings.map((l) => iso(l.at)));
    expect((await auditLog()).find((line) => line.includes(body.id))).toMatch(
      /^operator 200 start replay .*: demo-lns-m$/,
    );
  });

  test('one that is cancelled stops, and goes on where it was', async () => {
    const before = (await all(lab)).length;
    const slow = await as<Replay>('operator', 'POST', replays, {
      ...wanted,
      router: 'demo-lns-mx',
      speed: 100,
    });
    await waitFor(
      'a first message',
      async () => {
        const { body } = await as<Replay>('view', 'GET', `${replays}/${slow.body.id}`);
        return body.sent > 0;
      },
      { limitMs: 30_000, everyMs: 50 },
    );
    expect((await as('view', 'DELETE', `${replays}/${slow.body.id}`)).status).toBe(403);
    expect((await as('operator', 'DELETE', `${replays}/${slow.body.id}`)).status).toBe(200);
    const stopped = await ended(slow.body.id);
    const listings = truth.listings['demo-lns-mx'] ?? [];
    expect(stopped.state).toBe('cancelled');
    expect(stopped.sent).toBeLessThan(listings.length);
    expect((await as('operator', 'DELETE', `${replays}/${slow.body.id}`)).status).toBe(409);
    await reel.app.stop();
    const file = reel.data;
    reel = await startConsole(
      {
        REEL_CONSOLE_ACCESS: 'on',
        REEL_MASK_ROLES: 'view',
        REEL_SNAPSHOTS_TOPIC: captures,
        REEL_DEAD_LETTERS_TOPIC: dead,
      },
      { data: file },
    );
    // It was slow because it was told to be: at that speed the rest takes seconds.
    expect((await as('operator', 'POST', `${replays}/${slow.body.id}/resume`)).status).toBe(200);
    const done = await ended(slow.body.id);
    expect(done).toMatchObject({ state: 'done', sent: listings.length });
    const sent = (await all(lab)).slice(before).filter((m) => m.value !== null);
    expect(sent.map((m) => String(m.headers['captured-at']))).toEqual(listings.map((l) => iso(l.at)));
  });

  test('as events, too', async () => {
    const { body } = await as<Replay>('operator', 'POST', replays, {
      ...wanted,
      as: 'events',
      router: 'demo-lac-north',
    });
    expect(await ended(body.id)).toMatchObject({ state: 'done', error: '' });
  });

  test.each([
    [{ topic: captures }, 422, 'read by this installation itself'],
    [{ topic: 'operators.nowhere' }, 422, 'operators.nowhere'],
    [{ topic: 'no topic' }, 400, 'topic'],
    [{ from: wanted.to, to: wanted.from }, 422, 'not before'],
    [{ to: '2100-01-01T00:00:00Z' }, 422, 'in the future'],
    [{ speed: -1 }, 400, 'speed'],
  ])('%o is refused', async (patch, status, words) => {
    const answer = await as<{ detail: string }>('operator', 'POST', replays, { ...wanted, ...patch });
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(words)]);
  });

  test('whose role is bound replays its routers alone, and sees no other', async () => {
    expect((await as('bound', 'POST', replays, { ...wanted, router: 'demo-lns-mx' })).status).toBe(403);
    const { body } = await as<Replay>('bound', 'POST', replays, { ...wanted, as: 'events' });
    expect(body.routers).toEqual(['demo-lns-m']);
    const listed = await as<{ replays: Replay[] }>('bound', 'GET', replays);
    expect(listed.body.replays.every((r) => r.routers?.join() === 'demo-lns-m')).toBe(true);
    const { body: everything } = await as<{ replays: Replay[] }>('operator', 'GET', replays);
    const foreign = everything.replays.find((r) => r.routers?.join() === 'demo-lns-mx');
    expect((await as('bound', 'GET', `${replays}/${foreign?.id ?? ''}`)).status).toBe(404);
    expect((await as('bound', 'DELETE', `${replays}/${foreign?.id ?? ''}`)).status).toBe(404);
    await ended(body.id);
  });
});

test('without Kafka the lists say so, and the rest goes on', async () => {
  const lost = await startConsole({ REEL_KAFKA_BROKERS: '127.0.0.1:9' });
  const { response, body } = await lost.get(`${base}/open`);
  expect([response.status, (body as { detail: string }).detail]).toEqual([
    503,
    expect.stringContaining('Kafka'),
  ]);
  expect((await lost.get('/api/operations/pipeline')).response.status).toBe(200);
  await lost.stop();
});
