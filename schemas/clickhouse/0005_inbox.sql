-- Why: one insert writes everything that an event says, in one request and under one deduplication token. The loader does not
-- decode: the columns are those of the Avro record. Generated from the field catalogue and the event schema.

CREATE TABLE IF NOT EXISTS inbox (
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events',
  `kafka_offset` UInt64 COMMENT 'Offset in that partition',
  `loader_epoch` UInt64 COMMENT 'Epoch of the loader that inserts it',
  `router` LowCardinality(String) COMMENT 'Name of the router',
  `at` DateTime64(3, 'UTC') COMMENT 'Never goes back in a router\'s log',
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken',
  `seq` UInt64 COMMENT 'Number in the router\'s log, from 1',
  `gop` DateTime64(3, 'UTC') COMMENT 'The at of the group\'s keyframe',
  `piece` UInt32 COMMENT 'Piece of a keyframe or checkpoint, from 1',
  `pieces` UInt32 COMMENT 'Of how many',
  `ledger` Array(Tuple(snapshot_id String, source_partition Int32, source_offset Int64, previous_source_offset Int64, ordinal UInt32, part UInt32, parts UInt32, final Bool, outcome LowCardinality(String), reason LowCardinality(String), format LowCardinality(String), level LowCardinality(String), scope LowCardinality(String), variant LowCardinality(String), command String, complete Bool, router_clock Nullable(DateTime64(3, 'UTC')), clock_steps Array(Int64), bytes Int64, sessions Int64, opened Int64, changed Int64, closed Int64, counters Int64, anomalies Int64, unknown_fields Int64, errors Int64, state_hash String, by_state Map(LowCardinality(String), UInt64), by_peer_gateway Map(LowCardinality(String), UInt64), by_tunnel_group Map(LowCardinality(String), UInt64), document UInt64)) COMMENT 'One entry, or none',
  `opened` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that opened',
  `changed` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that changed, after',
  `closed` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that closed, as last known',
  `rebase` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'New absolute counters without a delta',
  `keyframe` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'The state',
  `counters` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), created_at Nullable(DateTime64(3, 'UTC')), interval_s Float64, kind LowCardinality(String), seen UInt64, control_tx_packets UInt64, control_tx_bytes UInt64, control_rx_packets UInt64, control_rx_bytes UInt64, data_tx_packets UInt64, data_tx_bytes UInt64, data_rx_packets UInt64, data_rx_bytes UInt64, error_tx_packets UInt64, error_rx_packets UInt64, lcp_echo_req_tx_packets UInt64, lcp_echo_req_rx_packets UInt64, lcp_echo_rep_tx_packets UInt64, lcp_echo_rep_rx_packets UInt64, lcp_echo_req_timeout UInt64, lcp_tx_echo_req_error UInt64, lcp_tx_echo_rep_error UInt64, lcp_rx_echo_req_error UInt64, lcp_rx_echo_rep_error UInt64)) COMMENT 'Counter deltas',
  `counters_rounded` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), created_at Nullable(DateTime64(3, 'UTC')), interval_s Float64, kind LowCardinality(String), seen UInt64, control_tx_packets UInt64, control_tx_bytes UInt64, control_rx_packets UInt64, control_rx_bytes UInt64, data_tx_packets UInt64, data_tx_bytes UInt64, data_rx_packets UInt64, data_rx_bytes UInt64, error_tx_packets UInt64, error_rx_packets UInt64, lcp_echo_req_tx_packets UInt64, lcp_echo_req_rx_packets UInt64, lcp_echo_rep_tx_packets UInt64, lcp_echo_rep_rx_packets UInt64, lcp_echo_req_timeout UInt64, lcp_tx_echo_req_error UInt64, lcp_tx_echo_rep_error UInt64, lcp_rx_echo_req_error UInt64, lcp_rx_echo_rep_error UInt64, control_tx_packets_error UInt64, control_tx_bytes_error UInt64, control_rx_packets_error UInt64, control_rx_bytes_error UInt64, data_tx_packets_error UInt64, data_tx_bytes_error UInt64, data_rx_packets_error UInt64, data_rx_bytes_error UInt64, error_tx_packets_error UInt64, error_rx_packets_error UInt64, lcp_echo_req_tx_packets_error UInt64, lcp_echo_req_rx_packets_error UInt64, lcp_echo_rep_tx_packets_error UInt64, lcp_echo_rep_rx_packets_error UInt64, lcp_echo_req_timeout_error UInt64, lcp_tx_echo_req_error_error UInt64, lcp_tx_echo_rep_error_error UInt64, lcp_rx_echo_req_error_error UInt64, lcp_rx_echo_rep_error_error UInt64)) COMMENT 'Counter deltas of rounded values',
  `prints` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), layout UInt64, rank Int64, idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32)) COMMENT 'Print details that moved',
  `anomalies` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), kind LowCardinality(String), field LowCardinality(String), before String, after String)) COMMENT 'Anomalies',
  `router_events` Array(Tuple(kind LowCardinality(String), sessions Int64, detail String)) COMMENT 'Events of the router',
  `layouts` Array(Tuple(id UInt64, definition String)) COMMENT 'Layouts defined here',
  `router_state` String COMMENT 'Restore-only state'
) ENGINE = Null
COMMENT 'The one insert endpoint: an event of the log in each row; keeps nothing, its views fan it out';

