import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from './io.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-parse-'));
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const capture = `user@host> show services l2tp session
Tunnel local ID: 31889
  Local  Remote   State                Interface         Interface
  ID     ID                            unit              Name
   31694      1   Established                311         pp0
`;

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('reel parse', () => {
  it('prints a line for each session and one for the snapshot', async () => {
    const { status, stdout, stderr } = await run(['parse', file('brief.txt', capture)]);
    expect([status, stderr]).toEqual([0, '']);
    expect(linesOf(stdout)).toMatchObject([
      {
        type: 'session',
        tunnel_local_id: 31889,
        session_local_id: 31694,
        state: 'established',
        unknown_fields: {},
      },
      {
        type: 'snapshot',
        format: 'text',
        level: 'brief',
        scope: {},
        complete: false,
        sessions: 1,
        unknown_fields: 0,
        errors: [],
      },
    ]);
  });

  it('takes a listing without a prompt for whole when told so', async () => {
    const { stdout } = await run(['parse', '--complete', file('brief.txt', capture)]);
    expect(linesOf(stdout)[1]).toMatchObject({ complete: true });
  });

  it('takes the command from its option, and standard input for -', async () => {
    const reply = capture.slice(capture.indexOf('\n') + 1);
    const { status, stdout } = await run(
      ['parse', '--command', 'show services l2tp session local-gateway 10.0.0.1', '-'],
      { stdin: reply },
    );
    expect(status).toBe(0);
    expect(linesOf(stdout).at(-1)).toMatchObject({ scope: { 'local-gateway': '10.0.0.1' } });
  });

  it.each([
    ['an empty file', ''],
    [
      'an error reply',
      'user@host> show services l2tp session\nerror: the l2tp subsystem is not running\nuser@host> \n',
    ],
    ["another command's output", 'user@host> show version\nHostname: host\nuser@host> \n'],
    ['a binary file', Uint8Array.from({ length: 4000 }, (_, i) => (i * 37) % 256)],
  ])('ends with status 1 and a sentence for %s', async (name, content) => {
    const { status, stdout, stderr } = await run(['parse', file('bad', content)]);
    expect(status, name).toBe(1);
    expect(stdout).not.toContain('"type":"session"');
    expect(stderr).toMatch(/^reel: .*bad/);
  });

  it('ends with status 1 when one of several files is bad, after all of them', async () => {
    const { status, stdout } = await run(['parse', file('empty', ''), file('brief.txt', capture)]);
    expect(status).toBe(1);
    expect(stdout).toContain('"session_local_id":31694');
  });

  it('names a file that is not there', async () => {
    const { status, stderr } = await run(['parse', join(folder, 'none\u001b[31m.txt')]);
    expect(status).toBe(1);
    expect(stderr).toContain('none\\x1b[31m.txt: there is no such file');
  });

  it.each([[['parse']], [['parse', '--format', 'yaml', 'x']], [['parse', '--colour', 'x']], [['nosuch']]])(
    'ends with status 2 for wrong usage: %j',
    async (argv) => {
      expect((await run(argv)).status).toBe(2);
    },
  );

  it('explains itself with examples', async () => {
    const { status, stdout } = await run(['parse', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('$ reel parse capture.txt');
  });
});
