import { readFileSync } from 'node:fs';
import type { FieldValue, Level, SessionRecord } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import type { PrintVariant } from './layouts.ts';
import { noBreakIndent, plainText, printText, type TextStyle, type TunnelGroup } from './text.ts';

function local(iso: string): number {
  return Date.parse(`${iso}Z`) / 1000;
}

function record(values: Record<string, FieldValue>, rounding: Record<string, bigint> = {}): SessionRecord {
  return { values, rounding, unknown: [] };
}

const blank = { local_ip: '', remote_ip: '' };
const lacIds = { tunnel_local_id: 31889, session_local_id: 31694, session_remote_id: 1, interface_unit: 311 };
const lacNames = { local_name: 'ce-lac', remote_name: 'ce-lns' };
const lacExtensive = {
  ...lacIds,
  ...blank,
  ...lacNames,
  state: 'established',
  mode: 'dedicated',
  tx_speed: 0n,
  rx_speed: 0n,
  bearer_type: 1,
  framing_type: 1,
  lcp_renegotiation: null,
  authentication: 'None',
  interface_id: null,
  call_serial_number: 0,
  policer_bandwidth: 0n,
  policer_burstsize: 0n,
  policer_exclude_bandwidth: 0n,
  firewall_filter: '0',
  encapsulation_overhead: 0,
  cell_overhead: '0',
  create_time: local('2010-08-24T14:38:23'),
  up_time_s: 3985,
  idle_time_s: null,
};
const lnsMCommon = {
  ...blank,
  user_name: '',
  peer_ip: '',
  tunnel_interface_name: 'sp-1/2/0',
  state: 'established',
  bundle_id: 5,
  mode: 'shared',
  bearer_type: 2,
  framing_type: 1,
  lcp_renegotiation: 'Off',
  authentication: 'CHAP',
  policer_bandwidth: 64000n,
  policer_burstsize: 51200n,
  firewall_filter: 'f1',
  data_tx_packets: 0n,
  data_tx_bytes: 0n,
  error_tx_packets: 0n,
  error_rx_packets: 0n,
};

interface Sample {
  file: string;
  prompt: string;
  variant: PrintVariant;
  level: Level;
  groups: TunnelGroup[];
  style?: TextStyle | ((session: number) => TextStyle);
}

const one = (values: Record<string, FieldValue>): TunnelGroup[] => [{ sessions: [record(values)] }];

