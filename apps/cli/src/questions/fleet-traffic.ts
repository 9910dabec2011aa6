/** `reel fleet top`, `billing`, `echo`, `silent`: who moves how much, and who moves nothing. */
import {
  billing,
  echoTimeouts,
  maskedNames,
  namedTraffic,
  quietSessions,
  type TrafficName,
} from '@sessionreel/queries';
import { Option, type Command } from 'commander';
import { answering, column, coverageNotes, idColumns, quietColumn, section } from './answer.ts';
import { wholeNumber, wholeRangeOf, withRange, type RangeFlags } from './ask.ts';
import type { Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import { shownBytes, shownRate, shownShare } from '../terminal/units.ts';

const directions = 'Tx is what the router sent: on an LNS towards the subscriber';

export function registerTraffic(fleet: Command, io: Io): void {
  const top = fleet
    .command('top')
    .description('most traffic, by user, realm, peer, router or tunnel')
    .addOption(
      new Option('--by <what>', 'whose')
        .choices(['user', 'realm', 'peer_gateway', 'router', 'tunnel'])
        .default('user'),
    )
    .option('--limit <rows>', 'how many', '20');
  answering(
    withRange(top),
    io,
    [
      'fleet top --from -1h',
      'fleet top --by realm --from -7d',
      'fleet top --by tunnel --limit 100 --output csv',
    ],
    async (store, flags: RangeFlags & { by: TrafficName; limit: string }, mask) => {
      const range = wholeRangeOf(flags, io);
      const limit = wholeNumber('--limit', flags.limit, 1, 100_000);
      const found = await namedTraffic(store, { ...range, by: flags.by, limit });
      type Row = (typeof found.rows)[number];
      const columns = [
        column<Row>('name', flags.by.replace('_', ' '), (x) => x.name),
        column<Row>(
          'data_rx_bytes',
          'received',
          (x) => x.rxBytes,
          (x) => shownBytes(x.rxBytes, x.rxError),
        ),
        quietColumn<Row>('data_rx_bytes_error', (x) => x.rxError),
        column<Row>(
          'data_tx_bytes',
          'sent',
          (x) => x.txBytes,
          (x) => shownBytes(x.txBytes, x.txError),
        ),
        quietColumn<Row>('data_tx_bytes_error', (x) => x.txError),
        column<Row>('routers', 'routers', (x) => x.routers.join(' ')),
      ];
      const { rxBytes, txBytes } = found.withoutName;
      return {
        sections: [section('traffic', 'traffic', columns, maskedNames(found.rows, flags.by, mask))],
        notes: [
          directions,
          ...(rxBytes + txBytes === 0n
            ? []
            : [
                `${shownBytes(rxBytes)} received and ${shownBytes(txBytes)} sent belong to sessions whose captures print no such name`,
              ]),
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
  const bills = fleet
    .command('billing')
    .description('95th percentile of a month, by realm or by peer, as wholesale bills it')
    .addOption(new Option('--by <what>', 'whose').choices(['realm', 'peer_gateway']).default('realm'))
    .option('--month <month>', 'such as 2026-11, in UTC; default: this one');
  answering(
    bills,
    io,
    ['fleet billing --month 2026-11', 'fleet billing --by peer_gateway --month 2026-11 --output csv'],
    async (store, flags: { by: 'realm' | 'peer_gateway'; month?: string }) => {
      const month = flags.month ?? new Date(io.now()).toISOString().slice(0, 7);
      const bill = await billing(store, { month, by: flags.by });
      type Row = (typeof bill.rows)[number];
      const columns = [
        column<Row>('name', flags.by.replace('_', ' '), (x) => x.name),
        column<Row>(
          'billed_bps',
          '95th percentile',
          (x) => Math.round(x.billedBps),
          (x) => shownRate(x.billedBps),
        ),
        column<Row>(
          'rx_bps',
          'received',
          (x) => Math.round(x.rxBps),
          (x) => shownRate(x.rxBps),
        ),
        column<Row>(
          'tx_bps',
          'sent',
          (x) => Math.round(x.txBps),
          (x) => shownRate(x.txBps),
        ),
        column<Row>(
          'data_rx_bytes',
          'received in all',
          (x) => x.rxBytes,
          (x) => shownBytes(x.rxBytes),
        ),
        column<Row>(
          'data_tx_bytes',
          'sent in all',
          (x) => x.txBytes,
          (x) => shownBytes(x.txBytes),
        ),
      ];
      return {
        sections: [section('bill', 'bills', columns, bill.rows)],
        notes: [
          `${month}, UTC: ${bill.samples.toLocaleString('en')} of ${bill.samplesExpected.toLocaleString('en')} samples of ${bill.stepS} s have data; the others are gaps and no zeros`,
          ...(bill.coarseShare < 0.001
            ? []
            : [
                `${shownShare(bill.coarseShare)} of the traffic was polled less often than a sample is long: its peaks are flatter than they were`,
              ]),
          ...(bill.withoutName === 0n
            ? []
            : [`${shownBytes(bill.withoutName)} belong to sessions whose captures print no such name`]),
          directions,
        ],
      };
    },
  );
  answering(
    withRange(fleet.command('echo').description('LCP echo requests that timed out, by peer')),
    io,
    ['fleet echo --from -6h'],
    async (store, flags: RangeFlags) => {
      const range = wholeRangeOf(flags, io);
      const found = await echoTimeouts(store, range);
      type Row = (typeof found.rows)[number];
      const columns = [
        column<Row>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Row>('lcp_echo_req_timeout', 'timed out', (x) => x.timeouts),
        column<Row>('routers', 'routers', (x) => x.routers.join(' ')),
      ];
      const blind = found.silent.slice(0, 10).join(', ');
      return {
        sections: [section('echo', 'LCP echoes', columns, found.rows)],
        notes: [
          ...(found.printing.length === 0 ? ['no capture in that time prints LCP echo counters'] : []),
          ...(blind === ''
            ? []
            : [
                `these print no LCP echo counters, and may have had any number: ${blind}${found.silent.length > 10 ? ', …' : ''}`,
              ]),
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
  answering(
    withRange(
      fleet
        .command('silent')
        .description('sessions without traffic, and what rounded counters cannot tell')
        .option('--limit <rows>', 'how many', '100'),
    ),
    io,
    ['fleet silent --from -1h'],
    async (store, flags: RangeFlags & { limit: string }) => {
      const range = wholeRangeOf(flags, io);
      const found = await quietSessions(store, {
        ...range,
        limit: wholeNumber('--limit', flags.limit, 1, 100_000),
      });
      type Row = (typeof found.list)[number];
      const columns = [
        column<Row>('router', 'router', (x) => x.router),
        ...idColumns<Row>(),
        column<Row>('user_name', 'user', (x) => x.userName),
        column<Row>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Row>('created_at', 'created', (x) => (x.createdAt === null ? null : printTime(x.createdAt))),
      ];
      const n = (value: number): string => value.toLocaleString('en');
      return {
        sections: [section('silent', 'silent sessions', columns, found.list)],
        notes: [
          `of ${n(found.sessions)} sessions that were there all the time: ${n(found.silent)} silent, ${n(found.active)} active, ${n(found.cannotTell)} with rounded counters that cannot tell, ${n(found.unknown)} that print no counters`,
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
}
