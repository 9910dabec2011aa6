/** What `reel import` finds out about a file before it sends anything: captures, parts, routers, times. */
import { createHash } from 'node:crypto';
import { Planner, SnapshotParser, type ParseHints, type PlannedCapture } from '@sessionreel/junos-l2tp';
import { StringTable, type ParseProblem, type SnapshotFacts } from '@sessionreel/session-model';
import { nameOf } from './capture-file.ts';
import { wrongData, wrongUsage } from '../terminal/cli-error.ts';
import { checkRouter } from '../router-name.ts';
import { rangeOf, type Spooled } from './spool.ts';
import { escapeValue } from '../terminal/terminal.ts';
import { printTime, utcOfWall } from '../terminal/times.ts';

/** Well below Kafka's default of 1 MB a message. */
export const partBytes = 700_000;
/** A capture further ahead of the clock is a dead letter. */
const futureLimitMs = 5 * 60_000;

export interface ImportFlags {
  readonly router?: string;
  /** ms since 1970 UTC. */
  readonly capturedAt?: number;
  readonly command?: string;
  readonly complete?: boolean;
  readonly timezone?: string;
  readonly force?: boolean;
  /** From the file's name, for captures that do not say it themselves. */
  readonly namedRouter?: string;
  readonly namedTime?: number;
}

/** A capture, ready to be sent. */
export interface Prepared {
  readonly plan: PlannedCapture;
  readonly router: string;
  readonly capturedAt: number;
  /** '' when one message holds it: then router, time and command are the snapshot. */
  readonly snapshotId: string;
  readonly complete: boolean;
  /** As it goes into the header; '' when the capture says it itself. */
  readonly command: string;
  /** Undefined when the capture is forced although it is none. */
  readonly facts: SnapshotFacts | undefined;
}

export interface Preparation {
  readonly captures: readonly Prepared[];
  /** Commands of other kinds in the file. */
  readonly skipped: number;
}

/**
 * Goes through the file twice: once for the places to cut, once to see whether it is what it should be.
 * @throws CliError when it is not
 */
export async function prepare(
  file: string,
  spooled: Spooled,
  flags: ImportFlags,
  now: number,
  onProgress: (bytes: number) => void,
): Promise<Preparation> {
  if (spooled.bytes === 0) throw wrongData(`${nameOf(file)}: the file is empty`);
  const planner = new Planner(partBytes);
  for await (const chunk of rangeOf(spooled.path, 0, spooled.bytes)) {
    planner.write(chunk);
    onProgress(chunk.length);
  }
  const captures: Prepared[] = [];
  for (const plan of planner.finish()) {
    const checked = await check(spooled, plan, flags, onProgress);
    if (checked.facts === undefined && flags.force !== true) throw noSnapshot(file, checked.errors);
    captures.push(prepared(file, spooled, plan, checked, flags, now, captures.length));
  }
  return { captures, skipped: planner.skipped };
}

interface Checked {
  readonly facts: SnapshotFacts | undefined;
  readonly errors: readonly ParseProblem[];
  /** Of the capture's bytes. */
  readonly digest: string;
}

async function check(
  spooled: Spooled,
  plan: PlannedCapture,
  flags: ImportFlags,
  onProgress: (bytes: number) => void,
): Promise<Checked> {
  const found: SnapshotFacts[] = [];
  const hints: ParseHints = {
    ...(flags.command === undefined ? {} : { command: flags.command }),
    ...(flags.complete === true || plan.followed ? { complete: true } : {}),
  };
  const sink = { begin: ignore, rows: ignore, end: (facts: SnapshotFacts) => void found.push(facts) };
  const parser = new SnapshotParser(new StringTable(), sink, hints);
  const hash = createHash('sha256');
  for await (const chunk of rangeOf(spooled.path, plan.start, plan.end)) {
    hash.update(chunk);
    parser.write(chunk);
    onProgress(chunk.length);
  }
  const result = parser.end();
  return { facts: found[0], errors: result.errors, digest: hash.digest('hex') };
}

function ignore(): void {
  // Only whether there is a snapshot, and what it says of itself, is asked here.
}

function noSnapshot(file: string, errors: readonly ParseProblem[]): Error {
  const first = errors[0];
  const why = first === undefined ? '' : ` (line ${first.line}: ${escapeValue(first.message)})`;
  return wrongData(
    `${nameOf(file)}: this is no output of "show services l2tp session"${why}`,
    'reel parse shows what was understood. --force sends it all the same: it will become a dead letter.',
  );
}

function prepared(
  file: string,
  spooled: Spooled,
  plan: PlannedCapture,
  { facts, digest }: Checked,
  flags: ImportFlags,
  now: number,
  index: number,
): Prepared {
  const said = flags.router ?? facts?.router ?? plan.host;
  const router = said === '' ? (flags.namedRouter ?? '') : said;
  if (router === '') {
    throw wrongUsage(
      `${nameOf(file)}: which router was it?`,
      'The capture begins with no prompt: give --router NAME.',
    );
  }
  checkRouter(router);
  const capturedAt = timeOf(spooled, facts, flags, index);
  if (capturedAt > now + futureLimitMs) {
    const what = `${nameOf(file)}: captured at ${printTime(capturedAt)}, which is in the future`;
    throw wrongData(
      what,
      "Give the time with --captured-at, or the zone of the router's clock with --timezone.",
    );
  }
  const identity = `${router}\0${capturedAt}\0${digest}`;
  return {
    plan,
    router,
    capturedAt,
    snapshotId:
      plan.parts.length === 1
        ? ''
        : `import-${createHash('sha256').update(identity).digest('hex').slice(0, 24)}`,
    complete: flags.complete === true || plan.followed,
    command: flags.command ?? (plan.parts.length > 1 ? plan.command : ''),
    facts,
  };
}

/** As asked for, else the router's clock, else the file's time. */
function timeOf(
  spooled: Spooled,
  facts: SnapshotFacts | undefined,
  flags: ImportFlags,
  index: number,
): number {
  // Several commands of one file were not run at one moment: their order is kept.
  if (flags.capturedAt !== undefined) return flags.capturedAt + index;
  const clock = facts?.routerClock;
  if (clock !== null && clock !== undefined) return utcOfWall(clock * 1000, flags.timezone ?? 'UTC');
  return (flags.namedTime ?? Math.floor(spooled.changedAt)) + index;
}
