-- Why: each view that reads the inbox costs an insert 7 to 12 ms of CPU, whatever comes out of it. The lookups follow from the rows of
-- the history, and what is rare is looked for only where an event holds any of it. The rows are the same. The fence's view goes first and
-- comes back last: in between nothing comes through, and a loader that inserts meanwhile finds that nothing arrived, and inserts again.

DROP VIEW IF EXISTS to_inbox_fenced;

DROP VIEW IF EXISTS to_session_history;

DROP VIEW IF EXISTS to_counter_deltas_rounded;

DROP VIEW IF EXISTS to_session_prints;

DROP VIEW IF EXISTS to_dead_letters;

DROP VIEW IF EXISTS to_anomalies;

DROP VIEW IF EXISTS to_router_events;

DROP VIEW IF EXISTS to_layouts;

DROP VIEW IF EXISTS to_session_ends;

DROP VIEW IF EXISTS to_connect_speeds;

DROP VIEW IF EXISTS to_sessions_by_user;

DROP VIEW IF EXISTS to_sessions_by_address;

CREATE TABLE IF NOT EXISTS history_rows (
  `router` LowCardinality(String) COMMENT 'Name of the router',
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)',
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose',
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose',
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so',
  `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Create time as UTC, by the time zone of the router',
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)',
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)',
  `last_seen_at` DateTime64(3, 'UTC') COMMENT 'When a snapshot last showed the session (UTC)',
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger',
  `kind` Enum8('closed' = 0, 'opened' = 1, 'changed' = 2, 'rebase' = 3, 'keyframe' = 4) COMMENT 'opened, changed, closed; keyframe and rebase repeat the state and are no events',
  `reason` LowCardinality(String) COMMENT 'opened: new, first_seen, returned. changed: learned or empty. closed: gone, destroyed, replaced',
  `changed` Array(LowCardinality(String)) COMMENT 'Names of the fields that changed',
  `session_remote_id` Nullable(UInt16) COMMENT 'Session ID that the peer chose; 0 until it answers',
  `call_serial_number` Nullable(UInt32) COMMENT 'Call serial number that the LAC assigned; 0 where not used',
  `tunnel_interface_name` LowCardinality(String) COMMENT 'Service interface of the tunnel\'s header',
  `tunnel_group_name` LowCardinality(String) COMMENT 'Tunnel group of the LNS',
  `interface_name` LowCardinality(String) COMMENT 'Service interface of the session: si-fpc/pic/port, sp-fpc/pic/port, pp0',
  `interface_unit` Nullable(UInt32) COMMENT 'Logical unit of the interface',
  `state` LowCardinality(String) COMMENT 'established, closed, destroyed, clean-up, lns-ic-…; an open set, in lower case',
  `admin_state` LowCardinality(String) COMMENT 'Administrative state',
  `bundle_id` Nullable(UInt32) COMMENT 'Multilink bundle, 1..65536; empty when not multilink',
  `user_name` String COMMENT 'Name that the subscriber gave: hostile text',
  `mode` LowCardinality(String) COMMENT 'shared, exclusive, dedicated; in lower case',
  `local_ip` LowCardinality(String) COMMENT 'This router\'s end of the tunnel',
  `local_port` Nullable(UInt32) COMMENT 'UDP port printed after Local IP',
  `remote_ip` LowCardinality(String) COMMENT 'The peer\'s end of the tunnel',
  `remote_port` Nullable(UInt32) COMMENT 'UDP port printed after Remote IP',
  `peer_ip` String COMMENT 'Address assigned to the subscriber',
  `peer_prefix_length` Nullable(UInt32) COMMENT 'Prefix length printed after the assigned address',
  `own_ip` LowCardinality(String) COMMENT 'The router\'s own address towards the subscriber',
  `local_name` LowCardinality(String) COMMENT 'This router\'s tunnel name',
  `remote_name` LowCardinality(String) COMMENT 'The peer\'s tunnel name',
  `tunnel_switch_profile_name` LowCardinality(String) COMMENT 'Tunnel switch profile',
  `local_mru` Nullable(UInt32) COMMENT 'Maximum receive unit here (bytes)',
  `remote_mru` Nullable(UInt32) COMMENT 'Maximum receive unit of the peer (bytes)',
  `tx_speed` Nullable(UInt64) COMMENT 'Connect speed towards the subscriber: the current value, or the only one printed (bit/s)',
  `tx_speed_initial` Nullable(UInt64) COMMENT 'Connect speed that `initial N` gives (bit/s)',
  `tx_speed_source` LowCardinality(String) COMMENT 'none, static, ancp, pppoe-ia-tag, service-profile, …',
  `rx_speed` Nullable(UInt64) COMMENT 'Connect speed from the subscriber: the current value, or the only one printed (bit/s)',
  `rx_speed_initial` Nullable(UInt64) COMMENT 'Connect speed that `initial N` gives (bit/s)',
  `rx_speed_source` LowCardinality(String) COMMENT 'none, static, ancp, pppoe-ia-tag, service-profile, …',
  `nas_port_type` LowCardinality(String) COMMENT 'NAS port type',
  `nas_port` String COMMENT 'NAS port',
  `bearer_type` Nullable(UInt32) COMMENT 'Bit mask (RFC 2661): 1 digital, 2 analog, 4 ATM',
  `framing_type` Nullable(UInt32) COMMENT 'Bit mask (RFC 2661): 1 synchronous, 2 asynchronous',
  `lcp_renegotiation` LowCardinality(String) COMMENT 'On, Off or N/A',
  `authentication` LowCardinality(String) COMMENT 'CHAP, PAP, None, …: an open set',
  `interface_id` String COMMENT 'Interface ID',
  `policer_bandwidth` Nullable(UInt64) COMMENT 'Policer bandwidth limit (bit/s)',
  `policer_burstsize` Nullable(UInt64) COMMENT 'Policer burst size (bytes)',
  `policer_exclude_bandwidth` Nullable(UInt64) COMMENT 'Policer exclude bandwidth (bit/s)',
  `firewall_filter` LowCardinality(String) COMMENT 'Firewall filter; 0 when there is none',
  `encapsulation_overhead` Nullable(UInt32) COMMENT 'Overhead added for each packet (bytes)',
  `cell_overhead` LowCardinality(String) COMMENT 'On, Off (0 seen)',
  `tos_reflect` LowCardinality(String) COMMENT 'TOS reflection',
  `statistics_since` Nullable(DateTime('UTC')) COMMENT 'Since when the counters count',
  `control_tx_packets` Nullable(UInt64) COMMENT 'Control packets sent (packets)',
  `control_tx_bytes` Nullable(UInt64) COMMENT 'Control bytes sent (bytes)',
  `control_rx_packets` Nullable(UInt64) COMMENT 'Control packets received (packets)',
  `control_rx_bytes` Nullable(UInt64) COMMENT 'Control bytes received (bytes)',
  `data_tx_packets` Nullable(UInt64) COMMENT 'Data packets sent (packets)',
  `data_tx_bytes` Nullable(UInt64) COMMENT 'Data bytes sent (bytes)',
  `data_rx_packets` Nullable(UInt64) COMMENT 'Data packets received (packets)',
  `data_rx_bytes` Nullable(UInt64) COMMENT 'Data bytes received (bytes)',
  `error_tx_packets` Nullable(UInt64) COMMENT 'Errors when sending (packets)',
  `error_rx_packets` Nullable(UInt64) COMMENT 'Errors when receiving (packets)',
  `lcp_echo_req_tx_packets` Nullable(UInt64) COMMENT 'LCP echo requests sent (packets)',
  `lcp_echo_req_rx_packets` Nullable(UInt64) COMMENT 'LCP echo requests received (packets)',
  `lcp_echo_rep_tx_packets` Nullable(UInt64) COMMENT 'LCP echo replies sent (packets)',
  `lcp_echo_rep_rx_packets` Nullable(UInt64) COMMENT 'LCP echo replies received (packets)',
  `lcp_echo_req_timeout` Nullable(UInt64) COMMENT 'LCP echo requests that timed out (packets)',
  `lcp_tx_echo_req_error` Nullable(UInt64) COMMENT 'Errors in LCP echo requests sent (packets)',
  `lcp_tx_echo_rep_error` Nullable(UInt64) COMMENT 'Errors in LCP echo replies sent (packets)',
  `lcp_rx_echo_req_error` Nullable(UInt64) COMMENT 'Errors in LCP echo requests received (packets)',
  `lcp_rx_echo_rep_error` Nullable(UInt64) COMMENT 'Errors in LCP echo replies received (packets)',
  `idle_since` Nullable(DateTime('UTC')) COMMENT 'Since when the session was idle, by the router\'s wall clock',
  `clock_offset_s` Int32 COMMENT 'Create time + up time less the router\'s clock of the snapshot (s)',
  `layout` UInt64 COMMENT 'Id of the layout that prints it; 0 when unknown',
  `rank` Int64 COMMENT 'Sparse place in the listing',
  `presence` LowCardinality(String) COMMENT 'A letter for each catalogue field: . absent, v value, e printed empty, n N/A',
  `rounding` Map(LowCardinality(String), UInt64) COMMENT 'Half-widths of counters that were printed rounded, by name',
  `unknown` Array(Tuple(name String, value String)) COMMENT 'Values of labels that the catalogue does not know',
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from',
  `kafka_offset` UInt64 COMMENT 'Offset in that partition'
) ENGINE = Null
COMMENT 'Rows of session_history on their way; keeps nothing, its views fan them out';

CREATE TABLE IF NOT EXISTS inbox_rare (
  `router` LowCardinality(String) COMMENT 'Name of the router',
  `gop` DateTime64(3, 'UTC') COMMENT 'The at of the group\'s keyframe',
  `at` DateTime64(3, 'UTC') COMMENT 'Never goes back in a router\'s log',
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken',
  `seq` UInt64 COMMENT 'Number in the router\'s log, from 1',
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events',
  `kafka_offset` UInt64 COMMENT 'Offset in that partition',
  `ledger` Array(Tuple(snapshot_id String, source_partition Int32, source_offset Int64, previous_source_offset Int64, ordinal UInt32, part UInt32, parts UInt32, final Bool, outcome LowCardinality(String), reason LowCardinality(String), format LowCardinality(String), level LowCardinality(String), scope LowCardinality(String), variant LowCardinality(String), command String, complete Bool, router_clock Nullable(DateTime64(3, 'UTC')), clock_steps Array(Int64), bytes Int64, sessions Int64, opened Int64, changed Int64, closed Int64, counters Int64, anomalies Int64, unknown_fields Int64, errors Int64, state_hash String, by_state Map(LowCardinality(String), UInt64), by_peer_gateway Map(LowCardinality(String), UInt64), by_tunnel_group Map(LowCardinality(String), UInt64), document UInt64)) COMMENT 'One entry, or none',
  `counters_rounded` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), created_at Nullable(DateTime64(3, 'UTC')), interval_s Float64, kind LowCardinality(String), seen UInt64, control_tx_packets UInt64, control_tx_bytes UInt64, control_rx_packets UInt64, control_rx_bytes UInt64, data_tx_packets UInt64, data_tx_bytes UInt64, data_rx_packets UInt64, data_rx_bytes UInt64, error_tx_packets UInt64, error_rx_packets UInt64, lcp_echo_req_tx_packets UInt64, lcp_echo_req_rx_packets UInt64, lcp_echo_rep_tx_packets UInt64, lcp_echo_rep_rx_packets UInt64, lcp_echo_req_timeout UInt64, lcp_tx_echo_req_error UInt64, lcp_tx_echo_rep_error UInt64, lcp_rx_echo_req_error UInt64, lcp_rx_echo_rep_error UInt64, control_tx_packets_error UInt64, control_tx_bytes_error UInt64, control_rx_packets_error UInt64, control_rx_bytes_error UInt64, data_tx_packets_error UInt64, data_tx_bytes_error UInt64, data_rx_packets_error UInt64, data_rx_bytes_error UInt64, error_tx_packets_error UInt64, error_rx_packets_error UInt64, lcp_echo_req_tx_packets_error UInt64, lcp_echo_req_rx_packets_error UInt64, lcp_echo_rep_tx_packets_error UInt64, lcp_echo_rep_rx_packets_error UInt64, lcp_echo_req_timeout_error UInt64, lcp_tx_echo_req_error_error UInt64, lcp_tx_echo_rep_error_error UInt64, lcp_rx_echo_req_error_error UInt64, lcp_rx_echo_rep_error_error UInt64)) COMMENT 'Counter deltas of rounded values',
  `prints` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), layout UInt64, rank Int64, idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32)) COMMENT 'Print details that moved',
  `anomalies` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), kind LowCardinality(String), field LowCardinality(String), before String, after String)) COMMENT 'Anomalies',
  `router_events` Array(Tuple(kind LowCardinality(String), sessions Int64, detail String)) COMMENT 'Events of the router',
  `layouts` Array(Tuple(id UInt64, definition String)) COMMENT 'Layouts defined here'
) ENGINE = Null
COMMENT 'Events that hold what most do not; keeps nothing, its views fan it out';

-- Images of all kinds, in the order in which equal times are to be read
CREATE MATERIALIZED VIEW IF NOT EXISTS to_history_rows TO history_rows AS
SELECT
  router AS router, gop AS gop, at AS at, captured_at AS captured_at,
  `s.tunnel_local_id` AS tunnel_local_id,
  `s.session_local_id` AS session_local_id,
  toDateTime(`s.create_time`, 'UTC') AS create_time,
  `s.created_at` AS created_at,
  `s.last_seen_at` AS last_seen_at,
  seq * 8 + k AS seq,
  k AS kind,
  `s.reason` AS reason,
  `s.changed` AS changed,
  `s.session_remote_id` AS session_remote_id,
  `s.call_serial_number` AS call_serial_number,
  `s.tunnel_interface_name` AS tunnel_interface_name,
  `s.tunnel_group_name` AS tunnel_group_name,
  `s.interface_name` AS interface_name,
  `s.interface_unit` AS interface_unit,
  `s.state` AS state,
  `s.admin_state` AS admin_state,
  `s.bundle_id` AS bundle_id,
  `s.user_name` AS user_name,
  `s.mode` AS mode,
  `s.local_ip` AS local_ip,
  `s.local_port` AS local_port,
  `s.remote_ip` AS remote_ip,
  `s.remote_port` AS remote_port,
  `s.peer_ip` AS peer_ip,
  `s.peer_prefix_length` AS peer_prefix_length,
  `s.own_ip` AS own_ip,
  `s.local_name` AS local_name,
  `s.remote_name` AS remote_name,
  `s.tunnel_switch_profile_name` AS tunnel_switch_profile_name,
  `s.local_mru` AS local_mru,
  `s.remote_mru` AS remote_mru,
  `s.tx_speed` AS tx_speed,
  `s.tx_speed_initial` AS tx_speed_initial,
  `s.tx_speed_source` AS tx_speed_source,
  `s.rx_speed` AS rx_speed,
  `s.rx_speed_initial` AS rx_speed_initial,
  `s.rx_speed_source` AS rx_speed_source,
  `s.nas_port_type` AS nas_port_type,
  `s.nas_port` AS nas_port,
  `s.bearer_type` AS bearer_type,
  `s.framing_type` AS framing_type,
  `s.lcp_renegotiation` AS lcp_renegotiation,
  `s.authentication` AS authentication,
  `s.interface_id` AS interface_id,
  `s.policer_bandwidth` AS policer_bandwidth,
  `s.policer_burstsize` AS policer_burstsize,
  `s.policer_exclude_bandwidth` AS policer_exclude_bandwidth,
  `s.firewall_filter` AS firewall_filter,
  `s.encapsulation_overhead` AS encapsulation_overhead,
  `s.cell_overhead` AS cell_overhead,
  `s.tos_reflect` AS tos_reflect,
  toDateTime(`s.statistics_since`, 'UTC') AS statistics_since,
  `s.control_tx_packets` AS control_tx_packets,
  `s.control_tx_bytes` AS control_tx_bytes,
  `s.control_rx_packets` AS control_rx_packets,
  `s.control_rx_bytes` AS control_rx_bytes,
  `s.data_tx_packets` AS data_tx_packets,
  `s.data_tx_bytes` AS data_tx_bytes,
  `s.data_rx_packets` AS data_rx_packets,
  `s.data_rx_bytes` AS data_rx_bytes,
  `s.error_tx_packets` AS error_tx_packets,
  `s.error_rx_packets` AS error_rx_packets,
  `s.lcp_echo_req_tx_packets` AS lcp_echo_req_tx_packets,
  `s.lcp_echo_req_rx_packets` AS lcp_echo_req_rx_packets,
  `s.lcp_echo_rep_tx_packets` AS lcp_echo_rep_tx_packets,
  `s.lcp_echo_rep_rx_packets` AS lcp_echo_rep_rx_packets,
  `s.lcp_echo_req_timeout` AS lcp_echo_req_timeout,
  `s.lcp_tx_echo_req_error` AS lcp_tx_echo_req_error,
  `s.lcp_tx_echo_rep_error` AS lcp_tx_echo_rep_error,
  `s.lcp_rx_echo_req_error` AS lcp_rx_echo_req_error,
  `s.lcp_rx_echo_rep_error` AS lcp_rx_echo_rep_error,
  toDateTime(`s.idle_since`, 'UTC') AS idle_since,
  `s.clock_offset_s` AS clock_offset_s,
  `s.layout` AS layout,
  `s.rank` AS rank,
  `s.presence` AS presence,
  `s.rounding` AS rounding,
  `s.unknown` AS unknown,
  kafka_partition AS kafka_partition, kafka_offset AS kafka_offset
FROM (
  SELECT d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at, d.seq AS seq, d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset, untuple(s) AS s, k
  FROM inbox_fenced AS d
ARRAY JOIN
  arrayConcat(closed, opened, changed, rebase, keyframe) AS s,
  arrayConcat(arrayWithConstant(length(closed), toInt8(0)), arrayWithConstant(length(opened), toInt8(1)), arrayWithConstant(length(changed), toInt8(2)), arrayWithConstant(length(rebase), toInt8(3)), arrayWithConstant(length(keyframe), toInt8(4))) AS k
);

-- Images of all kinds
CREATE MATERIALIZED VIEW IF NOT EXISTS to_session_history TO session_history AS
SELECT *
FROM history_rows;

-- Ends with reason and lifetime
CREATE MATERIALIZED VIEW IF NOT EXISTS to_session_ends TO session_ends AS
SELECT
  router,
  gop,
  at,
  captured_at,
  seq,
  tunnel_local_id,
  session_local_id,
  create_time,
  created_at,
  last_seen_at,
  reason,
  dateDiff('millisecond', created_at, last_seen_at) / 1000 AS lifetime_s,
  dateDiff('millisecond', last_seen_at, at) / 1000 AS uncertainty_s,
  state,
  user_name,
  remote_name,
  remote_ip,
  interface_name,
  tunnel_interface_name,
  tunnel_group_name,
  kafka_partition,
  kafka_offset
FROM history_rows AS h
WHERE kind = 'closed';

-- Speeds at the opening and at each change
CREATE MATERIALIZED VIEW IF NOT EXISTS to_connect_speeds TO connect_speeds AS
SELECT
  router,
  gop,
  at,
  captured_at,
  seq,
  tunnel_local_id,
  session_local_id,
  create_time,
  created_at,
  if(kind = 'opened', 'opened', h.reason) AS reason,
  tx_speed,
  tx_speed_initial,
  tx_speed_source,
  rx_speed,
  rx_speed_initial,
  rx_speed_source,
  user_name,
  remote_name,
  remote_ip,
  kafka_partition,
  kafka_offset
FROM history_rows AS h
WHERE (kind = 'opened' OR (kind = 'changed' AND hasAny(changed, ['tx_speed', 'tx_speed_initial', 'tx_speed_source', 'rx_speed', 'rx_speed_initial', 'rx_speed_source']))) AND (tx_speed IS NOT NULL OR rx_speed IS NOT NULL);

-- User names of opened sessions, and where one became known or changed
CREATE MATERIALIZED VIEW IF NOT EXISTS to_sessions_by_user TO sessions_by_user AS
SELECT
  router,
  gop,
  at,
  captured_at,
  seq,
  tunnel_local_id,
  session_local_id,
  create_time,
  created_at,
  user_name,
  kafka_partition,
  kafka_offset
FROM history_rows AS h
WHERE (kind = 'opened' OR (kind = 'changed' AND hasAny(changed, ['user_name']))) AND user_name != '';

-- Assigned addresses of opened sessions, and where one became known or changed
CREATE MATERIALIZED VIEW IF NOT EXISTS to_sessions_by_address TO sessions_by_address AS
SELECT
  router,
  gop,
  at,
  captured_at,
  seq,
  tunnel_local_id,
  session_local_id,
  create_time,
  created_at,
  assumeNotNull(toIPv6OrNull(peer_ip)) AS address,
  peer_prefix_length AS prefix_length,
  kafka_partition,
  kafka_offset
FROM history_rows AS h
WHERE (kind = 'opened' OR (kind = 'changed' AND hasAny(changed, ['peer_ip', 'peer_prefix_length']))) AND toIPv6OrNull(peer_ip) IS NOT NULL;

-- Events that hold what most do not
CREATE MATERIALIZED VIEW IF NOT EXISTS to_inbox_rare TO inbox_rare AS
SELECT
  router, gop, at, captured_at, seq, kafka_partition, kafka_offset, ledger, counters_rounded, prints, anomalies, router_events, layouts
FROM inbox_fenced
WHERE notEmpty(counters_rounded) OR notEmpty(prints) OR notEmpty(anomalies) OR notEmpty(router_events) OR notEmpty(layouts) OR has(ledger.outcome, 'dead_letter');

-- Deltas of rounded values, with their bounds
CREATE MATERIALIZED VIEW IF NOT EXISTS to_counter_deltas_rounded TO counter_deltas AS
SELECT
  router AS router, gop AS gop, at AS at, captured_at AS captured_at,
  `c.tunnel_local_id` AS tunnel_local_id,
  `c.session_local_id` AS session_local_id,
  toDateTime(`c.create_time`, 'UTC') AS create_time,
  `c.created_at` AS created_at,
  seq * 8 + 5 AS seq,
  `c.interval_s` AS interval_s,
  `c.kind` AS kind,
  `c.seen` AS seen,
  `c.control_tx_packets` AS control_tx_packets,
  `c.control_tx_bytes` AS control_tx_bytes,
  `c.control_rx_packets` AS control_rx_packets,
  `c.control_rx_bytes` AS control_rx_bytes,
  `c.data_tx_packets` AS data_tx_packets,
  `c.data_tx_bytes` AS data_tx_bytes,
  `c.data_rx_packets` AS data_rx_packets,
  `c.data_rx_bytes` AS data_rx_bytes,
  `c.error_tx_packets` AS error_tx_packets,
  `c.error_rx_packets` AS error_rx_packets,
  `c.lcp_echo_req_tx_packets` AS lcp_echo_req_tx_packets,
  `c.lcp_echo_req_rx_packets` AS lcp_echo_req_rx_packets,
  `c.lcp_echo_rep_tx_packets` AS lcp_echo_rep_tx_packets,
  `c.lcp_echo_rep_rx_packets` AS lcp_echo_rep_rx_packets,
  `c.lcp_echo_req_timeout` AS lcp_echo_req_timeout,
  `c.lcp_tx_echo_req_error` AS lcp_tx_echo_req_error,
  `c.lcp_tx_echo_rep_error` AS lcp_tx_echo_rep_error,
  `c.lcp_rx_echo_req_error` AS lcp_rx_echo_req_error,
  `c.lcp_rx_echo_rep_error` AS lcp_rx_echo_rep_error,
  `c.control_tx_packets_error` AS control_tx_packets_error,
  `c.control_tx_bytes_error` AS control_tx_bytes_error,
  `c.control_rx_packets_error` AS control_rx_packets_error,
  `c.control_rx_bytes_error` AS control_rx_bytes_error,
  `c.data_tx_packets_error` AS data_tx_packets_error,
  `c.data_tx_bytes_error` AS data_tx_bytes_error,
  `c.data_rx_packets_error` AS data_rx_packets_error,
  `c.data_rx_bytes_error` AS data_rx_bytes_error,
  `c.error_tx_packets_error` AS error_tx_packets_error,
  `c.error_rx_packets_error` AS error_rx_packets_error,
  `c.lcp_echo_req_tx_packets_error` AS lcp_echo_req_tx_packets_error,
  `c.lcp_echo_req_rx_packets_error` AS lcp_echo_req_rx_packets_error,
  `c.lcp_echo_rep_tx_packets_error` AS lcp_echo_rep_tx_packets_error,
  `c.lcp_echo_rep_rx_packets_error` AS lcp_echo_rep_rx_packets_error,
  `c.lcp_echo_req_timeout_error` AS lcp_echo_req_timeout_error,
  `c.lcp_tx_echo_req_error_error` AS lcp_tx_echo_req_error_error,
  `c.lcp_tx_echo_rep_error_error` AS lcp_tx_echo_rep_error_error,
  `c.lcp_rx_echo_req_error_error` AS lcp_rx_echo_req_error_error,
  `c.lcp_rx_echo_rep_error_error` AS lcp_rx_echo_rep_error_error,
  kafka_partition AS kafka_partition, kafka_offset AS kafka_offset
FROM (
  SELECT d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at, d.seq AS seq, d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset, untuple(c) AS c
  FROM inbox_rare AS d
ARRAY JOIN counters_rounded AS c
);

-- Print details that moved without an event
CREATE MATERIALIZED VIEW IF NOT EXISTS to_session_prints TO session_prints AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  p.tunnel_local_id AS tunnel_local_id,
  p.session_local_id AS session_local_id,
  toDateTime(p.create_time, 'UTC') AS create_time,
  d.seq * 8 + 6 AS seq,
  toDateTime(p.idle_since, 'UTC') AS idle_since,
  p.clock_offset_s AS clock_offset_s,
  p.layout AS layout,
  p.rank AS rank,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_rare AS d
ARRAY JOIN prints AS p;

-- Snapshots that the processor set aside
CREATE MATERIALIZED VIEW IF NOT EXISTS to_dead_letters TO dead_letters AS
SELECT
  'l2tp.snapshots' AS topic,
  d.router AS router, d.at AS at, d.captured_at AS captured_at,
  l.source_partition AS source_partition,
  l.source_offset AS source_offset,
  l.reason AS reason,
  l.command AS command,
  l.bytes AS bytes,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_rare AS d
ARRAY JOIN ledger AS l
WHERE l.outcome = 'dead_letter';

-- Anomalies
CREATE MATERIALIZED VIEW IF NOT EXISTS to_anomalies TO anomalies AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + 0 AS seq,
  a.tunnel_local_id AS tunnel_local_id,
  a.session_local_id AS session_local_id,
  toDateTime(a.create_time, 'UTC') AS create_time,
  a.kind AS kind,
  a.field AS field,
  a.before AS before,
  a.after AS after,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_rare AS d
ARRAY JOIN anomalies AS a;

-- Events of routers
CREATE MATERIALIZED VIEW IF NOT EXISTS to_router_events TO router_events AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + 0 AS seq,
  e.kind AS kind,
  e.sessions AS sessions,
  e.detail AS detail,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_rare AS d
ARRAY JOIN router_events AS e;

-- Layouts by hash
CREATE MATERIALIZED VIEW IF NOT EXISTS to_layouts TO layouts AS
SELECT
  l.id AS id,
  l.definition AS definition
FROM inbox_rare AS d
ARRAY JOIN layouts AS l;

-- Drops what a loader inserts after another one has taken its partition
CREATE MATERIALIZED VIEW IF NOT EXISTS to_inbox_fenced TO inbox_fenced AS
SELECT *
FROM inbox
WHERE (kafka_partition, loader_epoch) IN (SELECT partition, max(epoch) FROM loader_fence GROUP BY partition);
