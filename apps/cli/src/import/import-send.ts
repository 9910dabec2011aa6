/** Sends prepared captures to Kafka, part after part. */
import type { FileHandle } from 'node:fs/promises';
import type { KafkaProducer, OutgoingMessage } from '@sessionreel/kafka';
import { CliError, wrongData } from '../terminal/cli-error.ts';
import { tellable } from '../connections.ts';
import type { ImportFlags, Prepared } from './import-prepare.ts';
import { sizeOfPart, type PlannedPart } from '@sessionreel/junos-l2tp';
import { readRange } from './spool.ts';

/** Where the parts of a capture stand in the topic. */
export interface SentCapture {
  readonly capture: Prepared;
  readonly partition: number;
  readonly offsets: readonly number[];
}

/** Key, headers and the like, beside the value. */
const envelopeBytes = 4_096;

/** @throws CliError (status 1) when a part is larger than the topic takes: one session alone is that large */
export function checkSizes(captures: readonly Prepared[], maxMessageBytes: number): void {
  for (const { plan } of captures) {
    for (const part of plan.parts) {
      if (sizeOfPart(part) + envelopeBytes <= maxMessageBytes) continue;
      throw wrongData(
        `${sizeOfPart(part)} bytes without a place to divide them: the topic takes ${maxMessageBytes} in a message`,
        "A listing is divided between its sessions. The topic's max.message.bytes can be raised.",
      );
    }
  }
}

export function headersOf(capture: Prepared, part: number, flags: ImportFlags): Record<string, string> {
  const { parts } = capture.plan;
  const last = part === parts.length;
  return {
    'captured-at': new Date(capture.capturedAt).toISOString(),
    ...(capture.command === '' ? {} : { command: capture.command }),
    ...(capture.snapshotId === ''
      ? {}
      : { 'snapshot-id': capture.snapshotId, part: `${part}/${parts.length}` }),
    // We cut the parts before the last: their end was seen.
    ...(capture.complete || !last ? { complete: 'true' } : {}),
    ...(flags.timezone === undefined ? {} : { timezone: flags.timezone }),
  };
}

/**
 * @param onProgress bytes of the file that were sent
 * @throws CliError (status 3) that says how far it came
 */
export async function sendCapture(
  producer: Pick<KafkaProducer, 'send'>,
  topic: string,
  handle: FileHandle,
  capture: Prepared,
  flags: ImportFlags,
  onProgress: (bytes: number) => void,
): Promise<SentCapture> {
  const { parts } = capture.plan;
  const offsets: number[] = [];
  let partition = 0;
  const space = Buffer.allocUnsafeSlow(Math.max(...parts.map(sizeOfPart)));
  for (const [i, part] of parts.entries()) {
    try {
      const [sent] = await producer.send(topic, [
        await messageOf(handle, capture, part, i + 1, flags, space),
      ]);
      partition = sent?.partition ?? 0;
      offsets.push(sent?.firstOffset ?? -1);
    } catch (error) {
      throw withProgress(tellable(error), i, parts.length);
    }
    onProgress(part.end - part.start);
  }
  return { capture, partition, offsets };
}

/** @param space holds the largest part: a part is sent before the next takes its place */
async function messageOf(
  handle: FileHandle,
  capture: Prepared,
  part: PlannedPart,
  number: number,
  flags: ImportFlags,
  space: Buffer,
): Promise<OutgoingMessage> {
  const { prefix, suffix, start, end } = part;
  space.set(prefix);
  await readRange(handle, start, end, space, prefix.length);
  space.set(suffix, prefix.length + (end - start));
  const value = space.subarray(0, sizeOfPart(part));
  return { key: capture.router, value, headers: headersOf(capture, number, flags) };
}

function withProgress(error: unknown, sent: number, parts: number): unknown {
  if (!(error instanceof CliError) || sent === 0) return error;
  const what = `${error.message}; ${sent} of ${parts} parts were sent`;
  return new CliError(
    error.status,
    what,
    'The same command again sends it whole: parts that came twice are seen.',
    {
      cause: error,
    },
  );
}
