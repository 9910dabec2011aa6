/** `reel what-happened`: what dropped, and what it has in common. */
import { whatHappened, type WhatHappened } from '@sessionreel/queries';
import type { Command } from 'commander';
import { answering, column, coverageNotes, section, type Answer } from './answer.ts';
import { secondsOf } from './ask.ts';
import { wrongUsage } from '../terminal/cli-error.ts';
import { processIo, type Io } from '../terminal/terminal.ts';
import { localZone, parseTime, printTime } from '../terminal/times.ts';
import { shownShare } from '../terminal/units.ts';

const help = `
What closed, failed or changed state within minutes of a time, grouped by what it has in common (router, peer, FPC, interface,
tunnel, site). A group comes first when much more of it is gone than of all others, and when it explains most of what went.
Every end lies between two snapshots: the last that showed the session and the first that did not.
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('what-happened')
    .description('what dropped around a time, and what it has in common')
    .option('--around <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m; default: now')
    .option('--within <duration>', 'how far before and after', '5m')
    .addHelpText('after', help);
  answering(
    command,
    io,
    ["what-happened --around '2026-11-20 10:00'", 'what-happened --around -2h --within 15m --output json'],
    async (store, flags: { around?: string; within: string }) => {
      const around = flags.around === undefined ? io.now() : parseTime(flags.around, io.now(), localZone());
      if (around > io.now()) throw wrongUsage(`${printTime(around)} is in the future`);
      return answerOf(await whatHappened(store, { around, withinS: secondsOf('--within', flags.within) }));
    },
  );
}

function answerOf(found: WhatHappened): Answer {
  type Common = WhatHappened['common'][number];
  type Event = WhatHappened['routerEvents'][number];
  type Away = WhatHappened['notBack'][number];
  const common = [
    column<Common>('by', 'in common', (x) => x.by.replace('_', ' ')),
    column<Common>('name', 'name', (x) => x.name),
    column<Common>('gone', 'gone', (x) => x.gone),
    column<Common>('before', 'of', (x) => x.before),
    column<Common>(
      'share',
      'share',
      (x) => round(x.share),
      (x) => shownShare(x.share),
    ),
    column<Common>(
      'share_of_rest',
      'of all others',
      (x) => round(x.shareOfRest),
      (x) => shownShare(x.shareOfRest),
    ),
    column<Common>(
      'coverage',
      'of all that went',
      (x) => round(x.coverage),
      (x) => shownShare(x.coverage),
    ),
    column<Common>('from', 'not before', (x) => printTime(x.between[0])),
    column<Common>('to', 'not after', (x) => printTime(x.between[1])),
  ];
  const events = [
    column<Event>('at', 'at', (x) => printTime(x.at)),
    column<Event>('router', 'router', (x) => x.router),
    column<Event>('kind', 'what', (x) => x.kind),
    column<Event>('detail', 'detail', (x) => x.detail),
  ];
  const away = [
    column<Away>('user_name', 'user', (x) => x.userName),
    column<Away>('router', 'router', (x) => x.router),
    column<Away>('peer_gateway', 'peer', (x) => x.peerGateway),
    column<Away>('last_seen_at', 'last seen', (x) => printTime(x.lastSeenAt)),
    column<Away>('gone_by', 'gone by', (x) => printTime(x.goneBy)),
  ];
  return {
    sections: [
      section('common', 'what they have in common', common, found.common),
      section('router_event', 'events of routers', events, found.routerEvents),
      section('not_back', 'not back 15 minutes later', away, found.notBack),
    ],
    notes: [...summary(found), ...coverageNotes(found.coverage)],
  };
}

const round = (share: number): number => Math.round(share * 10_000) / 10_000;

function summary(found: WhatHappened): string[] {
  const n = (value: number): string => value.toLocaleString('en');
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${n(count)}`)
      .join(', ');
  const notes = [
    `${printTime(found.from)} to ${printTime(found.to)}: ${n(found.ended)} of ${n(found.before)} sessions ended${found.ended === 0 ? '' : ` (${listed(found.reasons)})`}`,
  ];
  if (Object.keys(found.stateChanges).length > 0) notes.push(`changed state: ${listed(found.stateChanges)}`);
  if (Object.keys(found.setupFailures).length > 0)
    notes.push(`died before they were established: ${listed(found.setupFailures)}`);
  if (found.ended === 0) return notes;
  const minutes = (s: number): string => `${s / 60} min`;
  notes.push(
    `named subscribers back: ${found.recovery.map((r) => `${minutes(r.afterS)} ${shownShare(r.back)}`).join(', ')}`,
    `sessions of the routers that lost some, against before: ${found.recoveryByCount.map((r) => `${minutes(r.afterS)} ${shownShare(r.share)}`).join(', ')}`,
  );
  if (found.endedWithoutName > 0)
    notes.push(
      `${n(found.endedWithoutName)} ends have no user name in their captures: who of them is back cannot be told`,
    );
  if (found.notBackFound > found.notBack.length)
    notes.push(`${n(found.notBackFound)} subscribers are not back in all`);
  return notes;
}
