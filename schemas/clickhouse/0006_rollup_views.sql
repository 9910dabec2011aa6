-- Why: rollups and lookups that follow from an event alone. The fence's own view is the last of all: until it stands,
-- nothing comes through, so that no event is fanned out by half of the views.

-- Sums of each event
CREATE MATERIALIZED VIEW IF NOT EXISTS to_traffic_by_snapshot TO traffic_by_snapshot AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + 5 AS seq,
  arrayReduce('quantileExact', arrayConcat(d.counters.interval_s, d.counters_rounded.interval_s)) AS interval_s,
  arrayMax(arrayConcat(d.counters.interval_s, d.counters_rounded.interval_s)) AS interval_s_max,
  length(d.counters) + length(d.counters_rounded) AS sessions,
  countEqual(d.counters.kind, 'epoch') + countEqual(d.counters_rounded.kind, 'epoch') AS lower_bounds,
  length(d.counters_rounded) AS rounded,
  arraySum(d.counters.control_tx_packets) + arraySum(d.counters_rounded.control_tx_packets) AS control_tx_packets,
  arraySum(d.counters.control_tx_bytes) + arraySum(d.counters_rounded.control_tx_bytes) AS control_tx_bytes,
  arraySum(d.counters.control_rx_packets) + arraySum(d.counters_rounded.control_rx_packets) AS control_rx_packets,
  arraySum(d.counters.control_rx_bytes) + arraySum(d.counters_rounded.control_rx_bytes) AS control_rx_bytes,
  arraySum(d.counters.data_tx_packets) + arraySum(d.counters_rounded.data_tx_packets) AS data_tx_packets,
  arraySum(d.counters.data_tx_bytes) + arraySum(d.counters_rounded.data_tx_bytes) AS data_tx_bytes,
  arraySum(d.counters.data_rx_packets) + arraySum(d.counters_rounded.data_rx_packets) AS data_rx_packets,
  arraySum(d.counters.data_rx_bytes) + arraySum(d.counters_rounded.data_rx_bytes) AS data_rx_bytes,
  arraySum(d.counters.error_tx_packets) + arraySum(d.counters_rounded.error_tx_packets) AS error_tx_packets,
  arraySum(d.counters.error_rx_packets) + arraySum(d.counters_rounded.error_rx_packets) AS error_rx_packets,
  arraySum(d.counters.lcp_echo_req_tx_packets) + arraySum(d.counters_rounded.lcp_echo_req_tx_packets) AS lcp_echo_req_tx_packets,
  arraySum(d.counters.lcp_echo_req_rx_packets) + arraySum(d.counters_rounded.lcp_echo_req_rx_packets) AS lcp_echo_req_rx_packets,
  arraySum(d.counters.lcp_echo_rep_tx_packets) + arraySum(d.counters_rounded.lcp_echo_rep_tx_packets) AS lcp_echo_rep_tx_packets,
  arraySum(d.counters.lcp_echo_rep_rx_packets) + arraySum(d.counters_rounded.lcp_echo_rep_rx_packets) AS lcp_echo_rep_rx_packets,
  arraySum(d.counters.lcp_echo_req_timeout) + arraySum(d.counters_rounded.lcp_echo_req_timeout) AS lcp_echo_req_timeout,
  arraySum(d.counters.lcp_tx_echo_req_error) + arraySum(d.counters_rounded.lcp_tx_echo_req_error) AS lcp_tx_echo_req_error,
  arraySum(d.counters.lcp_tx_echo_rep_error) + arraySum(d.counters_rounded.lcp_tx_echo_rep_error) AS lcp_tx_echo_rep_error,
  arraySum(d.counters.lcp_rx_echo_req_error) + arraySum(d.counters_rounded.lcp_rx_echo_req_error) AS lcp_rx_echo_req_error,
  arraySum(d.counters.lcp_rx_echo_rep_error) + arraySum(d.counters_rounded.lcp_rx_echo_rep_error) AS lcp_rx_echo_rep_error,
  arraySum(d.counters_rounded.data_tx_packets_error) AS data_tx_packets_error,
  arraySum(d.counters_rounded.data_tx_bytes_error) AS data_tx_bytes_error,
  arraySum(d.counters_rounded.data_rx_packets_error) AS data_rx_packets_error,
  arraySum(d.counters_rounded.data_rx_bytes_error) AS data_rx_bytes_error,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
