import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startClickHouse } from './clickhouse.ts';
import type { RunningServer } from './start-server.ts';

let server: RunningServer;
let client: ClickHouseClient;
const dir = mkdtempSync(join(tmpdir(), 'reel-clickhouse-'));

beforeAll(async () => {
  server = await startClickHouse({ dir, port: 0 });
  client = createClient({ url: server.address, log: { level: ClickHouseLogLevel.OFF } });
  await client.command({ query: 'CREATE DATABASE d' });
  await client.command({ query: 'CREATE TABLE d.t (a Int64, b String) ENGINE = MergeTree ORDER BY a' });
}, 30_000);

afterAll(async () => {
  await client.close();
  await server.stop();
});

async function ask(query: string, parameters: Record<string, string> = {}, init: RequestInit = {}) {
  const url = `${server.address}/?${new URLSearchParams({ query, ...parameters }).toString()}`;
  return fetch(url, { method: 'POST', ...init });
}

async function text(query: string, parameters: Record<string, string> = {}): Promise<string> {
  const response = await ask(query, parameters);
  const body = await response.text();
  if (!response.ok) throw new Error(body);
  return body;
}

/** An object container file of the table's rows, made by hand (Avro 1.11, no codec), not by the engine. */
function avro(rows: readonly (readonly [number, string])[]): Buffer {
  const long = (value: number): Buffer => {
    let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
    const bytes: number[] = [];
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    return Buffer.from([...bytes, Number(left)]);
  };
  const string = (value: string | Buffer): Buffer =>
    Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
  const schema =
    '{"type":"record","name":"r","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}';
  const block = Buffer.concat(rows.flatMap(([a, b]) => [long(a), string(b)]));
  const sync = Buffer.alloc(16, 0x2a);
  return Buffer.concat([
    Buffer.from('Obj\u0001'),
    long(1),
    string('avro.schema'),
    string(schema),
    long(0),
    sync,
    long(rows.length),
    long(block.length),
    block,
    sync,
  ]);
}

test('ping, and a database that is not there', async () => {
  expect(await (await fetch(`${server.address}/ping`)).text()).toBe('Ok.\n');
  expect(await (await fetch(`${server.address}/replicas_status`)).text()).toBe('Ok.\n');
  expect((await client.ping()).success).toBe(true);
  expect((await ask('SELECT 1', { database: 'nope' })).status).toBe(404);
});

test('an Avro body arrives row for row, with NUL bytes, quotes and line ends', async () => {
  const rows = Array.from(
    { length: 5_000 },
    (_, i) => [i - 2_500, `s${i}\0\n';--${'é'.repeat(i % 7)}`] as const,
  );
  await text('CREATE TABLE d.avro AS d.t');
  const response = await ask('INSERT INTO d.avro FORMAT Avro', {}, { body: avro(rows) });
  expect(await response.text()).toBe('');
  const summary = JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}') as Record<string, string>;
  expect(summary['written_rows']).toBe('5000');
  const stored = (await (await ask('SELECT a, b FROM d.avro ORDER BY a FORMAT JSONCompact')).json()) as {
    data: [number, string][];
  };
  expect(stored.data).toEqual(rows);
});

test('an insert through the client, and one with the data behind the query', async () => {
  await text('CREATE TABLE d.c AS d.t');
  await client.insert({ table: 'd.c', values: [{ a: 1, b: 'x' }], format: 'JSONEachRow' });
  await client.insert({ table: 'd.c', values: [], format: 'JSONEachRow' });
  await client.command({ query: `INSERT INTO d.c VALUES (2, 'y;z'), (3, concat('a', 'b'))` });
  await client.command({ query: 'INSERT INTO d.c (b, a) FORMAT CSV\n"q\n2",4\n' });
  await client.command({ query: 'INSERT INTO d.c SELECT a + 10, b FROM d.c WHERE a = 1' });
  const rows = await client.query({ query: 'SELECT a, b FROM d.c ORDER BY a', format: 'JSONCompactEachRow' });
  expect(await rows.json()).toEqual([
    [1, 'x'],
    [2, 'y;z'],
    [3, 'ab'],
    [4, 'q\n2'],
    [11, 'x'],
  ]);
});

