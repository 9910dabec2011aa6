-- Why: questions over days must not read every delta. None of these sums blindly: each row carries the Kafka offset that it
-- came from, or is rebuilt whole, so that a batch that is inserted twice or healed counts once.

CREATE TABLE IF NOT EXISTS traffic_by_snapshot (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `interval_s` Float64 COMMENT 'Median of the intervals of its sessions (s)' CODEC(ZSTD(1)),
  `interval_s_max` Float64 COMMENT 'Longest of them (s)' CODEC(ZSTD(1)),
  `sessions` UInt64 COMMENT 'Sessions with deltas (sessions)' CODEC(T64, ZSTD(1)),
  `lower_bounds` UInt64 COMMENT 'Sessions whose delta is a lower bound, because their counters were cleared (sessions)' CODEC(T64, ZSTD(1)),
  `rounded` UInt64 COMMENT 'Sessions with values that were printed rounded (sessions)' CODEC(T64, ZSTD(1)),
  `control_tx_packets` UInt64 COMMENT 'Control packets sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `control_tx_bytes` UInt64 COMMENT 'Control bytes sent, all sessions (bytes)' CODEC(T64, ZSTD(1)),
  `control_rx_packets` UInt64 COMMENT 'Control packets received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `control_rx_bytes` UInt64 COMMENT 'Control bytes received, all sessions (bytes)' CODEC(T64, ZSTD(1)),
  `data_tx_packets` UInt64 COMMENT 'Data packets sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes` UInt64 COMMENT 'Data bytes sent, all sessions (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_packets` UInt64 COMMENT 'Data packets received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes` UInt64 COMMENT 'Data bytes received, all sessions (bytes)' CODEC(T64, ZSTD(1)),
  `error_tx_packets` UInt64 COMMENT 'Errors when sending, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `error_rx_packets` UInt64 COMMENT 'Errors when receiving, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_req_tx_packets` UInt64 COMMENT 'LCP echo requests sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_req_rx_packets` UInt64 COMMENT 'LCP echo requests received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_rep_tx_packets` UInt64 COMMENT 'LCP echo replies sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_rep_rx_packets` UInt64 COMMENT 'LCP echo replies received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_req_timeout` UInt64 COMMENT 'LCP echo requests that timed out, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_tx_echo_req_error` UInt64 COMMENT 'Errors in LCP echo requests sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_tx_echo_rep_error` UInt64 COMMENT 'Errors in LCP echo replies sent, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_rx_echo_req_error` UInt64 COMMENT 'Errors in LCP echo requests received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `lcp_rx_echo_rep_error` UInt64 COMMENT 'Errors in LCP echo replies received, all sessions (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_packets_error` UInt64 COMMENT 'Sum of the half-widths of data_tx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes_error` UInt64 COMMENT 'Sum of the half-widths of data_tx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_packets_error` UInt64 COMMENT 'Sum of the half-widths of data_rx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes_error` UInt64 COMMENT 'Sum of the half-widths of data_rx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Traffic of a router in each event: one row for each, so that it can be healed; spread over the interval when asked for';

CREATE TABLE IF NOT EXISTS traffic_by_user_hour (
  `hour` DateTime('UTC') COMMENT 'Begin of the hour (UTC)' CODEC(T64, ZSTD(1)),
  `user_name` String COMMENT 'Subscriber\'s name; empty where the router does not print it' CODEC(ZSTD(1)),
  `realm` LowCardinality(String) COMMENT 'The part of user_name after the last @; empty when there is none' CODEC(ZSTD(1)),
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `sessions` UInt64 COMMENT 'Sessions with deltas (sessions)' CODEC(T64, ZSTD(1)),
  `data_tx_packets` UInt64 COMMENT 'Data packets sent (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_packets_error` UInt64 COMMENT 'Half-width of data_tx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes` UInt64 COMMENT 'Data bytes sent (bytes)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes_error` UInt64 COMMENT 'Half-width of data_tx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_packets` UInt64 COMMENT 'Data packets received (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_packets_error` UInt64 COMMENT 'Half-width of data_rx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes` UInt64 COMMENT 'Data bytes received (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes_error` UInt64 COMMENT 'Half-width of data_rx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `error_tx_packets` UInt64 COMMENT 'Errors when sending (packets)' CODEC(T64, ZSTD(1)),
  `error_rx_packets` UInt64 COMMENT 'Errors when receiving (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_req_timeout` UInt64 COMMENT 'LCP echo requests that timed out (packets)' CODEC(T64, ZSTD(1)),
  `built_at` DateTime64(3, 'UTC') COMMENT 'When the row was built from counter_deltas; the newest counts (UTC)' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(built_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, user_name, router)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Traffic by user and hour, rebuilt whole for an hour of a router; read with FINAL';

CREATE TABLE IF NOT EXISTS traffic_by_peer_hour (
  `hour` DateTime('UTC') COMMENT 'Begin of the hour (UTC)' CODEC(T64, ZSTD(1)),
  `peer_gateway` LowCardinality(String) COMMENT 'Remote name of the tunnel, else its remote address' CODEC(ZSTD(1)),
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `sessions` UInt64 COMMENT 'Sessions with deltas (sessions)' CODEC(T64, ZSTD(1)),
  `data_tx_packets` UInt64 COMMENT 'Data packets sent (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_packets_error` UInt64 COMMENT 'Half-width of data_tx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes` UInt64 COMMENT 'Data bytes sent (bytes)' CODEC(T64, ZSTD(1)),
  `data_tx_bytes_error` UInt64 COMMENT 'Half-width of data_tx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_packets` UInt64 COMMENT 'Data packets received (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_packets_error` UInt64 COMMENT 'Half-width of data_rx_packets; 0 when exact (packets)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes` UInt64 COMMENT 'Data bytes received (bytes)' CODEC(T64, ZSTD(1)),
  `data_rx_bytes_error` UInt64 COMMENT 'Half-width of data_rx_bytes; 0 when exact (bytes)' CODEC(T64, ZSTD(1)),
  `error_tx_packets` UInt64 COMMENT 'Errors when sending (packets)' CODEC(T64, ZSTD(1)),
  `error_rx_packets` UInt64 COMMENT 'Errors when receiving (packets)' CODEC(T64, ZSTD(1)),
  `lcp_echo_req_timeout` UInt64 COMMENT 'LCP echo requests that timed out (packets)' CODEC(T64, ZSTD(1)),
  `built_at` DateTime64(3, 'UTC') COMMENT 'When the row was built from counter_deltas; the newest counts (UTC)' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(built_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, peer_gateway, router)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Traffic by peer gateway and hour, rebuilt whole for an hour of a router; read with FINAL';

CREATE TABLE IF NOT EXISTS rollup_progress (
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Hours touched by events before this offset are built' CODEC(T64, ZSTD(1)),
  `built_at` DateTime64(3, 'UTC') COMMENT 'When (UTC)' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(built_at)
ORDER BY kafka_partition
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Up to which event of the log the hourly rollups are built';

CREATE TABLE IF NOT EXISTS session_ends (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `last_seen_at` DateTime64(3, 'UTC') COMMENT 'When a snapshot last showed it; the end lies between this and at (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose' CODEC(T64, ZSTD(1)),
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose' CODEC(T64, ZSTD(1)),
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so' CODEC(T64, ZSTD(1)),
  `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Create time as UTC, by the time zone of the router' CODEC(T64, ZSTD(1)),
  `reason` LowCardinality(String) COMMENT 'gone, destroyed or replaced' CODEC(ZSTD(1)),
  `lifetime_s` Nullable(Float64) COMMENT 'From the create time to the last sight, a lower bound; NULL when the create time is unknown (s)' CODEC(ZSTD(1)),
  `uncertainty_s` Float64 COMMENT 'From the last sight to at: how much longer it may have lived (s)' CODEC(ZSTD(1)),
  `state` LowCardinality(String) COMMENT 'Last state, in lower case' CODEC(ZSTD(1)),
  `user_name` String COMMENT 'Name that the subscriber gave; empty where not printed' CODEC(ZSTD(1)),
  `remote_name` LowCardinality(String) COMMENT 'The peer\'s tunnel name' CODEC(ZSTD(1)),
  `remote_ip` LowCardinality(String) COMMENT 'The peer\'s address' CODEC(ZSTD(1)),
  `interface_name` LowCardinality(String) COMMENT 'Service interface of the session' CODEC(ZSTD(1)),
  `tunnel_interface_name` LowCardinality(String) COMMENT 'Service interface of the tunnel\'s header' CODEC(ZSTD(1)),
  `tunnel_group_name` LowCardinality(String) COMMENT 'Tunnel group' CODEC(ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, tunnel_local_id, session_local_id, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Every end of a session, with its reason and how long it lived';

CREATE TABLE IF NOT EXISTS connect_speeds (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose' CODEC(T64, ZSTD(1)),
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose' CODEC(T64, ZSTD(1)),
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so' CODEC(T64, ZSTD(1)),
  `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Create time as UTC, by the time zone of the router' CODEC(T64, ZSTD(1)),
  `reason` LowCardinality(String) COMMENT 'opened, or the reason of the change' CODEC(ZSTD(1)),
  `tx_speed` Nullable(UInt64) COMMENT 'Current speed towards the subscriber (bit/s)' CODEC(T64, ZSTD(1)),
  `tx_speed_initial` Nullable(UInt64) COMMENT 'Initial speed towards the subscriber (bit/s)' CODEC(T64, ZSTD(1)),
  `tx_speed_source` LowCardinality(String) COMMENT 'Where tx_speed comes from' CODEC(ZSTD(1)),
  `rx_speed` Nullable(UInt64) COMMENT 'Current speed from the subscriber (bit/s)' CODEC(T64, ZSTD(1)),
  `rx_speed_initial` Nullable(UInt64) COMMENT 'Initial speed from the subscriber (bit/s)' CODEC(T64, ZSTD(1)),
  `rx_speed_source` LowCardinality(String) COMMENT 'Where rx_speed comes from' CODEC(ZSTD(1)),
  `user_name` String COMMENT 'Name that the subscriber gave; empty where not printed' CODEC(ZSTD(1)),
  `remote_name` LowCardinality(String) COMMENT 'The peer\'s tunnel name' CODEC(ZSTD(1)),
  `remote_ip` LowCardinality(String) COMMENT 'The peer\'s address' CODEC(ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, tunnel_local_id, session_local_id, at, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Connect speeds of each session when it opened and whenever they changed';

CREATE TABLE IF NOT EXISTS sessions_by_user (
  `user_name` String COMMENT 'Name that the subscriber gave, as printed' CODEC(ZSTD(1)),
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose' CODEC(T64, ZSTD(1)),
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose' CODEC(T64, ZSTD(1)),
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so' CODEC(T64, ZSTD(1)),
  `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Create time as UTC, by the time zone of the router' CODEC(T64, ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (user_name, at, router)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Where a user name was seen: the way from a subscriber to the sessions in session_history';

CREATE TABLE IF NOT EXISTS sessions_by_address (
  `address` IPv6 COMMENT 'Assigned address; IPv4 mapped into IPv6' CODEC(ZSTD(1)),
  `prefix_length` Nullable(UInt8) COMMENT 'Prefix length as printed, within its family (bits)' CODEC(T64, ZSTD(1)),
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose' CODEC(T64, ZSTD(1)),
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose' CODEC(T64, ZSTD(1)),
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so' CODEC(T64, ZSTD(1)),
  `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Create time as UTC, by the time zone of the router' CODEC(T64, ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (address, at, router)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Where an assigned address was seen: the way from an address to the sessions in session_history';