WHERE notEmpty(d.counters) OR notEmpty(d.counters_rounded);

-- Ends with reason and lifetime
CREATE MATERIALIZED VIEW IF NOT EXISTS to_session_ends TO session_ends AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  last_seen_at_ AS last_seen_at,
  d.seq * 8 + 0 AS seq,
  tunnel_local_id_ AS tunnel_local_id,
  session_local_id_ AS session_local_id,
  toDateTime(create_time_, 'UTC') AS create_time,
  created_at_ AS created_at,
  reason_ AS reason,
  dateDiff('millisecond', created_at_, last_seen_at_) / 1000 AS lifetime_s,
  dateDiff('millisecond', last_seen_at_, d.at) / 1000 AS uncertainty_s,
  state_ AS state,
  user_name_ AS user_name,
  remote_name_ AS remote_name,
  remote_ip_ AS remote_ip,
  interface_name_ AS interface_name,
  tunnel_interface_name_ AS tunnel_interface_name,
  tunnel_group_name_ AS tunnel_group_name,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN d.closed.tunnel_local_id AS tunnel_local_id_, d.closed.session_local_id AS session_local_id_, d.closed.create_time AS create_time_, d.closed.created_at AS created_at_, d.closed.last_seen_at AS last_seen_at_, d.closed.reason AS reason_, d.closed.state AS state_, d.closed.user_name AS user_name_, d.closed.remote_name AS remote_name_, d.closed.remote_ip AS remote_ip_, d.closed.interface_name AS interface_name_, d.closed.tunnel_interface_name AS tunnel_interface_name_, d.closed.tunnel_group_name AS tunnel_group_name_;

-- Speeds at the opening and at each change
CREATE MATERIALIZED VIEW IF NOT EXISTS to_connect_speeds TO connect_speeds AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + kind_ AS seq,
  tunnel_local_id_ AS tunnel_local_id,
  session_local_id_ AS session_local_id,
  toDateTime(create_time_, 'UTC') AS create_time,
  created_at_ AS created_at,
  if(kind_ = 1, 'opened', reason_) AS reason,
  tx_speed_ AS tx_speed,
  tx_speed_initial_ AS tx_speed_initial,
  tx_speed_source_ AS tx_speed_source,
  rx_speed_ AS rx_speed,
  rx_speed_initial_ AS rx_speed_initial,
  rx_speed_source_ AS rx_speed_source,
  user_name_ AS user_name,
  remote_name_ AS remote_name,
  remote_ip_ AS remote_ip,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN arrayConcat(d.opened.tunnel_local_id, d.changed.tunnel_local_id) AS tunnel_local_id_, arrayConcat(d.opened.session_local_id, d.changed.session_local_id) AS session_local_id_, arrayConcat(d.opened.create_time, d.changed.create_time) AS create_time_, arrayConcat(d.opened.created_at, d.changed.created_at) AS created_at_, arrayConcat(d.opened.reason, d.changed.reason) AS reason_, arrayConcat(d.opened.tx_speed, d.changed.tx_speed) AS tx_speed_, arrayConcat(d.opened.tx_speed_initial, d.changed.tx_speed_initial) AS tx_speed_initial_, arrayConcat(d.opened.tx_speed_source, d.changed.tx_speed_source) AS tx_speed_source_, arrayConcat(d.opened.rx_speed, d.changed.rx_speed) AS rx_speed_, arrayConcat(d.opened.rx_speed_initial, d.changed.rx_speed_initial) AS rx_speed_initial_, arrayConcat(d.opened.rx_speed_source, d.changed.rx_speed_source) AS rx_speed_source_, arrayConcat(d.opened.user_name, d.changed.user_name) AS user_name_, arrayConcat(d.opened.remote_name, d.changed.remote_name) AS remote_name_, arrayConcat(d.opened.remote_ip, d.changed.remote_ip) AS remote_ip_, arrayConcat(arrayWithConstant(length(d.opened), toUInt8(1)), arrayWithConstant(length(d.changed), toUInt8(2))) AS kind_, arrayConcat(arrayWithConstant(length(d.opened), true), arrayMap(x -> hasAny(x, ['tx_speed', 'tx_speed_initial', 'tx_speed_source', 'rx_speed', 'rx_speed_initial', 'rx_speed_source']), d.changed.changed)) AS moved_
