/** A thread that takes the captures of a router, part by part, and gives its events back; or one that prints them. */
import { parentPort, workerData } from 'node:worker_threads';
import { SteadyState } from '@sessionreel/fleet-sim';
import { Engine } from './engine.ts';

export interface PrintedPart {
  readonly bytes: Uint8Array;
  readonly part: number;
  readonly parts: number;
  readonly capturedAt: number;
  readonly command: string;
}

/** What became of a part. */
export interface TakenPart {
  readonly events: Uint8Array;
  readonly part: number;
  readonly parts: number;
  /** How long it took. */
  readonly ms: number;
}

export interface EngineWork {
  readonly sessions: number;
  readonly partSessions: number;
}

/** Prints a snapshot for each message that asks for one. */
function print({ sessions, partSessions }: EngineWork): void {
  const given = { seed: 'pause', variant: 'lns-mx', level: 'extensive', format: 'text' } as const;
  const state = new SteadyState({ ...given, sessions, partSessions, churn: 0.002 });
  parentPort?.on('message', () => {
    const { parts, capturedAt, command } = state.next();
    parts.forEach((printed, n) => {
      const bytes = new Uint8Array(printed);
      const message: PrintedPart = { bytes, part: n + 1, parts: parts.length, capturedAt, command };
      parentPort?.postMessage(message, [bytes.buffer]);
    });
  });
}

function take(): void {
  const engine = new Engine('lns-0');
  parentPort?.on('message', ({ bytes, part, parts, capturedAt, command }: PrintedPart) => {
    const events: Uint8Array[] = [];
    const began = performance.now();
    engine.part(bytes, part, parts, capturedAt, command, (_, datum) => events.push(datum.slice()));
    const ms = performance.now() - began;
    const all = new Uint8Array(Buffer.concat(events));
    parentPort?.postMessage({ events: all, part, parts, ms } satisfies TakenPart, [all.buffer]);
  });
}

const work = workerData as EngineWork | null;
if (work === null) take();
else print(work);
