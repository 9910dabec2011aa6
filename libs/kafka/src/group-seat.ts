/**
 * A member's seat in its group, as the coordinator knows it: what kafkajs does not do itself, or not safely, is done here by its
 * brokers' own requests.
 */
import type { Broker, Cluster, GroupDescriptions } from 'kafkajs';
import type { KafkaLog } from './client.ts';
import { KafkaError, kafkaErrorOf } from './errors.ts';

/** Requests that kafkajs's broker has and its types do not show. */
interface CoordinatorBroker {
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  joinGroup(request: unknown): Promise<{ memberId: string; generationId: number }>;
}

/** Who this member is to the coordinator, since it last joined. */
interface Seat {
  readonly memberId: string;
  readonly generationId: number;
}

/** What is to be read next in a partition. */
export interface OffsetCommit {
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

export interface GroupSeatOptions {
  readonly groupId: string;
  readonly topic: string;
  readonly log: KafkaLog;
  /** Awaited before the group is joined anew. */
  readonly beforeJoin: () => Promise<void> | undefined;
}

const tries = 8;

export class GroupSeat {
  readonly #options: GroupSeatOptions;
  #cluster: Cluster | undefined;
  /** As kafkajs has it, without our wait: a commit is what the wait is for. */
  #find: Cluster['findGroupCoordinator'] | undefined;
  #offered: Seat | undefined;
  #taken: Seat | undefined;

  constructor(options: GroupSeatOptions) {
    this.#options = options;
  }

  /**
   * kafkajs joins the group as soon as it hears of a rebalance, and has no place to drain first. It does look up the coordinator
   * before it joins: there we wait. What the coordinator answers is noted. And where an offset is out of range kafkajs would commit
   * -1 or -2 without metadata, by which our restore point would be lost: that is refused.
   */
  hook(cluster: Cluster): void {
    this.#cluster = cluster;
    const find = cluster.findGroupCoordinator.bind(cluster);
    this.#find = find;
    const guarded = new WeakSet();
    cluster.findGroupCoordinator = async (group) => {
      await this.#options.beforeJoin();
      const broker = (await find(group)) as Broker & CoordinatorBroker;
      if (!guarded.has(broker)) {
        guarded.add(broker);
        refuseNegativeOffsets(broker);
        const join = broker.joinGroup.bind(broker);
        broker.joinGroup = async (request) => {
          const answer = await join(request);
          this.#offered = { memberId: answer.memberId, generationId: answer.generationId };
          return answer;
        };
      }
      return broker;
    };
  }

  /** The join that was answered last is complete. */
  take(): void {
    this.#taken = this.#offered;
  }

  /**
   * Commits offsets, in one request, in the name of the seat that is held now. Not by kafkajs's own `commitOffsets`: while its consumer restarts after
   * an error that one does nothing and says nothing, and its tries go on under whatever generation comes after.
   * @throws KafkaError
   */
  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const { groupId, topic } = this.#options;
    const seat = this.#taken;
    const find = this.#find;
    if (seat === undefined || find === undefined)
      throw new KafkaError('not_assigned', 'the group has not been joined');
    const partitions = offsets.map((one) => ({ ...one, offset: String(one.offset) }));
    const topics = [{ topic, partitions }];
    for (let n = 1; ; n++) {
      try {
        const broker = await find({ groupId });
        const { memberId, generationId } = seat;
        await broker.offsetCommit({ groupId, groupGenerationId: generationId, memberId, topics });
        return;
      } catch (error) {
        const known = kafkaErrorOf(
          error,
          `committing partition ${offsets.map((one) => one.partition).join(', ')}`,
        );
        if (!known.retryable || n >= tries) throw known;
        await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 50 * 2 ** n)));
        await this.#cluster?.refreshMetadata().catch(() => undefined);
        if (this.#taken !== seat) throw known;
      }
    }
  }

  /** Puts members of this client id out of the group: predecessors that did not leave. */
  async putOut(clientId: string): Promise<void> {
    const { groupId, log } = this.#options;
    const coordinator = (await this.#cluster?.findGroupCoordinator({ groupId })) as
      (Broker & CoordinatorBroker) | undefined;
    if (coordinator === undefined) return;
    const { groups } = (await coordinator.describeGroups({ groupIds: [groupId] })) as GroupDescriptions;
    for (const member of groups.flatMap((group) => group.members)) {
      if (member.clientId !== clientId) continue;
      const { memberId } = member;
      log.info({ memberId }, 'a predecessor that did not leave the group is put out of it');
      await coordinator.leaveGroup({ groupId, memberId }).catch((error: unknown) => {
        log.debug({ error, memberId }, 'it has left by itself');
      });
    }
  }
}

function refuseNegativeOffsets(broker: Broker): void {
  const commit = broker.offsetCommit.bind(broker);
  broker.offsetCommit = async (request) => {
    for (const { topic, partitions } of request.topics) {
      const outOfRange = partitions.find((p) => Number(p.offset) < 0);
      if (outOfRange !== undefined)
        throw new KafkaError(
          'out_of_range',
          `${topic} partition ${outOfRange.partition}: messages were deleted before they were read`,
        );
    }
    return (await commit(request)) as unknown;
  };
}
