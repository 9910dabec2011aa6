/** The API against its own description: schemathesis from PyPI looks for a 5xx or an answer that is not as described. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { iso, startConsole, type Running } from './consoles.ts';

const version = '4.32.5';
const truth = inject('truth');
let reel: Running;
beforeAll(async () => {
  reel = await startConsole({ REEL_CONSOLE_QUERY_SECONDS: '60' });
});
afterAll(() => reel.stop());

interface Finished {
  readonly status: number;
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string): Promise<Finished> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: '1' } });
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => {
      resolve({ status: -1, output: error.message });
    });
    child.on('close', (status) => {
      resolve({ status: status ?? -1, output });
    });
  });
}

/** The command in a virtual environment that is kept; undefined, with a word, when PyPI cannot be reached. */
async function schemathesis(): Promise<string | undefined> {
  const cache =
    process.env['REEL_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sessionreel');
  const folder = join(cache, `schemathesis-${version}`);
  const command = join(folder, 'bin', 'schemathesis');
  if (existsSync(command)) return command;
  const made = await run('python3', ['-m', 'venv', folder], process.cwd());
  const installed =
    made.status === 0
      ? await run(
          join(folder, 'bin', 'pip'),
          ['install', '--quiet', `schemathesis==${version}`],
          process.cwd(),
        )
      : made;
  if (installed.status === 0 && existsSync(command)) return command;
  process.stdout.write(`schemathesis cannot be installed from PyPI: ${installed.output.slice(-500)}\n`);
  return undefined;
}

test(
  'schemathesis finds no 5xx and no answer that is not as described',
  { timeout: 400_000 },
  async (context) => {
    const command = await schemathesis();
    if (command === undefined) return context.skip('schemathesis cannot be installed: is PyPI reached?');
    const folder = mkdtempSync(join(inject('dir'), 'schemathesis-'));
    const { status, output } = await run(
      command,
      [
        'run',
        `${reel.address}/api/openapi.json`,
        ...[
          '--checks',
          'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance',
        ],
        ...['--exclude-path', '/api/live'],
        ...[
          '--max-examples',
          '3',
          '--seed',
          '1',
          '--workers',
          '2',
          '--request-timeout',
          '60',
          '--phases',
          'examples,coverage,fuzzing',
        ],
      ],
      folder,
    );
    expect(status, output.slice(-6_000)).toBe(0);
  },
);

/** What breaks out of SQL, of paths, of logs and of pages. */
const hostile = [
  "' OR 1=1 --",
  "'; DROP TABLE snapshots; --",
  '{x:String}',
  '\\',
  "\\'",
  '%00',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '${jndi:ldap://x}',
  '\u202egnp',
  '🚨'.repeat(40),
  '-1',
  '1e999',
  'null',
];

test(
  'hostile text in every parameter is refused or taken as text, never more',
  { timeout: 300_000 },
  async () => {
    const { paths } = (await reel.get('/api/openapi.json')).body as {
      paths: Record<string, { get?: { parameters?: { name: string; in: string }[] } }>;
    };
    const before = (await reel.get(`/api/fleet?at=${iso(truth.to)}`)).body;
    for (const [path, { get }] of Object.entries(paths)) {
      if (get === undefined || path === '/api/live') continue;
      for (const [i, parameter] of (get.parameters ?? []).entries()) {
        // Each parameter meets some of them, all parameters together each many times.
        for (const text of hostile.filter((_, n) => parameter.in === 'path' || (n + i) % 3 === 0)) {
          const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
            name === parameter.name ? encodeURIComponent(text) : name === 'router' ? 'demo-lns-m' : '1',
          );
          const url =
            parameter.in === 'query' ? `${filled}?${parameter.name}=${encodeURIComponent(text)}` : filled;
          const response = await fetch(reel.address + url);
          const body = await response.text();
          expect([url, response.status < 500]).toEqual([url, true]);
          expect(body).not.toMatch(/DB::Exception|Syntax error|at .*\.ts:\d+/);
        }
      }
    }
    expect((await reel.get(`/api/fleet?at=${iso(truth.to)}`)).body).toEqual(before);
  },
);

test('the description is OpenAPI 3.1, and every answer in it has a schema', async () => {
  const { openapi, paths } = (await reel.get('/api/openapi.json')).body as {
    openapi: string;
    paths: Record<
      string,
      Record<
        string,
        { summary?: string; responses: Record<string, { content?: Record<string, { schema?: object }> }> }
      >
    >;
  };
  expect(openapi).toBe('3.1.0');
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { summary, responses }] of Object.entries(methods)) {
      expect([path, method, typeof summary]).toEqual([path, method, 'string']);
      for (const [status, { content = {} }] of Object.entries(responses))
        expect([path, method, status, Object.values(content).every((c) => c.schema !== undefined)]).toEqual([
          path,
          method,
          status,
          true,
        ]);
    }
});
