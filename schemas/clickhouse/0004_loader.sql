-- Why: the fence keeps a loader that was stopped and wakes up from writing into a partition that another one has taken;
-- routers is the fleet file's copy, joined to every question.

CREATE TABLE IF NOT EXISTS loader_fence (
  `partition` UInt16 COMMENT 'Partition of l2tp.events' CODEC(T64, ZSTD(1)),
  `epoch` UInt64 COMMENT 'Epoch of the loader that holds it' CODEC(T64, ZSTD(1)),
  `taken_at` DateTime64(3, 'UTC') COMMENT 'When (UTC)' CODEC(T64, ZSTD(1)),
  `taken_by` String COMMENT 'Which loader' CODEC(ZSTD(1))
) ENGINE = MergeTree
ORDER BY (partition, epoch)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Newest epoch of the loader of each partition: rows of an older one are not let in';

CREATE TABLE IF NOT EXISTS loader_boots (
  `boot` String COMMENT 'Random name that a loader left'
) ENGINE = Memory
COMMENT 'Gone after a restart of the server: by that a loader sees that tokens no longer protect it';

CREATE TABLE IF NOT EXISTS loader_progress (
  `kafka_partition` UInt16 COMMENT 'Partition of l2tp.events' CODEC(T64, ZSTD(1)),
  `kafka_offset` UInt64 COMMENT 'Every event up to this one can be queried whole' CODEC(T64, ZSTD(1)),
  `loaded_at` DateTime64(3, 'UTC') COMMENT 'When the loader had proof of it (UTC)' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(kafka_offset)
ORDER BY kafka_partition
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'How far each partition is in every table: an insert reaches its tables one after another; read the maximum';

CREATE TABLE IF NOT EXISTS routers (
  `router` LowCardinality(String) COMMENT 'Name of the router' CODEC(ZSTD(1)),
  `time_zone` LowCardinality(String) COMMENT 'IANA name of the time zone of its clock' CODEC(ZSTD(1)),
  `release` LowCardinality(String) COMMENT 'Junos release' CODEC(ZSTD(1)),
  `site` LowCardinality(String) COMMENT 'Where it stands' CODEC(ZSTD(1)),
  `role` LowCardinality(String) COMMENT 'lac, lns or empty when unknown' CODEC(ZSTD(1)),
  `platform` LowCardinality(String) COMMENT 'Model' CODEC(ZSTD(1)),
  `max_sessions_chassis` Nullable(UInt32) COMMENT 'Most sessions of the chassis; NULL: the default applies (sessions)' CODEC(T64, ZSTD(1)),
  `max_sessions_interface` Nullable(UInt32) COMMENT 'Most sessions of a service interface; NULL: the default applies (sessions)' CODEC(T64, ZSTD(1)),
  `max_sessions_tunnel` Nullable(UInt32) COMMENT 'Most sessions of a tunnel; NULL: the default applies (sessions)' CODEC(T64, ZSTD(1)),
  `peers` Array(String) COMMENT 'Routers that can take over its tunnels' CODEC(ZSTD(1)),
  `removed` Bool COMMENT 'No longer in the fleet file' CODEC(ZSTD(1)),
  `loaded_at` DateTime64(3, 'UTC') COMMENT 'When the file was read (UTC)' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(loaded_at)
ORDER BY router
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'Copy of the fleet file: what no output prints; read with FINAL';