test.each([
  ['SELECT * FROM d.nope', 60, 404],
  ['SELEC 1', 62, 400],
  ['SELECT 1; SELECT 2', 62, 400],
  ['SELECT nope', 47, 404],
  ['INSERT INTO d.nope FORMAT CSV', 60, 404],
  ['SELECT throwIf(1)', 395, 500],
])('%s is error %i with status %i', async (query, code, status) => {
  const response = await ask(query, {}, { body: query.startsWith('INSERT') ? '1,a\n' : '' });
  expect(response.status).toBe(status);
  expect(response.headers.get('x-clickhouse-exception-code')).toBe(String(code));
  expect(await response.text()).toMatch(
    new RegExp(`^Code: ${code}\\. DB::Exception: [^]*\\([A-Z_]+\\) \\(version `),
  );
});

test('errors of an insert: bad data, a short file, too many partitions', async () => {
  const bad = await ask('INSERT INTO d.t FORMAT JSONEachRow', {}, { body: '{"a": "no"}' });
  expect(bad.status).toBe(400);
  expect(bad.headers.get('x-clickhouse-exception-code')).toBe('27');
  const body = await bad.text();
  expect(body).not.toContain(dir);
  expect(body).toMatch(/\(CANNOT_PARSE_INPUT_ASSERTION_FAILED\)/);
  const file = avro([
    [1, 'a'],
    [2, 'b'],
  ]);
  const short = await ask('INSERT INTO d.t FORMAT Avro', {}, { body: file.subarray(0, -20) });
  expect(short.ok).toBe(false);
  await text('CREATE TABLE d.parts (a Int64) ENGINE = MergeTree PARTITION BY a ORDER BY a');
  const many = await ask('INSERT INTO d.parts SELECT number FROM numbers(101)');
  expect(many.headers.get('x-clickhouse-exception-code')).toBe('252');
  expect(await text('SELECT count() FROM d.t')).toBe('0\n');
});

test('an insert with the same token is dropped, in a view behind it too, and a setting does not stay', async () => {
  await text('CREATE TABLE d.box (a Int64, b String) ENGINE = Null');
  await text(
    'CREATE TABLE d.target (a Int64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
  );
  await text('CREATE MATERIALIZED VIEW d.mv TO d.target AS SELECT a FROM d.box');
  const insert = async (parameters: Record<string, string>) =>
    ask('INSERT INTO d.box FORMAT Avro', parameters, {
      body: avro([
        [1, 'a'],
        [2, 'b'],
      ]),
    });
  const same = { insert_deduplication_token: 'k', deduplicate_blocks_in_dependent_materialized_views: '1' };
  expect((await insert(same)).status).toBe(200);
  expect((await insert(same)).status).toBe(200);
  expect(await text('SELECT count() FROM d.target')).toBe('2\n');
  expect((await insert({ ...same, insert_deduplication_token: 'k2' })).status).toBe(200);
  expect(await text('SELECT count() FROM d.target')).toBe('4\n');
  expect(await text("SELECT getSetting('insert_deduplication_token')")).toBe('\n');
  expect((await ask('SELECT 1', { no_such_setting: '1' })).headers.get('x-clickhouse-exception-code')).toBe(
    '115',
  );
});

