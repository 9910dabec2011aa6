/** What processor and loader would have made of captures of a router, put into ClickHouse without either. */
import { insertInbox, takeFence, tokenOf, type Store } from '@sessionreel/clickhouse';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { RouterState } from '@sessionreel/session-diff';
import {
  createEventWriter,
  encodeFlatDelta,
  ocfOf,
  takeWritten,
  type OcfMessage,
} from '@sessionreel/session-events';

export interface LiveCapture {
  readonly text: string;
  /** ms UTC. */
  readonly at: number;
}

/** @param partition of the topics; each call wants one of its own */
export async function goLive(
  store: Store,
  router: string,
  captures: readonly LiveCapture[],
  partition = 0,
): Promise<void> {
  const state = new RouterState(router, {});
  const messages: OcfMessage[] = [];
  const writer = createEventWriter();
  for (const [offset, { text, at }] of captures.entries()) {
    state.prepare();
    const source = {
      snapshotId: '',
      capturedAt: at,
      logTime: at,
      partition,
      offset,
      previousOffset: offset - 1,
      part: 1,
      parts: 1,
    };
    const parser = new SnapshotParser(state.strings, {
      begin: (start) => state.begin({ ...source, ordinal: start.ordinal }, start),
      rows: (batch) => state.rows(batch),
      end: (facts) => {
        state.end(facts, (delta) => {
          encodeFlatDelta(delta, writer);
          messages.push({ partition, offset: messages.length, datum: takeWritten(writer) });
        });
      },
    });
    parser.write(Buffer.from(text));
    parser.end();
  }
  const epoch = await takeFence(store, [partition], 'test');
  const ranges = [{ partition, first: 0, last: messages.length - 1, messages: messages.length }];
  await insertInbox(store, {
    ocf: ocfOf(messages, epoch),
    ranges,
    epoch,
    token: tokenOf(epoch, ranges, 0),
    queryId: `live-${partition}`,
  });
}
