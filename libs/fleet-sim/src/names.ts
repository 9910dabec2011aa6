/** What subscribers call themselves. */
import type { Prng } from './prng.ts';

const realms = ['isp.example', 'dsl.example.net', 'wholesale.example', 'fibre.example.org'];

/** Names that a parser, a page, a query or a terminal may trip over. All are one line, without blanks around them. */
const hostile: readonly string[] = [
  'bob, Assigned IP address: 198.51.100.66',
  'State: Destroyed, Bundle ID: 7, Mode: shared',
  'Session local ID: 1, Session remote ID: 2',
  'Username: root, Assigned IP address: 203.0.113.9, Assigned IP address: 203.0.113.10',
  'Create time: Tue Mar 23 14:13:15 2004, Up time: 01:16:41',
  'Tunnel local ID: 4711',
  'user@host> show services l2tp session',
  '<script>alert(1)</script>',
  '</l2tp-session-user-name><l2tp-session-state>Closed</l2tp-session-state>',
  ']]>]]>',
  '&lt;&amp;amp;&#0;',
  "Robert'); DROP TABLE session_history;--",
  '"quoted", \'single\', `tick`, \\back\\slash',
  '{"data":"x"}',
  '\u001b[31mred\u001b[0m\u0007',
  '---(more)---',
  'N/A',
  'error: l2tp daemon is not running',
  '12345 7',
  'Ωμέγα@пример.рф',
  '用户名@例え.jp',
  'a\u0301\u200b\u202egnp.exe',
  '\u{1f600}\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  'no\u00a0break\u00a0space',
  'tab\tinside',
  'x'.repeat(253),
];

export function userName(prng: Prng, subscriber: number, hostileShare: number): string {
  if (prng.chance(hostileShare)) return prng.pick(hostile);
  return `u${String(subscriber).padStart(6, '0')}@${prng.pick(realms)}`;
}
