/** What goes wrong, and how often. */

/** Chance of each for one capture. */
export interface CaptureFaults {
  /** The capture ends somewhere in the middle. */
  readonly cut: number;
  /** Delivered after newer captures of the same router. */
  readonly late: number;
  /** Delivered twice. */
  readonly duplicate: number;
  /** The poll does not happen. */
  readonly missed: number;
  /** An error, another command's output, or noise instead of a listing. */
  readonly garbage: number;
  /** The daemon gives up half way: an error line behind some rows. */
  readonly errorAfterRows: number;
  /** The command had a filter: by tunnel, by session or by peer. */
  readonly filtered: number;
  /** Remains of a pager. */
  readonly pager: number;
  readonly crlf: number;
  /** No closing prompt and no word of who took it: the end is not known. */
  readonly open: number;
  /** One part of several never comes. */
  readonly missingPart: number;
  /** Parts come in another order. */
  readonly shuffledParts: number;
  /** A session's create time is a second off in one listing. For each session. */
  readonly createJitter: number;
}

/** Mean number of each a day and router. */
export interface RouterFaults {
  readonly reboot: number;
  /** The daemon restarts: listings lack most sessions for a while, although they live. */
  readonly daemonRestart: number;
  /** Somebody sets the clock. */
  readonly clockSet: number;
  /** Somebody sets another time zone than the inventory says. */
  readonly zoneSet: number;
  /** `clear services l2tp session statistics` */
  readonly clearStatistics: number;
  /** One tunnel goes down with all its sessions. */
  readonly tunnelDown: number;
  /** All tunnels of an LNS go down and its LACs call another. */
  readonly failover: number;
}

export interface Faults {
  readonly capture: CaptureFaults;
  readonly router: RouterFaults;
  /** Largest drift of a router's clock, parts per million either way. */
  readonly driftPpm: number;
}

export const noFaults: Faults = {
  capture: {
    cut: 0,
    late: 0,
    duplicate: 0,
    missed: 0,
    garbage: 0,
    errorAfterRows: 0,
    filtered: 0,
    pager: 0,
    crlf: 0,
    open: 0,
    missingPart: 0,
    shuffledParts: 0,
    createJitter: 0,
  },
  router: {
    reboot: 0,
    daemonRestart: 0,
    clockSet: 0,
    zoneSet: 0,
    clearStatistics: 0,
    tunnelDown: 0,
    failover: 0,
  },
  driftPpm: 0,
};

/** What a well-kept network shows. */
export const mildFaults: Faults = {
  capture: {
    cut: 0.01,
    late: 0.01,
    duplicate: 0.01,
    missed: 0.01,
    garbage: 0.005,
    errorAfterRows: 0.002,
    filtered: 0.01,
    pager: 0.01,
    crlf: 0.01,
    open: 0.01,
    missingPart: 0.01,
    shuffledParts: 0.05,
    createJitter: 0.0005,
  },
  router: {
    reboot: 0.02,
    daemonRestart: 0.1,
    clockSet: 0.05,
    zoneSet: 0.005,
    clearStatistics: 0.2,
    tunnelDown: 0.5,
    failover: 0.1,
  },
  driftPpm: 20,
};

/** Everything, often enough to meet all of it within an hour of a few routers. */
export const harshFaults: Faults = {
  capture: {
    cut: 0.06,
    late: 0.06,
    duplicate: 0.06,
    missed: 0.05,
    garbage: 0.04,
    errorAfterRows: 0.03,
    filtered: 0.06,
    pager: 0.08,
    crlf: 0.08,
    open: 0.06,
    missingPart: 0.1,
    shuffledParts: 0.3,
    createJitter: 0.01,
  },
  router: {
    reboot: 6,
    daemonRestart: 12,
    clockSet: 6,
    zoneSet: 2,
    clearStatistics: 12,
    tunnelDown: 24,
    failover: 8,
  },
  driftPpm: 200,
};

export type FaultSetting =
  | 'none'
  | 'mild'
  | 'harsh'
  | {
      readonly capture?: Partial<CaptureFaults>;
      readonly router?: Partial<RouterFaults>;
      readonly driftPpm?: number;
    };

/** A preset by name, or single rates with none of the others. */
export function faultsOf(setting: FaultSetting): Faults {
  if (setting === 'none') return noFaults;
  if (setting === 'mild') return mildFaults;
  if (setting === 'harsh') return harshFaults;
  return {
    capture: { ...noFaults.capture, ...setting.capture },
    router: { ...noFaults.router, ...setting.router },
    driftPpm: setting.driftPpm ?? 0,
  };
}
