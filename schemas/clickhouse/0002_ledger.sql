-- Why: what came in and what became of it. Nothing is ever dropped from here by age: concurrency, audits and the choice
-- of a group rest on it.

CREATE TABLE IF NOT EXISTS deltas (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `piece` UInt32 COMMENT 'Piece of a keyframe, from 1; 0 in other deltas' CODEC(T64, ZSTD(1)),
  `pieces` UInt32 COMMENT 'Of how many pieces; 0 in other deltas' CODEC(T64, ZSTD(1)),
  `ledger_rows` UInt32 COMMENT 'Rows of ledger in the event (rows)' CODEC(T64, ZSTD(1)),
  `opened_rows` UInt32 COMMENT 'Rows of opened in the event (rows)' CODEC(T64, ZSTD(1)),
  `changed_rows` UInt32 COMMENT 'Rows of changed in the event (rows)' CODEC(T64, ZSTD(1)),
  `closed_rows` UInt32 COMMENT 'Rows of closed in the event (rows)' CODEC(T64, ZSTD(1)),
  `rebase_rows` UInt32 COMMENT 'Rows of rebase in the event (rows)' CODEC(T64, ZSTD(1)),
  `keyframe_rows` UInt32 COMMENT 'Rows of keyframe in the event (rows)' CODEC(T64, ZSTD(1)),
  `counters_rows` UInt32 COMMENT 'Rows of counters in the event (rows)' CODEC(T64, ZSTD(1)),
  `prints_rows` UInt32 COMMENT 'Rows of prints in the event (rows)' CODEC(T64, ZSTD(1)),
  `anomalies_rows` UInt32 COMMENT 'Rows of anomalies in the event (rows)' CODEC(T64, ZSTD(1)),
  `router_events_rows` UInt32 COMMENT 'Rows of router_events in the event (rows)' CODEC(T64, ZSTD(1)),
  `loader_epoch` UInt64 COMMENT 'Epoch of the loader that inserted it' CODEC(T64, ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row for each event of the log: what it held, for groups, proofs of delivery and audits';

CREATE TABLE IF NOT EXISTS snapshots (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `snapshot_id` String COMMENT 'Id of the snapshot' CODEC(ZSTD(1)),
  `source_partition` Int32 COMMENT 'Partition of l2tp.snapshots' CODEC(T64, ZSTD(1)),
  `source_offset` Int64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  `previous_source_offset` Int64 COMMENT 'Source offset of the entry before in that partition; -1 for the first' CODEC(T64, ZSTD(1)),
  `ordinal` UInt32 COMMENT 'Which snapshot of the message, from 0' CODEC(T64, ZSTD(1)),
  `part` UInt32 COMMENT 'Part of the snapshot, from 1' CODEC(T64, ZSTD(1)),
  `parts` UInt32 COMMENT 'Of how many parts' CODEC(T64, ZSTD(1)),
  `final` Bool COMMENT 'Finishes its snapshot; its counts are those of the whole' CODEC(ZSTD(1)),
  `outcome` LowCardinality(String) COMMENT 'applied, stale or dead_letter' CODEC(ZSTD(1)),
  `reason` LowCardinality(String) COMMENT 'Why stale, dead-lettered or incomplete' CODEC(ZSTD(1)),
  `format` LowCardinality(String) COMMENT 'text, xml or json' CODEC(ZSTD(1)),
  `level` LowCardinality(String) COMMENT 'brief, detail, extensive or statistics' CODEC(ZSTD(1)),
  `scope` LowCardinality(String) COMMENT 'Filters of the command as sorted name value pairs; empty for all sessions' CODEC(ZSTD(1)),
  `variant` LowCardinality(String) COMMENT 'Who prints: lns-m, lns-mx or lac' CODEC(ZSTD(1)),
  `command` String COMMENT 'The command as typed' CODEC(ZSTD(1)),
  `complete` Bool COMMENT 'The listing is provably whole' CODEC(ZSTD(1)),
  `router_clock` Nullable(DateTime('UTC')) COMMENT 'The router\'s wall clock when it printed; NULL when not printed' CODEC(T64, ZSTD(1)),
  `clock_steps` Array(Int64) COMMENT 'Pairs of first rank and seconds after router_clock, for long listings' CODEC(ZSTD(1)),
  `bytes` UInt64 COMMENT 'Size of the capture (bytes)' CODEC(T64, ZSTD(1)),
  `sessions` UInt64 COMMENT 'Sessions listed (sessions)' CODEC(T64, ZSTD(1)),
  `opened` UInt64 COMMENT 'Sessions that opened (sessions)' CODEC(T64, ZSTD(1)),
  `changed` UInt64 COMMENT 'Sessions that changed (sessions)' CODEC(T64, ZSTD(1)),
  `closed` UInt64 COMMENT 'Sessions that closed (sessions)' CODEC(T64, ZSTD(1)),
  `counters` UInt64 COMMENT 'Sessions with counter deltas (sessions)' CODEC(T64, ZSTD(1)),
  `anomalies` UInt64 COMMENT 'Anomalies (rows)' CODEC(T64, ZSTD(1)),
  `unknown_fields` UInt64 COMMENT 'Values of unknown labels (values)' CODEC(T64, ZSTD(1)),
  `errors` UInt64 COMMENT 'Lines or elements in error (lines)' CODEC(T64, ZSTD(1)),
  `state_hash` String COMMENT 'Sum modulo 2^128 over the live state, 32 hex digits, on final entries' CODEC(ZSTD(1)),
  `by_state` Map(LowCardinality(String), UInt64) COMMENT 'Live sessions by state after a final entry (sessions)' CODEC(ZSTD(1)),
  `by_peer_gateway` Map(LowCardinality(String), UInt64) COMMENT 'Live sessions by remote name, else remote address (sessions)' CODEC(ZSTD(1)),
  `by_tunnel_group` Map(LowCardinality(String), UInt64) COMMENT 'Live sessions by tunnel group (sessions)' CODEC(ZSTD(1)),
  `document` UInt64 COMMENT 'Id of the layout of the frame around the listing; 0 when unknown' CODEC(ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'The ledger: what became of every source message, of each ordinal in it and of each part of a snapshot';

CREATE TABLE IF NOT EXISTS router_events (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `kind` LowCardinality(String) COMMENT 'restart, mass_close, mass_return, clock_set, part_missing, …' CODEC(ZSTD(1)),
  `sessions` UInt64 COMMENT 'How many sessions it concerns (sessions)' CODEC(T64, ZSTD(1)),
  `detail` String COMMENT 'In words' CODEC(ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, seq)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'What happened to a router as a whole';

CREATE TABLE IF NOT EXISTS anomalies (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `gop` DateTime64(3, 'UTC') COMMENT 'Begin of the row\'s group: the at of its keyframe (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `seq` UInt64 COMMENT 'Order of equal times: number of the delta in the router\'s log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger' CODEC(T64, ZSTD(1)),
  `tunnel_local_id` UInt16 COMMENT 'Tunnel ID that the router chose' CODEC(T64, ZSTD(1)),
  `session_local_id` UInt16 COMMENT 'Session ID that the router chose' CODEC(T64, ZSTD(1)),
  `create_time` Nullable(DateTime('UTC')) COMMENT 'When the session was created, as printed: the router\'s wall clock, not UTC, although its type says so' CODEC(T64, ZSTD(1)),
  `kind` LowCardinality(String) COMMENT 'counter_decreased, clock_jump, duplicate_session, …' CODEC(ZSTD(1)),
  `field` LowCardinality(String) COMMENT 'Which field' CODEC(ZSTD(1)),
  `before` String COMMENT 'Value before, as text' CODEC(ZSTD(1)),
  `after` String COMMENT 'Value after, as text' CODEC(ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (router, at, seq, tunnel_local_id, session_local_id)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'What cannot be, but was printed';

CREATE TABLE IF NOT EXISTS dead_letters (
  `topic` LowCardinality(String) COMMENT 'Topic that the message stood in: l2tp.snapshots or l2tp.events' CODEC(ZSTD(1)),
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `at` DateTime64(3, 'UTC') COMMENT 'When, by the router\'s log, which never goes back (UTC)' CODEC(T64, ZSTD(1)),
  `captured_at` DateTime64(3, 'UTC') COMMENT 'When the capture was taken (UTC)' CODEC(T64, ZSTD(1)),
  `source_partition` Int32 COMMENT 'Partition of that topic' CODEC(T64, ZSTD(1)),
  `source_offset` Int64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  `reason` String COMMENT 'Why' CODEC(ZSTD(1)),
  `command` String COMMENT 'The command as typed, where known' CODEC(ZSTD(1)),
  `bytes` UInt64 COMMENT 'Size of the message (bytes)' CODEC(T64, ZSTD(1)),
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events that the row came from' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Offset in that partition' CODEC(T64, ZSTD(1)),
  INDEX kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (topic, router, at)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Messages that were set aside, from either topic';

CREATE TABLE IF NOT EXISTS layouts (
  `id` UInt64 COMMENT 'Hash of the definition' CODEC(ZSTD(1)),
  `definition` String COMMENT 'Template as JSON' CODEC(ZSTD(3))
) ENGINE = ReplacingMergeTree
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'How sessions and frames are printed: templates by hash, the same for every router';