CREATE TABLE IF NOT EXISTS inbox_fenced (
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events',
  `kafka_offset` UInt64 COMMENT 'Offset in that partition',
  `loader_epoch` UInt64 COMMENT 'Epoch of the loader that inserts it',
  `router` LowCardinality(String) COMMENT 'Name of the router',
  `at` DateTime64(3, 'UTC') COMMENT 'Never goes back in a router\'s log',
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken',
  `seq` UInt64 COMMENT 'Number in the router\'s log, from 1',
  `gop` DateTime64(3, 'UTC') COMMENT 'The at of the group\'s keyframe',
  `piece` UInt32 COMMENT 'Piece of a keyframe or checkpoint, from 1',
  `pieces` UInt32 COMMENT 'Of how many',
  `ledger` Array(Tuple(snapshot_id String, source_partition Int32, source_offset Int64, previous_source_offset Int64, ordinal UInt32, part UInt32, parts UInt32, final Bool, outcome LowCardinality(String), reason LowCardinality(String), format LowCardinality(String), level LowCardinality(String), scope LowCardinality(String), variant LowCardinality(String), command String, complete Bool, router_clock Nullable(DateTime64(3, 'UTC')), clock_steps Array(Int64), bytes Int64, sessions Int64, opened Int64, changed Int64, closed Int64, counters Int64, anomalies Int64, unknown_fields Int64, errors Int64, state_hash String, by_state Map(LowCardinality(String), UInt64), by_peer_gateway Map(LowCardinality(String), UInt64), by_tunnel_group Map(LowCardinality(String), UInt64), document UInt64)) COMMENT 'One entry, or none',
  `opened` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that opened',
  `changed` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that changed, after',
  `closed` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'Sessions that closed, as last known',
  `rebase` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'New absolute counters without a delta',
  `keyframe` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, reason LowCardinality(String), changed Array(LowCardinality(String)), last_seen_at DateTime64(3, 'UTC'), created_at Nullable(DateTime64(3, 'UTC')), idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32, layout UInt64, rank Int64, presence LowCardinality(String), rounding Map(LowCardinality(String), UInt64), unknown Array(Tuple(name LowCardinality(String), value String)), session_remote_id Nullable(UInt16), create_time Nullable(DateTime64(3, 'UTC')), call_serial_number Nullable(UInt32), tunnel_interface_name LowCardinality(String), tunnel_group_name LowCardinality(String), interface_name LowCardinality(String), interface_unit Nullable(UInt32), state LowCardinality(String), admin_state LowCardinality(String), bundle_id Nullable(UInt32), user_name String, mode LowCardinality(String), local_ip LowCardinality(String), local_port Nullable(UInt32), remote_ip LowCardinality(String), remote_port Nullable(UInt32), peer_ip String, peer_prefix_length Nullable(UInt32), own_ip LowCardinality(String), local_name LowCardinality(String), remote_name LowCardinality(String), tunnel_switch_profile_name LowCardinality(String), local_mru Nullable(UInt32), remote_mru Nullable(UInt32), tx_speed Nullable(UInt64), tx_speed_initial Nullable(UInt64), tx_speed_source LowCardinality(String), rx_speed Nullable(UInt64), rx_speed_initial Nullable(UInt64), rx_speed_source LowCardinality(String), nas_port_type LowCardinality(String), nas_port String, bearer_type Nullable(UInt32), framing_type Nullable(UInt32), lcp_renegotiation LowCardinality(String), authentication LowCardinality(String), interface_id String, policer_bandwidth Nullable(UInt64), policer_burstsize Nullable(UInt64), policer_exclude_bandwidth Nullable(UInt64), firewall_filter LowCardinality(String), encapsulation_overhead Nullable(UInt32), cell_overhead LowCardinality(String), tos_reflect LowCardinality(String), statistics_since Nullable(DateTime64(3, 'UTC')), control_tx_packets Nullable(UInt64), control_tx_bytes Nullable(UInt64), control_rx_packets Nullable(UInt64), control_rx_bytes Nullable(UInt64), data_tx_packets Nullable(UInt64), data_tx_bytes Nullable(UInt64), data_rx_packets Nullable(UInt64), data_rx_bytes Nullable(UInt64), error_tx_packets Nullable(UInt64), error_rx_packets Nullable(UInt64), lcp_echo_req_tx_packets Nullable(UInt64), lcp_echo_req_rx_packets Nullable(UInt64), lcp_echo_rep_tx_packets Nullable(UInt64), lcp_echo_rep_rx_packets Nullable(UInt64), lcp_echo_req_timeout Nullable(UInt64), lcp_tx_echo_req_error Nullable(UInt64), lcp_tx_echo_rep_error Nullable(UInt64), lcp_rx_echo_req_error Nullable(UInt64), lcp_rx_echo_rep_error Nullable(UInt64))) COMMENT 'The state',
  `counters` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), created_at Nullable(DateTime64(3, 'UTC')), interval_s Float64, kind LowCardinality(String), seen UInt64, control_tx_packets UInt64, control_tx_bytes UInt64, control_rx_packets UInt64, control_rx_bytes UInt64, data_tx_packets UInt64, data_tx_bytes UInt64, data_rx_packets UInt64, data_rx_bytes UInt64, error_tx_packets UInt64, error_rx_packets UInt64, lcp_echo_req_tx_packets UInt64, lcp_echo_req_rx_packets UInt64, lcp_echo_rep_tx_packets UInt64, lcp_echo_rep_rx_packets UInt64, lcp_echo_req_timeout UInt64, lcp_tx_echo_req_error UInt64, lcp_tx_echo_rep_error UInt64, lcp_rx_echo_req_error UInt64, lcp_rx_echo_rep_error UInt64)) COMMENT 'Counter deltas',
  `counters_rounded` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), created_at Nullable(DateTime64(3, 'UTC')), interval_s Float64, kind LowCardinality(String), seen UInt64, control_tx_packets UInt64, control_tx_bytes UInt64, control_rx_packets UInt64, control_rx_bytes UInt64, data_tx_packets UInt64, data_tx_bytes UInt64, data_rx_packets UInt64, data_rx_bytes UInt64, error_tx_packets UInt64, error_rx_packets UInt64, lcp_echo_req_tx_packets UInt64, lcp_echo_req_rx_packets UInt64, lcp_echo_rep_tx_packets UInt64, lcp_echo_rep_rx_packets UInt64, lcp_echo_req_timeout UInt64, lcp_tx_echo_req_error UInt64, lcp_tx_echo_rep_error UInt64, lcp_rx_echo_req_error UInt64, lcp_rx_echo_rep_error UInt64, control_tx_packets_error UInt64, control_tx_bytes_error UInt64, control_rx_packets_error UInt64, control_rx_bytes_error UInt64, data_tx_packets_error UInt64, data_tx_bytes_error UInt64, data_rx_packets_error UInt64, data_rx_bytes_error UInt64, error_tx_packets_error UInt64, error_rx_packets_error UInt64, lcp_echo_req_tx_packets_error UInt64, lcp_echo_req_rx_packets_error UInt64, lcp_echo_rep_tx_packets_error UInt64, lcp_echo_rep_rx_packets_error UInt64, lcp_echo_req_timeout_error UInt64, lcp_tx_echo_req_error_error UInt64, lcp_tx_echo_rep_error_error UInt64, lcp_rx_echo_req_error_error UInt64, lcp_rx_echo_rep_error_error UInt64)) COMMENT 'Counter deltas of rounded values',
  `prints` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), layout UInt64, rank Int64, idle_since Nullable(DateTime64(3, 'UTC')), clock_offset_s Int32)) COMMENT 'Print details that moved',
  `anomalies` Array(Tuple(tunnel_local_id UInt16, session_local_id UInt16, create_time Nullable(DateTime64(3, 'UTC')), kind LowCardinality(String), field LowCardinality(String), before String, after String)) COMMENT 'Anomalies',
  `router_events` Array(Tuple(kind LowCardinality(String), sessions Int64, detail String)) COMMENT 'Events of the router',
  `layouts` Array(Tuple(id UInt64, definition String)) COMMENT 'Layouts defined here',
  `router_state` String COMMENT 'Restore-only state'
) ENGINE = Null
COMMENT 'Rows of the inbox from the newest loader of their partition; keeps nothing';

