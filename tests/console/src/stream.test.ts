/** The stream of live changes: to whom it tells what, and when it ends; and requests that never reach a route. */
import { connect } from 'node:net';
import { KafkaClient, KafkaProducer } from '@sessionreel/kafka';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { iso, startConsole, type Running } from './consoles.ts';
import { canaryUser, named } from './feed.ts';

const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const producer = new KafkaProducer(
  new KafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'stream-test', log: quiet }),
);

let reel: Running;
const tokens: Record<string, { readonly token: string; readonly id: string }> = {};
beforeAll(async () => {
  reel = await startConsole(
    { REEL_CONSOLE_ACCESS: 'on', REEL_MASK_ROLES: 'view' },
    {
      before: (app) => {
        const make = (name: string, role: 'view' | 'operator', routers: string[]): void => {
          const { token, facts } = app.tokens.add({ name, role, sites: [], routers, expires_at: null });
          tokens[name] = { token, id: facts.id };
        };
        make('masked', 'view', []);
        make('elsewhere', 'operator', ['demo-lns-mx']);
        make('revoked', 'operator', []);
      },
    },
  );
});
afterAll(async () => {
  await producer.stop();
  await reel.stop();
});

interface Stream {
  text: string;
  ended: boolean;
  readonly stop: () => void;
}

async function watch(path: string, name: string): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(reel.address + path, {
    signal: abort.signal,
    headers: { authorization: `Bearer ${tokens[name]?.token ?? ''}` },
  });
  expect(response.status).toBe(200);
  const stream: Stream = { text: '', ended: false, stop: () => abort.abort() };
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk as Uint8Array).toString();
    stream.ended = true;
  };
  read().catch(nothing);
  return stream;
}

test('it tells each what they may see, names no subscriber to whom names are masked, and ends with the token', async () => {
  const [masked, elsewhere, revoked] = await Promise.all(
    ['masked', 'elsewhere', 'revoked'].map((name) => watch('/api/live', name)),
  );
  // A look at what there is, so that the next one tells what is new.
  await expect.poll(() => masked?.text, { timeout: 20_000 }).toContain('still here');
  const headers = {
    'captured-at': iso(Date.now() - 1_000),
    complete: 'true',
    command: `show services l2tp session extensive user ${canaryUser}`,
  };
  await producer.send('l2tp.snapshots', [{ key: 'stream-lns', value: named(canaryUser), headers }]);
  await expect.poll(() => revoked?.text, { timeout: 60_000 }).toContain('"router":"stream-lns"');
  await expect.poll(() => masked?.text, { timeout: 10_000 }).toContain('"router":"stream-lns"');
  expect(masked?.text).toContain('event: snapshot');
  expect(masked?.text).not.toContain(canaryUser);
  expect(elsewhere?.text).not.toContain('stream-lns');
  reel.app.tokens.remove(tokens['revoked']?.id ?? '');
  await expect.poll(() => revoked?.ended, { timeout: 10_000 }).toBe(true);
  expect([masked?.ended, elsewhere?.ended]).toEqual([false, false]);
  masked?.stop();
  elsewhere?.stop();
});

test('an address that is none, and a body of another type, are problems as all others', async () => {
  const status = async (head: string, body = ''): Promise<string> => {
    const { port } = new URL(reel.address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(
      `${head}\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${tokens['masked']?.token ?? ''}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  };
  const badAddress = await status('GET /api/routers/%ff/sessions HTTP/1.1');
  expect(badAddress).toMatch(/^HTTP\/1.1 400 /);
  expect(badAddress.toLowerCase()).toContain('content-type: application/problem+json');
  const plain = await status('POST /api/who-had HTTP/1.1\r\ncontent-type: text/plain', 'x');
  expect(plain).toMatch(/^HTTP\/1.1 415 /);
  expect(plain.toLowerCase()).toContain('content-type: application/problem+json');
});

test('an answer that may name subscribers is kept by nobody; what is not there has no mark to be asked for again', async () => {
  const init = { headers: { authorization: `Bearer ${tokens['masked']?.token ?? ''}` } };
  for (const path of ['/api/find?q=demo', '/api/who-had?address=100.64.0.1', '/api/operations/pipeline']) {
    const { response } = await reel.get(path, init);
    expect([path, response.headers.get('cache-control')]).toEqual([path, 'no-store']);
  }
  const { response } = await reel.get('/api/routers/nobody/tunnels?at=2026-11-18T02:05:00Z', init);
  expect([response.status, response.headers.get('etag')]).toEqual([404, null]);
});

test('what is wrong with a parameter is said in words', async () => {
  const init = { headers: { authorization: `Bearer ${tokens['masked']?.token ?? ''}` } };
  const detail = async (path: string): Promise<string> =>
    ((await reel.get(path, init)).body as { detail: string }).detail;
  expect(await detail('/api/fleet/top?limit=-1')).toContain('a whole number from 1 to 5000 is wanted');
  expect(await detail('/api/fleet?at=yesterday')).toContain('a time is wanted, such as 2026-11-21T03:12:00Z');
});