test('parameters are bound, in ClickHouse escapes', async () => {
  const query = 'SELECT {s:String} AS s, {n:UInt64} AS n, {l:Array(String)} AS l, {t:DateTime64(3)} AS t';
  const s = `it's\ta "tab"\\ and\nlines – é`;
  const result = await client.query({
    query,
    query_params: { s, n: '18446744073709551615', l: ['a', "b'c"], t: '2026-11-20 10:00:00.123' },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  expect(await result.json()).toEqual([
    { s, n: '18446744073709551615', l: ['a', "b'c"], t: '2026-11-20 10:00:00.123' },
  ]);
});

test('gzip both ways', async () => {
  await text('CREATE TABLE d.z AS d.t');
  const headers = { 'content-encoding': 'gzip' };
  const sent = await ask('INSERT INTO d.z FORMAT CSV', {}, { body: gzipSync('1,a\n2,b\n'), headers });
  expect(sent.status).toBe(200);
  expect(await text('SELECT sum(a) FROM d.z')).toBe('3\n');
  const raw = await rawGet(`/?query=SELECT+number+FROM+numbers(1000)&enable_http_compression=1`);
  expect(raw.encoding).toBe('gzip');
  expect(gunzipSync(raw.body).toString().split('\n')).toHaveLength(1_001);
  const broken = await ask('INSERT INTO d.z FORMAT CSV', {}, { body: 'not gzip', headers });
  expect(broken.headers.get('x-clickhouse-exception-code')).toBe('354');
});

/** fetch undoes compression, so this one asks below it. */
async function rawGet(path: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(server.address + path, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) });
      });
    }).on('error', reject);
  });
}

test('a large result is streamed, and an error in its middle reaches the client', async () => {
  const query = 'SELECT number, throwIf(number = 3000000) FROM numbers(4000000)';
  const result = await client.query({ query, format: 'JSONEachRow' });
  let rows = 0;
  const reading = (async () => {
    for await (const batch of result.stream()) rows += batch.length;
  })();
  await expect(reading).rejects.toThrow(/throwIf|non-zero/);
  expect(rows).toBeGreaterThan(100_000);
});

test('GET only reads', async () => {
  const url = `${server.address}/?query=${encodeURIComponent("INSERT INTO d.t VALUES (1, 'a')")}`;
  expect((await fetch(url)).headers.get('x-clickhouse-exception-code')).toBe('164');
  expect(await (await fetch(`${server.address}/?query=SELECT+1`)).text()).toBe('1\n');
});

test('KILL QUERY ends a query by the id that its client gave, while others run', async () => {
  const running = ask('SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))', {
    query_id: 'long one',
  });
  await expect
    .poll(() => text(`SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%'`))
    .toBe('2\n');
  const killed = await text(`KILL QUERY WHERE query_id = 'long one' SYNC`);
  expect(killed).toMatch(/^finished\t.*sipHash64/);
  const response = await running;
  expect(response.headers.get('x-clickhouse-exception-code')).toBe('394');
});

test('another user or password is refused', async () => {
  for (const headers of [
    { 'x-clickhouse-user': 'eve' },
    { authorization: `Basic ${Buffer.from('default:no').toString('base64')}` },
  ])
    expect((await ask('SELECT 1', {}, { headers })).status).toBe(403);
  expect((await ask('SELECT 1', { user: 'default', password: '' })).status).toBe(200);
});

test('what was answered is there after kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reel-clickhouse-kill-'));
  const first = await startClickHouse({ dir: folder, port: 0 });
  const run = async (address: string, query: string): Promise<string> =>
    (await fetch(address, { method: 'POST', body: query })).text();
  expect(await run(first.address, 'CREATE TABLE k (a Int64) ENGINE = MergeTree ORDER BY a')).toBe('');
  expect(await run(first.address, 'INSERT INTO k VALUES (1)(2)(3)')).toBe('');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.ended).toBe('was ended by SIGKILL');
  const second = await startClickHouse({ dir: folder, port: 0 });
  expect(await run(second.address, 'SELECT sum(a) FROM k')).toBe('6\n');
  await expect(startClickHouse({ dir: folder, port: 0 })).rejects.toThrow('another ClickHouse is running on');
  await expect(startClickHouse({ dir: mkdtempSync(`${folder}-`), port: second.port })).rejects.toThrow(
    `port ${second.port} for ClickHouse is taken`,
  );
  await second.stop();
  writeFileSync(join(folder, 'WRITTEN-BY'), 'ClickHouse chDB 9.9\n');
  await expect(startClickHouse({ dir: folder, port: 0 })).rejects.toThrow(
    'was written by ClickHouse chDB 9.9',
  );
}, 30_000);
