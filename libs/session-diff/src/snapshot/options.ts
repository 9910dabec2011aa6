/** What the state of a router is told from outside, with defaults. */
import type { Format, Level, Scope } from '@sessionreel/session-model';

export interface RouterOptions {
  /** IANA name: the zone of the router's wall clock. */
  readonly timezone: string;
  /** A keyframe begins a new group of the stored history after this much of the log's (Kafka's) time (ms). */
  readonly keyframeEveryMs: number;
  /** And after so many records of counters for each live session: three hours of five-minute polls. */
  readonly keyframeEveryCounts: number;
  /** Sessions in a piece of a keyframe or checkpoint. */
  readonly pieceSessions: number;
  /** Kafka time after which missing parts of a snapshot are given up (ms). */
  readonly partDeadlineMs: number;
  /** How long a closed session is remembered in case it returns (ms of `at`). */
  readonly rememberClosedMs: number;
  /** Off only where tests hold the short cut for steady sessions against the long way. */
  readonly shortCut: boolean;
}

export const defaultOptions: RouterOptions = {
  timezone: 'UTC',
  keyframeEveryMs: 6 * 3_600_000,
  keyframeEveryCounts: 36,
  pieceSessions: 2000,
  partDeadlineMs: 10 * 60_000,
  rememberClosedMs: 24 * 3_600_000,
  shortCut: true,
};

/** Where a snapshot (or one part of it) came from. */
export interface SnapshotSource {
  /** '' when none was given: then time and command are the snapshot. */
  readonly snapshotId: string;
  /** ms UTC. */
  readonly capturedAt: number;
  /** Kafka timestamp (ms): the time of the log. */
  readonly logTime: number;
  readonly partition: number;
  readonly offset: number;
  /** Source offset of the ledger entry before; -1 for the first. */
  readonly previousOffset: number;
  /** Place of the snapshot within its message, from 0. */
  readonly ordinal: number;
  /** From 1; 1 of 1 when not cut. */
  readonly part: number;
  readonly parts: number;
}

export interface SnapshotBegin {
  readonly format: Format;
  readonly level: Level;
  readonly scope: Scope;
  readonly command: string;
}

export const levelOrder: Readonly<Record<Level, number>> = {
  brief: 0,
  statistics: 1,
  detail: 1,
  extensive: 2,
};
