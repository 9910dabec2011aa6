/** Events into ClickHouse as the loader brings them there. */
import { insertInbox, takeFence, tokenOf, type Store } from '@sessionreel/clickhouse';
import { ocfOf } from '@sessionreel/session-events';

export class Inbox {
  readonly #store: Store;
  readonly #partition: number;
  readonly #epoch: number;
  #offset = 0;

  private constructor(store: Store, partition: number, epoch: number) {
    this.#store = store;
    this.#partition = partition;
    this.#epoch = epoch;
  }

  static async open(store: Store, partition: number): Promise<Inbox> {
    return new Inbox(store, partition, await takeFence(store, [partition], `bench-${partition}`));
  }

  /** One insert, checked. */
  async insert(events: readonly Uint8Array[]): Promise<void> {
    const first = this.#offset;
    const messages = events.map((datum) => ({ partition: this.#partition, offset: this.#offset++, datum }));
    const ranges = [{ partition: this.#partition, first, last: this.#offset - 1, messages: events.length }];
    const token = tokenOf(this.#epoch, ranges, 0);
    const queryId = `bench-${this.#partition}-${first}`;
    await insertInbox(this.#store, {
      ocf: ocfOf(messages, this.#epoch),
      ranges,
      epoch: this.#epoch,
      token,
      queryId,
    });
  }
}
