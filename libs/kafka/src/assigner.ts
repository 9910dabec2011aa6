/** A sticky partition assigner: a member keeps what it has as far as balance allows, so that a rolling restart moves little. */
import { AssignerProtocol, type Assigner, type GroupMember, type PartitionAssigner } from 'kafkajs';

const version = 1;

export interface MemberClaim {
  readonly memberId: string;
  /** Partitions that it has now. */
  readonly owned: readonly number[];
}

/**
 * Partitions 0 to `partitions` − 1 over the members: each gets ⌊P/M⌋ or ⌈P/M⌉, keeps of its own as many as that allows, and
 * the rest goes to those with the fewest. A partition that two claim stays with the first by id. Deterministic.
 */
export function assignSticky(partitions: number, members: readonly MemberClaim[]): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const result = new Map<string, number[]>(sorted.map((m) => [m.memberId, []]));
  if (sorted.length === 0) return result;
  const least = Math.floor(partitions / sorted.length);
  let withOneMore = partitions % sorted.length;
  const taken = new Set<number>();
  // Those that have the most come first to the few places with one partition more.
  for (const member of [...sorted].sort((a, b) => b.owned.length - a.owned.length)) {
    const kept = [...new Set(member.owned)]
      .filter((p) => p >= 0 && p < partitions && !taken.has(p))
      .sort((a, b) => a - b);
    const quota = kept.length > least && withOneMore > 0 ? least + 1 : least;
    if (quota > least) withOneMore--;
    for (const p of kept.slice(0, quota)) {
      taken.add(p);
      result.get(member.memberId)?.push(p);
    }
  }
  for (let p = 0; p < partitions; p++) {
    if (taken.has(p)) continue;
    const [poorest] = [...result.values()].sort((a, b) => a.length - b.length);
    poorest?.push(p);
  }
  for (const list of result.values()) list.sort((a, b) => a - b);
  return result;
}

/** The assigner for one topic; `owned` says what this member has when it joins. */
export function stickyAssigner(topic: string, owned: () => readonly number[]): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: 'SessionreelSticky',
    version,
    protocol: ({ topics }) => ({
      name: 'SessionreelSticky',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version,
        topics,
        userData: Buffer.from(JSON.stringify([...owned()])),
      }),
    }),
    assign: ({ members }) => {
      const partitions = cluster.findTopicPartitionMetadata(topic).length;
      const assignment = assignSticky(partitions, members.map(claimOf));
      return Promise.resolve(
        [...assignment].map(([memberId, list]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version,
            assignment: { [topic]: list },
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

function claimOf(member: GroupMember): MemberClaim {
  try {
    const userData = AssignerProtocol.MemberMetadata.decode(member.memberMetadata)?.userData;
    const owned: unknown = JSON.parse(userData === undefined ? '[]' : userData.toString());
    const numbers = Array.isArray(owned) ? owned.filter((p): p is number => Number.isInteger(p)) : [];
    return { memberId: member.memberId, owned: numbers };
  } catch {
    return { memberId: member.memberId, owned: [] };
  }
}