const samples: Sample[] = [
  {
    file: '01-brief-lns-on-m-series-routers',
    prompt: 'user@host> show services l2tp session ',
    variant: 'lns-m',
    level: 'brief',
    groups: one({
      tunnel_interface_name: 'sp-1/2/0',
      tunnel_group_name: 'group1',
      tunnel_local_id: 8802,
      session_local_id: 37966,
      session_remote_id: 5,
      interface_unit: 2,
      state: 'established',
      bundle_id: '',
      user_name: '',
    }),
  },
  {
    file: '02-brief-lns-on-mx-series-routers',
    prompt: 'user@host> show services l2tp session ',
    variant: 'lns-mx',
    level: 'brief',
    groups: one({
      tunnel_local_id: 40553,
      session_local_id: 17967,
      session_remote_id: 1,
      interface_unit: 1073749824,
      state: 'established',
      interface_name: 'si-5/2/0',
    }),
  },
  {
    file: '03-brief-lac',
    prompt: 'user@host> show services l2tp session',
    variant: 'lac',
    level: 'brief',
    groups: one({ ...lacIds, state: 'established', interface_name: 'pp0' }),
  },
  {
    file: '04-detail-lac',
    prompt: 'user@host> show services l2tp session detail',
    variant: 'lac',
    level: 'detail',
    groups: one({
      ...lacIds,
      ...blank,
      ...lacNames,
      state: 'established',
      interface_name: 'pp0',
      mode: 'dedicated',
    }),
  },
  {
    file: '05-extensive-lac',
    prompt: 'user@host> show services l2tp session extensive',
    variant: 'lac',
    level: 'extensive',
    groups: one(lacExtensive),
  },
  {
    file: '06-extensive-lac-on-mx-series-routers',
    prompt: 'user@host> show services l2tp session extensive',
    variant: 'lac',
    level: 'extensive',
    groups: one({
      ...lacExtensive,
      tx_speed: 256000n,
      tx_speed_source: 'service-profile',
      rx_speed: 128000n,
      rx_speed_source: 'ancp',
    }),
  },
  {
    file: '07-extensive-lns-on-m-series-routers',
    prompt: 'user@host> show services l2tp session extensive  ',
    variant: 'lns-m',
    level: 'extensive',
    groups: [
      {
        sessions: [
          record(
            {
              ...lnsMCommon,
              tunnel_group_name: 'group1',
              tunnel_local_id: 62746,
              session_local_id: 56793,
              session_remote_id: 53304,
              local_mru: 4000,
              remote_mru: 1500,
              tx_speed: 64000n,
              rx_speed: 64000n,
              interface_id: 'unit_20',
              interface_unit: 20,
              call_serial_number: 4137941434,
              encapsulation_overhead: 16,
              cell_overhead: 'On',
              create_time: local('2004-03-23T14:13:15'),
              up_time_s: 4601,
              idle_time_s: 0,
              statistics_since: local('2004-03-23T14:13:13'),
              control_tx_packets: 4n,
              control_tx_bytes: 88n,
              control_rx_packets: 2n,
              control_rx_bytes: 28n,
              data_rx_packets: 461n,
              data_rx_bytes: 29000n,
            },
            { data_rx_bytes: 50n },
          ),
        ],
      },
      {
        sessions: [
          record({
            ...lnsMCommon,
            tunnel_group_name: 'group_company_dns',
            tunnel_local_id: 37266,
            session_local_id: 39962,
            session_remote_id: 53303,
            local_name: 'router-1',
            remote_name: 'router-2',
            local_mru: 4470,
            remote_mru: 4470,
            tx_speed: 155000000n,
            rx_speed: 155000000n,
            interface_id: 'unit_31',
            interface_unit: 31,
            call_serial_number: 4137941433,
            create_time: local('2004-03-23T14:13:17'),
            up_time_s: 4599,
            idle_time_s: 4596,
            statistics_since: local('2004-03-23T14:13:15'),
            control_tx_packets: 6n,
            control_tx_bytes: 196n,
            control_rx_packets: 4n,
            control_rx_bytes: 150n,
            data_rx_packets: 1n,
            data_rx_bytes: 80n,
          }),
        ],
      },
    ],
    style: (session) => ({
      ...plainText,
      lowerCaseMode: true,
      indents:
        session === 0
          ? { user: noBreakIndent }
          : { user: noBreakIndent, policer: noBreakIndent, filter: noBreakIndent },
    }),
  },
  {
    file: '08-extensive-lns-on-mx-series-routers',
    prompt: 'user@host> show services l2tp session extensive  ',
    variant: 'lns-mx',
    level: 'extensive',
    groups: one({
      ...blank,
      tunnel_local_id: 40553,
      session_local_id: 17967,
      session_remote_id: 1,
      interface_unit: 1073749824,
      state: 'established',
      interface_name: 'si-5/2/0',
      mode: 'dedicated',
      local_name: 'lns-mx960',
      remote_name: 'testlac',
      tx_speed: 256000n,
      tx_speed_initial: 64000n,
      rx_speed: 256000n,
      rx_speed_initial: 64000n,
      bearer_type: 2,
      framing_type: 1,
      lcp_renegotiation: 'Off',
      authentication: 'None',
      call_serial_number: 1,
      create_time: local('2011-04-25T20:27:50'),
      up_time_s: 108,
      idle_time_s: null,
      statistics_since: local('2011-04-25T20:27:50'),
      control_tx_packets: 4n,
      control_tx_bytes: 219n,
      control_rx_packets: 4n,
      control_rx_bytes: 221n,
      data_tx_packets: 0n,
      data_tx_bytes: 0n,
      data_rx_packets: 10n,
      data_rx_bytes: 228n,
      error_tx_packets: 0n,
      error_rx_packets: 0n,
    }),
  },
  {
    file: '09-statistics-mx-series-routers',
    prompt: 'user@host>show services l2tp session statistics local session-id 1',
    variant: 'lns-mx',
    level: 'statistics',
    groups: one({
      tunnel_local_id: 17185,
      session_local_id: 1,
      session_remote_id: 14444,
      interface_unit: 1073788352,
      state: 'established',
      statistics_since: local('2011-08-01T13:27:47'),
      data_tx_packets: 4n,
      data_tx_bytes: 51n,
      data_rx_packets: 3n,
      data_rx_bytes: 36n,
    }),
  },
];

describe('the reference outputs, from a truth of their values', () => {
  it.each(samples)('$file', ({ file, prompt, variant, level, groups, style }) => {
    const listing = printText(groups, variant, level, style)
      .map((piece) => piece.text)
      .join('');
    const expected = readFileSync(new URL(`../fixtures/samples/${file}.txt`, import.meta.url), 'utf8');
    expect(`${prompt}\n${listing}`).toBe(expected);
  });
});
