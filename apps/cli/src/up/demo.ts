/** What the demo feeds: the reference captures once, and a small fleet that keeps living. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoFleet, fleetYaml, headersOf, demoRouters, type Capture } from '@sessionreel/fleet-sim';
import type { KafkaProducer } from '@sessionreel/kafka';
import { pause, sleepUntil, type Logger } from '@sessionreel/ops';

const references = new URL('../../../../tests/pipeline/fixtures/reference/', import.meta.url);

/** How much of the fleet's past is fed at once at the start, so that there is a history to look at, ms. */
const pastMs = 10 * 60_000;
/** A fleet that was left for longer begins anew: living through all that time would take too long, ms. */
const absentMsMax = 30 * 60_000;
/** And so does one that began longer ago than this: its whole life is lived through again, quickly, at each start. */
const ageMsMax = 60 * 60_000;
const dayMs = 86_400_000;
const memoryFile = 'demo.json';

export interface SentMessage {
  readonly router: string;
  readonly partition: number;
  readonly offset: number;
  readonly bytes: number;
  /** Sound captures must be applied; the fleet also sends cut and late ones, as routers do. */
  readonly sound: boolean;
}

/** The fleet file of the demo's routers, written into the data folder. */
export function writeFleetFile(folder: string): string {
  const path = join(folder, 'fleet.yaml');
  writeFileSync(path, fleetYaml(demoRouters));
  return path;
}

/** Each reference capture to a router of its own, named after its file, as taken now. */
export async function feedReferences(producer: KafkaProducer, topic: string): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  const takenAt = new Date().toISOString();
  for (const file of readdirSync(references)
    .filter((name) => name.endsWith('.txt'))
    .sort()) {
    const router = file.replace(/^\d+-|\.txt$/g, '');
    const value = readFileSync(new URL(file, references));
    // The files end with the listing and without a prompt; whoever took them saw the end.
    const headers = { 'captured-at': takenAt, complete: 'true' };
    sent.push(await send(producer, topic, { router, value, headers, sound: true }));
  }
  return sent;
}

/** Two polls of each router of the fleet, for a demo that ends. */
export async function feedFleetOnce(
  producer: KafkaProducer,
  topic: string,
  folder: string,
): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  const now = Date.now();
  const durationMs = 25_000;
  // Right after another such demo its fleet begins where the last one ended: what is older would be stale.
  const start = Math.min(Math.max(now - durationMs, readMemory(folder).sentUntil + 1), now);
  for (const item of demoFleet({ start, durationMs, seed: now }))
    if (item.kind === 'capture') sent.push(await sendCapture(producer, topic, item));
  writeMemory(folder, { start: null, sentUntil: start + durationMs });
  return sent;
}

/**
 * Plays the fleet until the signal: its last minutes at once, and then each poll when it is due. The fleet of an
 * earlier run on the same folder goes on living from where that run was stopped.
 */
export async function playFleet(
  producer: KafkaProducer,
  topic: string,
  folder: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const now = Date.now();
  const { start, sentUntil } = fleetOf(readMemory(folder), now);
  const first = Math.max(sentUntil + 1, now - pastMs);
  for (const item of demoFleet({ start, durationMs: 7 * dayMs, seed: start })) {
    if (item.kind !== 'capture') continue;
    // Living through the past holds the event loop: signals must get through.
    if (item.at < first) await pause(0, signal);
    else {
      await sleepUntil(item.at, signal);
      await sendPatiently(producer, topic, item, log, signal);
      writeMemory(folder, { start, sentUntil: item.at });
    }
  }
}

/** Kept in the data folder. */
interface Memory {
  /** When the fleet began to live, which is its seed as well; null after a demo that ended. */
  readonly start: number | null;
  /** The last capture that was sent: an older one would be stale. */
  readonly sentUntil: number;
}

function fleetOf({ start, sentUntil }: Memory, now: number): { start: number; sentUntil: number } {
  if (start !== null && start <= now && now - sentUntil < absentMsMax && now - start < ageMsMax)
    return { start, sentUntil };
  return { start: Math.min(Math.max(now - pastMs, sentUntil), now), sentUntil };
}

function readMemory(folder: string): Memory {
  try {
    const { start, sentUntil } = JSON.parse(
      readFileSync(join(folder, memoryFile), 'utf8'),
    ) as Partial<Memory>;
    if (typeof sentUntil === 'number') return { start: start ?? null, sentUntil };
  } catch {
    // The first run here, or one that was killed while it wrote: the fleet begins anew.
  }
  return { start: null, sentUntil: 0 };
}

function writeMemory(folder: string, memory: Memory): void {
  writeFileSync(join(folder, memoryFile), JSON.stringify(memory));
}

/** A collector waits for Kafka; a capture that could not be sent for a minute is given up. */
async function sendPatiently(
  producer: KafkaProducer,
  topic: string,
  capture: Capture,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; tries <= 30; tries += 1) {
    try {
      await sendCapture(producer, topic, capture);
      return;
    } catch (error) {
      signal.throwIfAborted();
      log.warn(
        { router: capture.router, tries },
        `the demo waits for Kafka: ${error instanceof Error ? error.message : String(error)}`,
      );
      await pause(2_000, signal);
    }
  }
}

async function sendCapture(producer: KafkaProducer, topic: string, capture: Capture): Promise<SentMessage> {
  const headers = { ...headersOf(capture), timezone: capture.timezone };
  const sound = capture.faults.length === 0;
  return await send(producer, topic, { router: capture.router, value: capture.bytes, headers, sound });
}

interface Outgoing {
  readonly router: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly sound: boolean;
}

async function send(producer: KafkaProducer, topic: string, message: Outgoing): Promise<SentMessage> {
  const { router, value, headers, sound } = message;
  const [at] = await producer.send(topic, [{ key: router, value, headers }]);
  if (at === undefined) throw new Error(`Kafka took the capture of ${router} and did not say where`);
  return { router, partition: at.partition, offset: at.firstOffset, bytes: value.length, sound };
}
