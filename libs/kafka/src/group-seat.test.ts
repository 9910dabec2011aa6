import type { Cluster } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { GroupSeat } from './group-seat.ts';

interface Commit {
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly offset: string }[];
  }[];
}

/** A coordinator that is played: it knows who sits where. */
class Coordinator {
  readonly commits: Commit[] = [];
  /** Errors of the next commits, by Kafka's names; '' for none. */
  errors: string[] = [];
  generation = 0;
  looked = 0;

  readonly broker = {
    joinGroup: () => Promise.resolve({ memberId: 'me', generationId: ++this.generation }),
    offsetCommit: (request: Commit) => {
      const type = this.errors.shift() ?? '';
      if (type !== '') return Promise.reject(Object.assign(new Error(type), { type }));
      this.commits.push(request);
      return Promise.resolve();
    },
  };
  readonly cluster = {
    findGroupCoordinator: () => {
      this.looked++;
      return Promise.resolve(this.broker);
    },
    refreshMetadata: () => Promise.resolve(),
  } as unknown as Cluster;

  /** As kafkajs joins: it asks the cluster for the coordinator, and that one to join. */
  async join(seat: GroupSeat): Promise<void> {
    const broker = (await this.cluster.findGroupCoordinator({ groupId: 'g' })) as unknown as {
      joinGroup(request: object): Promise<unknown>;
    };
    await broker.joinGroup({});
    seat.take();
  }
}

const log = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };
function seatIn(coordinator: Coordinator, beforeJoin: () => Promise<void> | undefined = () => undefined) {
  const seat = new GroupSeat({ groupId: 'g', topic: 't', log, beforeJoin });
  seat.hook(coordinator.cluster);
  return seat;
}

const five = [{ partition: 0, offset: 5, metadata: '' }];

describe('a commit', () => {
  test('is made in the name of the seat that was taken last', async () => {
    const coordinator = new Coordinator();
    const seat = seatIn(coordinator);
    await expect(seat.commit(five)).rejects.toMatchObject({ code: 'not_assigned' });
    await coordinator.join(seat);
    await coordinator.join(seat);
    await seat.commit([
      { partition: 0, offset: 5, metadata: 'pending' },
      { partition: 3, offset: 7, metadata: '' },
    ]);
    expect(coordinator.commits).toMatchObject([
      {
        groupGenerationId: 2,
        memberId: 'me',
        topics: [
          {
            topic: 't',
            partitions: [
              { partition: 0, offset: '5', metadata: 'pending' },
              { partition: 3, offset: '7', metadata: '' },
            ],
          },
        ],
      },
    ]);
  });

  test('is tried again while the coordinator is away or loading', async () => {
    const coordinator = new Coordinator();
    const seat = seatIn(coordinator);
    await coordinator.join(seat);
    coordinator.errors = ['NOT_COORDINATOR_FOR_GROUP', 'COORDINATOR_LOAD_IN_PROGRESS', 'NETWORK_EXCEPTION'];
    await seat.commit(five);
    expect(coordinator.commits).toHaveLength(1);
  });

  test.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])(
    'says so when the seat is lost: %s',
    async (type) => {
      const coordinator = new Coordinator();
      const seat = seatIn(coordinator);
      await coordinator.join(seat);
      coordinator.errors = [type];
      await expect(seat.commit(five)).rejects.toMatchObject({ code: 'not_assigned' });
      expect(coordinator.commits).toEqual([]);
    },
  );

  test('is not carried over to another generation', async () => {
    const coordinator = new Coordinator();
    const seat = seatIn(coordinator);
    await coordinator.join(seat);
    coordinator.errors = ['NETWORK_EXCEPTION'];
    const committed = seat.commit(five);
    await coordinator.join(seat);
    await expect(committed).rejects.toMatchObject({ code: 'unreachable' });
    expect(coordinator.commits).toEqual([]);
  });

  test('does not wait for the drain that waits for it', async () => {
    const coordinator = new Coordinator();
    const { promise: drained, resolve: finish } = Promise.withResolvers<undefined>();
    let draining = false;
    const seat = seatIn(coordinator, () => (draining ? drained : undefined));
    await coordinator.join(seat);
    draining = true;
    await seat.commit(five);
    let joined = false;
    const joining = coordinator.join(seat).then(() => {
      joined = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(joined).toBe(false);
    finish(undefined);
    await joining;
  });
});

test('an offset below zero, which is how kafkajs puts right what is out of range, is refused', async () => {
  const coordinator = new Coordinator();
  seatIn(coordinator);
  const broker = await coordinator.cluster.findGroupCoordinator({ groupId: 'g' });
  const topics = [{ topic: 't', partitions: [{ partition: 0, offset: '-2' }] }];
  await expect(
    broker.offsetCommit({ groupId: 'g', groupGenerationId: 1, memberId: 'me', topics }),
  ).rejects.toMatchObject({ code: 'out_of_range' });
});