-- Images of all kinds, in the order in which equal times are to be read
CREATE MATERIALIZED VIEW IF NOT EXISTS to_session_history TO session_history AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  s.tunnel_local_id AS tunnel_local_id,
  s.session_local_id AS session_local_id,
  toDateTime(s.create_time, 'UTC') AS create_time,
  s.created_at AS created_at,
  s.last_seen_at AS last_seen_at,
  d.seq * 8 + k AS seq,
  k AS kind,
  s.reason AS reason,
  s.changed AS changed,
  s.session_remote_id AS session_remote_id,
  s.call_serial_number AS call_serial_number,
  s.tunnel_interface_name AS tunnel_interface_name,
  s.tunnel_group_name AS tunnel_group_name,
  s.interface_name AS interface_name,
  s.interface_unit AS interface_unit,
  s.state AS state,
  s.admin_state AS admin_state,
  s.bundle_id AS bundle_id,
  s.user_name AS user_name,
  s.mode AS mode,
  s.local_ip AS local_ip,
  s.local_port AS local_port,
  s.remote_ip AS remote_ip,
  s.remote_port AS remote_port,
  s.peer_ip AS peer_ip,
  s.peer_prefix_length AS peer_prefix_length,
  s.own_ip AS own_ip,
  s.local_name AS local_name,
  s.remote_name AS remote_name,
  s.tunnel_switch_profile_name AS tunnel_switch_profile_name,
  s.local_mru AS local_mru,
  s.remote_mru AS remote_mru,
  s.tx_speed AS tx_speed,
  s.tx_speed_initial AS tx_speed_initial,
  s.tx_speed_source AS tx_speed_source,
  s.rx_speed AS rx_speed,
  s.rx_speed_initial AS rx_speed_initial,
  s.rx_speed_source AS rx_speed_source,
  s.nas_port_type AS nas_port_type,
  s.nas_port AS nas_port,
  s.bearer_type AS bearer_type,
  s.framing_type AS framing_type,
  s.lcp_renegotiation AS lcp_renegotiation,
  s.authentication AS authentication,
  s.interface_id AS interface_id,
  s.policer_bandwidth AS policer_bandwidth,
  s.policer_burstsize AS policer_burstsize,
  s.policer_exclude_bandwidth AS policer_exclude_bandwidth,
  s.firewall_filter AS firewall_filter,
  s.encapsulation_overhead AS encapsulation_overhead,
  s.cell_overhead AS cell_overhead,
  s.tos_reflect AS tos_reflect,
  toDateTime(s.statistics_since, 'UTC') AS statistics_since,
  s.control_tx_packets AS control_tx_packets,
  s.control_tx_bytes AS control_tx_bytes,
  s.control_rx_packets AS control_rx_packets,
  s.control_rx_bytes AS control_rx_bytes,
  s.data_tx_packets AS data_tx_packets,
  s.data_tx_bytes AS data_tx_bytes,
  s.data_rx_packets AS data_rx_packets,
  s.data_rx_bytes AS data_rx_bytes,
  s.error_tx_packets AS error_tx_packets,
  s.error_rx_packets AS error_rx_packets,
  s.lcp_echo_req_tx_packets AS lcp_echo_req_tx_packets,
  s.lcp_echo_req_rx_packets AS lcp_echo_req_rx_packets,
  s.lcp_echo_rep_tx_packets AS lcp_echo_rep_tx_packets,
  s.lcp_echo_rep_rx_packets AS lcp_echo_rep_rx_packets,
  s.lcp_echo_req_timeout AS lcp_echo_req_timeout,
  s.lcp_tx_echo_req_error AS lcp_tx_echo_req_error,
  s.lcp_tx_echo_rep_error AS lcp_tx_echo_rep_error,
  s.lcp_rx_echo_req_error AS lcp_rx_echo_req_error,
  s.lcp_rx_echo_rep_error AS lcp_rx_echo_rep_error,
  toDateTime(s.idle_since, 'UTC') AS idle_since,
  s.clock_offset_s AS clock_offset_s,
  s.layout AS layout,
  s.rank AS rank,
  s.presence AS presence,
  s.rounding AS rounding,
  s.unknown AS unknown,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN
  arrayConcat(closed, opened, changed, rebase, keyframe) AS s,
  arrayConcat(arrayWithConstant(length(closed), toInt8(0)), arrayWithConstant(length(opened), toInt8(1)), arrayWithConstant(length(changed), toInt8(2)), arrayWithConstant(length(rebase), toInt8(3)), arrayWithConstant(length(keyframe), toInt8(4))) AS k;