WHERE moved_ AND (tx_speed_ IS NOT NULL OR rx_speed_ IS NOT NULL);

-- User names of opened sessions, and where one became known or changed
CREATE MATERIALIZED VIEW IF NOT EXISTS to_sessions_by_user TO sessions_by_user AS
SELECT
  user_name_ AS user_name,
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + kind_ AS seq,
  tunnel_local_id_ AS tunnel_local_id,
  session_local_id_ AS session_local_id,
  toDateTime(create_time_, 'UTC') AS create_time,
  created_at_ AS created_at,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN arrayConcat(d.opened.tunnel_local_id, d.changed.tunnel_local_id) AS tunnel_local_id_, arrayConcat(d.opened.session_local_id, d.changed.session_local_id) AS session_local_id_, arrayConcat(d.opened.create_time, d.changed.create_time) AS create_time_, arrayConcat(d.opened.created_at, d.changed.created_at) AS created_at_, arrayConcat(d.opened.user_name, d.changed.user_name) AS user_name_, arrayConcat(arrayWithConstant(length(d.opened), toUInt8(1)), arrayWithConstant(length(d.changed), toUInt8(2))) AS kind_, arrayConcat(arrayWithConstant(length(d.opened), true), arrayMap(x -> hasAny(x, ['user_name']), d.changed.changed)) AS moved_
WHERE moved_ AND user_name_ != '';

-- Assigned addresses of opened sessions, and where one became known or changed
CREATE MATERIALIZED VIEW IF NOT EXISTS to_sessions_by_address TO sessions_by_address AS
SELECT
  assumeNotNull(toIPv6OrNull(peer_ip_)) AS address,
  peer_prefix_length_ AS prefix_length,
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + kind_ AS seq,
  tunnel_local_id_ AS tunnel_local_id,
  session_local_id_ AS session_local_id,
  toDateTime(create_time_, 'UTC') AS create_time,
  created_at_ AS created_at,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN arrayConcat(d.opened.tunnel_local_id, d.changed.tunnel_local_id) AS tunnel_local_id_, arrayConcat(d.opened.session_local_id, d.changed.session_local_id) AS session_local_id_, arrayConcat(d.opened.create_time, d.changed.create_time) AS create_time_, arrayConcat(d.opened.created_at, d.changed.created_at) AS created_at_, arrayConcat(d.opened.peer_ip, d.changed.peer_ip) AS peer_ip_, arrayConcat(d.opened.peer_prefix_length, d.changed.peer_prefix_length) AS peer_prefix_length_, arrayConcat(arrayWithConstant(length(d.opened), toUInt8(1)), arrayWithConstant(length(d.changed), toUInt8(2))) AS kind_, arrayConcat(arrayWithConstant(length(d.opened), true), arrayMap(x -> hasAny(x, ['peer_ip', 'peer_prefix_length']), d.changed.changed)) AS moved_
WHERE moved_ AND toIPv6OrNull(peer_ip_) IS NOT NULL;

-- Drops what a loader inserts after another one has taken its partition
CREATE MATERIALIZED VIEW IF NOT EXISTS to_inbox_fenced TO inbox_fenced AS
SELECT *
FROM inbox
WHERE (kafka_partition, loader_epoch) IN (SELECT partition, max(epoch) FROM loader_fence GROUP BY partition);
