/** `reel fleet both-ends`, `speed-drops`, `speed-plans`: calls and lines. */
import { bothEnds, speedDrops, speedPlans, type BothEnds } from '@sessionreel/queries';
import type { Command } from 'commander';
import { answering, column, coverageNotes, idColumns, section } from './answer.ts';
import { atOf, wholeNumber, wholeRangeOf, withAt, withRange, type AtFlags, type RangeFlags } from './ask.ts';
import type { Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import { shownRate } from '../terminal/units.ts';

export function registerLines(fleet: Command, io: Io): void {
  const ends = fleet
    .command('both-ends')
    .description(
      'calls paired across LAC, tunnel switch and LNS; ends without another; subscribers counted once',
    )
    .option('--router <name>', 'ghosts of this router only');
  answering(
    withAt(ends),
    io,
    ['fleet both-ends', "fleet both-ends --router lns1 --at '2026-11-20 10:00'"],
    async (store, flags: AtFlags & { router?: string }) => {
      const at = atOf(flags, io);
      const found = await bothEnds(store, { at, router: flags.router });
      type Pair = (typeof found.pairs)[number];
      type Ghost = (typeof found.ghosts)[number];
      const pairs = [
        column<Pair>('router', 'router', (x) => x.routers[0]),
        column<Pair>('other', 'and', (x) => x.routers[1]),
        column<Pair>('pairs', 'calls listed by both', (x) => x.pairs),
      ];
      const ghosts = [
        column<Ghost>('certainty', 'how sure', (x) => x.certainty),
        column<Ghost>('router', 'router', (x) => x.router),
        ...idColumns<Ghost>(),
        column<Ghost>('other', 'missing on', (x) => x.other),
        column<Ghost>('state', 'state', (x) => x.state),
        column<Ghost>('user_name', 'user', (x) => x.userName),
        column<Ghost>('created_at', 'created', (x) => (x.createdAt === null ? null : printTime(x.createdAt))),
        column<Ghost>('seen_at', 'listed', (x) => printTime(x.seenAt)),
        column<Ghost>('other_seen_at', 'not listed', (x) => printTime(x.otherSeenAt)),
      ];
      return {
        sections: [
          section('pair', 'pairs', pairs, found.pairs),
          section('ghost', 'ends whose other end is not listed', ghosts, found.ghosts),
        ],
        notes: [...endNotes(found), ...coverageNotes(found.coverage)],
      };
    },
  );
  const drops = fleet
    .command('speed-drops')
    .description('lines whose connect speed went down')
    .option('--limit <rows>', 'how many', '100');
  answering(
    withRange(drops),
    io,
    ['fleet speed-drops --from -7d', 'fleet speed-drops --output ndjson'],
    async (store, flags: RangeFlags & { limit: string }) => {
      const range = wholeRangeOf(flags, io);
      const rows = await speedDrops(store, {
        ...range,
        limit: wholeNumber('--limit', flags.limit, 1, 100_000),
      });
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>('at', 'at', (x) => printTime(x.at)),
        column<Row>('router', 'router', (x) => x.router),
        ...idColumns<Row>(),
        column<Row>('user_name', 'user', (x) => x.userName),
        column<Row>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Row>('direction', 'direction', (x) => x.direction),
        column<Row>(
          'before_bps',
          'before',
          (x) => x.before,
          (x) => shownRate(Number(x.before)),
        ),
        column<Row>(
          'after_bps',
          'after',
          (x) => x.after,
          (x) => shownRate(Number(x.after)),
        ),
        column<Row>('seen_in', 'seen in', (x) => x.seenIn),
      ];
      return {
        sections: [section('drop', 'drops', columns, rows)],
        notes: [
          'tx is towards the subscriber; across sessions a line is known by its user name only',
          ...coverageNotes(rows.coverage),
        ],
      };
    },
  );
  answering(
    withAt(
      fleet
        .command('speed-plans')
        .description('initial against updated connect speeds, and where updates fail'),
    ),
    io,
    ['fleet speed-plans', 'fleet speed-plans --output json'],
    async (store, flags: AtFlags) => {
      const found = await speedPlans(store, { at: atOf(flags, io) });
      type Plan = (typeof found.plans)[number];
      type Update = (typeof found.updates)[number];
      const speed = (value: bigint | null): string =>
        value === null ? 'not printed' : shownRate(Number(value));
      const plans = [
        column<Plan>('role', 'role', (x) => x.role),
        column<Plan>(
          'tx_speed_initial',
          'initial',
          (x) => x.initial,
          (x) => speed(x.initial),
        ),
        column<Plan>(
          'tx_speed',
          'current',
          (x) => x.current,
          (x) => speed(x.current),
        ),
        column<Plan>('sessions', 'sessions', (x) => x.sessions),
      ];
      const updates = [
        column<Update>('router', 'router', (x) => x.router),
        column<Update>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Update>('sessions', 'print both', (x) => x.sessions),
        column<Update>('updated', 'updated', (x) => x.updated),
        column<Update>('failed', 'updated to 0', (x) => x.failed),
        column<Update>('unknown', 'print one', (x) => x.unknown),
      ];
      return {
        sections: [
          section('plan', 'speeds towards the subscriber', plans, found.plans),
          section('update', 'updates, where they fail first', updates, found.updates),
        ],
        notes:
          found.withoutSpeed === 0
            ? []
            : [`${found.withoutSpeed.toLocaleString('en')} sessions print no speed`],
      };
    },
  );
}

function endNotes(found: BothEnds): string[] {
  const n = (value: number): string => value.toLocaleString('en');
  const { otherUnknown, unnamed, tooNew, otherStale } = found.unpaired;
  return [
    `${n(found.listed)} ends listed at ${printTime(found.at)}: ${n(found.subscribers)} subscribers, each counted once${found.switched === 0 ? '' : `, ${n(found.switched)} of them through a tunnel switch`}`,
    ...(found.userNames === 0
      ? []
      : [`${n(found.userNames)} different user names; ${n(found.withoutUserName)} ends print none`]),
    ...(found.ghostsFound > found.ghosts.length ? [`${n(found.ghostsFound)} ghosts in all`] : []),
    ...(otherUnknown === 0 ? [] : [`${n(otherUnknown)} ends call a router that is not polled`]),
    ...(unnamed === 0 ? [] : [`${n(unnamed)} ends print neither names nor addresses`]),
    ...(tooNew === 0
      ? []
      : [`${n(tooNew)} ends are younger than the other router's newest whole listing, or not answered yet`]),
    ...(otherStale === 0
      ? []
      : [`of ${n(otherStale)} ends the other router has no whole listing within the hour`]),
  ];
}