-- Exact deltas
CREATE MATERIALIZED VIEW IF NOT EXISTS to_counter_deltas TO counter_deltas AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  c.tunnel_local_id AS tunnel_local_id,
  c.session_local_id AS session_local_id,
  toDateTime(c.create_time, 'UTC') AS create_time,
  c.created_at AS created_at,
  d.seq * 8 + 5 AS seq,
  c.interval_s AS interval_s,
  c.kind AS kind,
  c.seen AS seen,
  c.control_tx_packets AS control_tx_packets,
  c.control_tx_bytes AS control_tx_bytes,
  c.control_rx_packets AS control_rx_packets,
  c.control_rx_bytes AS control_rx_bytes,
  c.data_tx_packets AS data_tx_packets,
  c.data_tx_bytes AS data_tx_bytes,
  c.data_rx_packets AS data_rx_packets,
  c.data_rx_bytes AS data_rx_bytes,
  c.error_tx_packets AS error_tx_packets,
  c.error_rx_packets AS error_rx_packets,
  c.lcp_echo_req_tx_packets AS lcp_echo_req_tx_packets,
  c.lcp_echo_req_rx_packets AS lcp_echo_req_rx_packets,
  c.lcp_echo_rep_tx_packets AS lcp_echo_rep_tx_packets,
  c.lcp_echo_rep_rx_packets AS lcp_echo_rep_rx_packets,
  c.lcp_echo_req_timeout AS lcp_echo_req_timeout,
  c.lcp_tx_echo_req_error AS lcp_tx_echo_req_error,
  c.lcp_tx_echo_rep_error AS lcp_tx_echo_rep_error,
  c.lcp_rx_echo_req_error AS lcp_rx_echo_req_error,
  c.lcp_rx_echo_rep_error AS lcp_rx_echo_rep_error,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN counters AS c;

