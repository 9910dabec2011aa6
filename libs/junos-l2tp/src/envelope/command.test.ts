import { describe, expect, it } from 'vitest';
import { parseCommand } from './command.ts';

describe('the command line', () => {
  it.each([
    ['show services l2tp session', 'brief', {}],
    ['show services l2tp session extensive', 'extensive', {}],
    ['sh serv l2tp sess ext', 'extensive', {}],
    ['run show services l2tp session detail', 'detail', {}],
    ['show services l2tp session statistics local session-id 1', 'statistics', { 'local-session-id': '1' }],
    [
      'show services l2tp session local-gateway 10.0.0.1 peer-gateway-name lac-1',
      'brief',
      { 'local-gateway': '10.0.0.1', 'peer-gateway-name': 'lac-1' },
    ],
    [
      'show services l2tp session interface si-1/0/0 tunnel-group g brief',
      'brief',
      { interface: 'si-1/0/0', 'tunnel-group': 'g' },
    ],
    [
      String.raw`show services l2tp session user "bob \"x\" \\ | y"`,
      'brief',
      { user: String.raw`bob "x" \ | y` },
    ],
    ['show services l2tp session user "bob the | builder" ext', 'extensive', { user: 'bob the | builder' }],
    [
      'show services l2tp session local-t 7 local-s 9',
      'brief',
      { 'local-tunnel-id': '7', 'local-session-id': '9' },
    ],
    ['show services l2tp session colour red', 'brief', { unknown: 'colour red' }],
  ])('%s', (typed, level, scope) => {
    expect(parseCommand(typed)).toMatchObject({ isL2tpSession: true, level, scope });
  });

  it.each([
    ['show services l2tp session | no-more', 'text', ''],
    ['show services l2tp session extensive | display xml', 'xml', ''],
    ['show services l2tp session | dis json | no', 'json', ''],
    ['show services l2tp session | match Established', 'text', 'match'],
    ['show services l2tp session | display xml | except x', 'xml', 'except'],
    ['show services l2tp session | count', 'text', 'count'],
    ['show services l2tp session | nonsense', 'text', 'nonsense'],
  ])('%s', (typed, display, dropping) => {
    expect(parseCommand(typed)).toMatchObject({ isL2tpSession: true, display, dropping });
  });

  it.each([
    'show version',
    'show services l2tp tunnel',
    'show services l2tp summary',
    'clear services l2tp session',
    'show s l2tp session',
    '',
  ])('is another command: %s', (typed) => {
    expect(parseCommand(typed).isL2tpSession).toBe(false);
  });

  it('speaks as the router does', () => {
    expect(parseCommand('show services l2tp session peer-g 1.2.3.4').error).toEqual({
      message: "'peer-g' is ambiguous.",
      at: 27,
    });
    expect(parseCommand('show services l2tp session colour').error).toEqual({
      message: 'syntax error.',
      at: 27,
    });
    expect(parseCommand('show services l2tp session user').error).toEqual({
      message: 'missing argument.',
      at: 31,
    });
    expect(parseCommand('show services l2tp session brief extensive').error?.message).toBe('syntax error.');
    expect(parseCommand('show services l2tp session brief').error).toBeNull();
  });

  it('reads the RPC', () => {
    const rpc =
      '<get-l2tp-session-information><extensive/><interface>si-1/0/0</interface></get-l2tp-session-information>';
    expect(parseCommand(rpc)).toMatchObject({
      isL2tpSession: true,
      level: 'extensive',
      scope: { interface: 'si-1/0/0' },
    });
  });
});
