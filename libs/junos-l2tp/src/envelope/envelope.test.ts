/** What surrounds a reply, and what is none. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ParseHints } from './reader.ts';
import { parseCapture } from '../testing/parse-capture.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../../fixtures/${name}/in.txt`, import.meta.url), 'utf8');
const lns = sample('08-extensive-lns-on-mx-series-routers');
const reply = lns.slice(lns.indexOf('\n') + 1);
const parse = (text: string | Uint8Array, hints: ParseHints = {}): ReturnType<typeof parseCapture> =>
  parseCapture([Buffer.from(text as string)], hints);
const facts = (text: string, hints: ParseHints = {}) => parse(text, hints).snapshots.map((s) => s.facts);

describe('completeness', { timeout: 60_000 }, () => {
  it('is proven by a prompt', () => {
    expect(facts(`${lns}user@host> `)).toMatchObject([{ complete: true, sessions: 1, router: 'host' }]);
    expect(facts(`${lns}\n{master}\nuser@host> `)).toMatchObject([{ complete: true }]);
    expect(
      facts(
        `{master}[edit]\nuser@re0# run show services l2tp session extensive\n${reply}\n{master}[edit]\nuser@re0# `,
      ),
    ).toMatchObject([{ complete: true, router: 're0', level: 'extensive' }]);
  });

  it('is vouched for, or missing', () => {
    expect(facts(lns)).toMatchObject([{ complete: false, incompleteReason: 'no end seen' }]);
    expect(facts(lns, { complete: true })).toMatchObject([{ complete: true }]);
    expect(facts(reply, { complete: true })).toMatchObject([
      { complete: true, level: 'extensive', router: null },
    ]);
  });

  it('is gone where a pipe may have dropped lines, an error followed or a row was lost', () => {
    expect(
      facts(`user@host> show services l2tp session extensive | match x\n${reply}user@host> `)[0],
    ).toMatchObject({
      complete: false,
      incompleteReason: 'filtered by | match',
    });
    expect(facts(`${lns}error: timeout\nuser@host> `)[0]).toMatchObject({
      complete: false,
      incompleteReason: 'error after rows',
    });
    const lost = facts(`${lns.replace('17967', '99999')}user@host> `)[0];
    expect(lost).toMatchObject({ complete: false, sessions: 0 });
    expect(lost?.errors[0]).toMatchObject({ line: 3 });
  });

  it('holds for an empty listing between two prompts only', () => {
    expect(facts('user@host> show services l2tp session\n\nuser@host> ')).toMatchObject([
      { complete: true, sessions: 0 },
    ]);
    expect(facts('user@host> show services l2tp session\n')).toMatchObject([
      { complete: false, sessions: 0 },
    ]);
  });
});

describe('what is no snapshot', { timeout: 60_000 }, () => {
  it.each([
    ['nothing', ''],
    ['blank lines', '\n\n'],
    ['garbage', '\u0000\u0001\u0002'],
    ['an error', 'user@host> show services l2tp session\nerror: l2tp subsystem not running\nuser@host> '],
    ['a warning alone', 'user@host> show services l2tp session\nwarning: not running\nuser@host> '],
    [
      'a command that was not understood',
      'user@host> show services l2tp sesion\n                         ^\nsyntax error.\nuser@host> ',
    ],
    ['another command', 'user@host> show version\nModel: mx960\nuser@host> '],
    ['a table of something else', 'Interface    Admin Link\nge-0/0/0     up    up\n'],
  ])('%s is an error, never an empty router', (_, text) => {
    const { snapshots, result } = parse(text, { complete: true });
    expect(snapshots).toEqual([]);
    expect(result.errors.length).toBeGreaterThan(0);
  });
});

describe('several commands in one capture', { timeout: 60_000 }, () => {
  it('are several snapshots, and other output between them is passed over', () => {
    const capture = `user@a> sh serv l2tp sess ext\n${reply}\nuser@a> show version\nModel: mx960\n\nuser@a> show services l2tp session local-tunnel-id 5\n\nuser@a> `;
    expect(facts(capture)).toMatchObject([
      { ordinal: 0, level: 'extensive', scope: {}, sessions: 1, complete: true },
      { ordinal: 1, level: 'brief', scope: { 'local-tunnel-id': '5' }, sessions: 0, complete: true },
    ]);
  });
});

describe('a pager', { timeout: 60_000 }, () => {
  it.each([
    '---(more)---\r                    \r',
    '---(more 45%)---\b\b\b   \b\b\b',
    '---(more)---\u001b[2K\r',
    '---(more 9%)---\n',
  ])('leaves nothing behind: %j', (remains) => {
    const paged = lns
      .replace('    Bearer', `${remains}    Bearer`)
      .replace('Tunnel local', `${remains}Tunnel local`);
    expect(parse(paged).snapshots[0]?.sessions).toEqual(parse(lns).snapshots[0]?.sessions);
  });
});

describe('a text that is not whole', { timeout: 60_000 }, () => {
  it('says nothing behind its last line end', () => {
    const cut = lns.slice(0, lns.indexOf('Update 256000') + 'Update 25'.length);
    const [session] = parse(cut).snapshots[0]?.sessions ?? [];
    expect(session?.record.values['tx_speed']).toBeUndefined();
    expect(session?.record.values['mode']).toBe('dedicated');
  });
});