-- Deltas of rounded values, with their bounds
CREATE MATERIALIZED VIEW IF NOT EXISTS to_counter_deltas_rounded TO counter_deltas AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  c.tunnel_local_id AS tunnel_local_id,
  c.session_local_id AS session_local_id,
  toDateTime(c.create_time, 'UTC') AS create_time,
  c.created_at AS created_at,
  d.seq * 8 + 5 AS seq,
  c.interval_s AS interval_s,
  c.kind AS kind,
  c.seen AS seen,
  c.control_tx_packets AS control_tx_packets,
  c.control_tx_bytes AS control_tx_bytes,
  c.control_rx_packets AS control_rx_packets,
  c.control_rx_bytes AS control_rx_bytes,
  c.data_tx_packets AS data_tx_packets,
  c.data_tx_bytes AS data_tx_bytes,
  c.data_rx_packets AS data_rx_packets,
  c.data_rx_bytes AS data_rx_bytes,
  c.error_tx_packets AS error_tx_packets,
  c.error_rx_packets AS error_rx_packets,
  c.lcp_echo_req_tx_packets AS lcp_echo_req_tx_packets,
  c.lcp_echo_req_rx_packets AS lcp_echo_req_rx_packets,
  c.lcp_echo_rep_tx_packets AS lcp_echo_rep_tx_packets,
  c.lcp_echo_rep_rx_packets AS lcp_echo_rep_rx_packets,
  c.lcp_echo_req_timeout AS lcp_echo_req_timeout,
  c.lcp_tx_echo_req_error AS lcp_tx_echo_req_error,
  c.lcp_tx_echo_rep_error AS lcp_tx_echo_rep_error,
  c.lcp_rx_echo_req_error AS lcp_rx_echo_req_error,
  c.lcp_rx_echo_rep_error AS lcp_rx_echo_rep_error,
  c.control_tx_packets_error AS control_tx_packets_error,
  c.control_tx_bytes_error AS control_tx_bytes_error,
  c.control_rx_packets_error AS control_rx_packets_error,
  c.control_rx_bytes_error AS control_rx_bytes_error,
  c.data_tx_packets_error AS data_tx_packets_error,
  c.data_tx_bytes_error AS data_tx_bytes_error,
  c.data_rx_packets_error AS data_rx_packets_error,
  c.data_rx_bytes_error AS data_rx_bytes_error,
  c.error_tx_packets_error AS error_tx_packets_error,
  c.error_rx_packets_error AS error_rx_packets_error,
  c.lcp_echo_req_tx_packets_error AS lcp_echo_req_tx_packets_error,
  c.lcp_echo_req_rx_packets_error AS lcp_echo_req_rx_packets_error,
  c.lcp_echo_rep_tx_packets_error AS lcp_echo_rep_tx_packets_error,
  c.lcp_echo_rep_rx_packets_error AS lcp_echo_rep_rx_packets_error,
  c.lcp_echo_req_timeout_error AS lcp_echo_req_timeout_error,
  c.lcp_tx_echo_req_error_error AS lcp_tx_echo_req_error_error,
  c.lcp_tx_echo_rep_error_error AS lcp_tx_echo_rep_error_error,
  c.lcp_rx_echo_req_error_error AS lcp_rx_echo_req_error_error,
  c.lcp_rx_echo_rep_error_error AS lcp_rx_echo_rep_error_error,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN counters_rounded AS c;

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
FROM inbox_fenced AS d
ARRAY JOIN prints AS p;

