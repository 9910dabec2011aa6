/** History again as messages, step by step: what `reel replay` and the console send into a topic. */
import { Planner } from '@sessionreel/junos-l2tp';
import { createEventWriter, encodeEvent, takeWritten } from '@sessionreel/session-events';
import type { QueryClient } from '../ask/client.ts';
import { replayEvents } from './replay-events.ts';
import {
  replaySnapshots,
  type ReplayPosition,
  type ReplayQuestion,
  type ReplayedSnapshot,
} from './replay-snapshots.ts';

export interface ReplayMessage {
  /** The router. */
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A snapshot, or one event, and the messages that it is. */
export interface ReplayedStep {
  readonly position: ReplayPosition;
  readonly messages: readonly ReplayMessage[];
}

/** `snapshots`: listings printed anew, for a topic of captures; `events`: what `l2tp.events` held. */
export type ReplayForm = 'snapshots' | 'events';

/** By time, the routers among each other. @throws QuestionError when the range is reversed */
export async function* replaySteps(
  client: QueryClient,
  question: ReplayQuestion,
  as: ReplayForm,
): AsyncGenerator<ReplayedStep> {
  if (as === 'snapshots') {
    for await (const snapshot of replaySnapshots(client, question))
      yield { position: snapshot.position, messages: messagesOf(snapshot) };
    return;
  }
  const writer = createEventWriter();
  for await (const { position, delta } of replayEvents(client, question)) {
    encodeEvent(delta, writer);
    const kind = delta.pieces > 0 ? 'keyframe' : 'delta';
    yield { position, messages: [{ key: delta.router, value: takeWritten(writer), headers: { kind } }] };
  }
}

/** Well below Kafka's default of 1 MB a message. */
const partBytes = 700_000;

/** One message, or parts that parse alone. */
function messagesOf(snapshot: ReplayedSnapshot): ReplayMessage[] {
  const bytes = Buffer.concat([...snapshot.pieces]);
  const headers = {
    'captured-at': new Date(snapshot.capturedAt).toISOString(),
    command: snapshot.command,
    complete: 'true',
    'snapshot-id': `replay-${snapshot.snapshotId === '' ? String(snapshot.position.seq) : snapshot.snapshotId}`,
    ...(snapshot.format === '' ? {} : { format: snapshot.format }),
    ...(snapshot.timeZone === '' ? {} : { timezone: snapshot.timeZone }),
  };
  if (bytes.length <= partBytes) return [{ key: snapshot.router, value: bytes, headers }];
  const planner = new Planner(partBytes);
  planner.write(bytes);
  const parts = planner.finish()[0]?.parts ?? [];
  return parts.map(({ start, end, prefix, suffix }, i) => ({
    key: snapshot.router,
    value: Buffer.concat([prefix, bytes.subarray(start, end), suffix]),
    headers: { ...headers, ...(parts.length > 1 ? { part: `${i + 1}/${parts.length}` } : {}) },
  }));
}