-- The ledger entry of each event
CREATE MATERIALIZED VIEW IF NOT EXISTS to_snapshots TO snapshots AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + 7 AS seq,
  l.snapshot_id AS snapshot_id,
  l.source_partition AS source_partition,
  l.source_offset AS source_offset,
  l.previous_source_offset AS previous_source_offset,
  l.ordinal AS ordinal,
  l.part AS part,
  l.parts AS parts,
  l.final AS final,
  l.outcome AS outcome,
  l.reason AS reason,
  l.format AS format,
  l.level AS level,
  l.scope AS scope,
  l.variant AS variant,
  l.command AS command,
  l.complete AS complete,
  l.clock_steps AS clock_steps,
  l.bytes AS bytes,
  l.sessions AS sessions,
  l.opened AS opened,
  l.changed AS changed,
  l.closed AS closed,
  l.counters AS counters,
  l.anomalies AS anomalies,
  l.unknown_fields AS unknown_fields,
  l.errors AS errors,
  l.state_hash AS state_hash,
  l.by_state AS by_state,
  l.by_peer_gateway AS by_peer_gateway,
  l.by_tunnel_group AS by_tunnel_group,
  l.document AS document,
  toDateTime(l.router_clock, 'UTC') AS router_clock,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
ARRAY JOIN ledger AS l;

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
FROM inbox_fenced AS d
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
FROM inbox_fenced AS d
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
FROM inbox_fenced AS d
ARRAY JOIN router_events AS e;

-- Layouts by hash
CREATE MATERIALIZED VIEW IF NOT EXISTS to_layouts TO layouts AS
SELECT
  l.id AS id,
  l.definition AS definition
FROM inbox_fenced AS d
ARRAY JOIN layouts AS l;

-- What each event held
CREATE MATERIALIZED VIEW IF NOT EXISTS to_deltas TO deltas AS
SELECT
  d.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at,
  d.seq * 8 + 7 AS seq,
  d.piece AS piece,
  d.pieces AS pieces,
  length(d.ledger) AS ledger_rows,
  length(d.opened) AS opened_rows,
  length(d.changed) AS changed_rows,
  length(d.closed) AS closed_rows,
  length(d.rebase) AS rebase_rows,
  length(d.keyframe) AS keyframe_rows,
  length(d.prints) AS prints_rows,
  length(d.anomalies) AS anomalies_rows,
  length(d.router_events) AS router_events_rows,
  length(d.counters) + length(d.counters_rounded) AS counters_rows,
  d.loader_epoch AS loader_epoch,
  d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM inbox_fenced AS d
;
