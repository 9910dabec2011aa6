/** The command's filters as a router applies them: to what it knows, whether it prints it or not. */
import type { Scope } from '@sessionreel/session-model';
import type { Call, Node, Tunnel } from './model.ts';
import type { Prng } from './prng.ts';
import { printedAddress } from './view.ts';

/** By their CLI names. */
export type Filter =
  | 'interface'
  | 'local-gateway'
  | 'local-gateway-name'
  | 'local-session-id'
  | 'local-tunnel-id'
  | 'peer-gateway'
  | 'peer-gateway-name'
  | 'tunnel-group'
  | 'user';

/** What operators ask for most. */
export const commonFilters: readonly Filter[] = ['local-tunnel-id', 'peer-gateway-name', 'local-session-id'];

/** Whether the router's platform has the filter. */
function isOffered(node: Node, filter: Filter): boolean {
  return (filter !== 'user' && filter !== 'tunnel-group') || node.variant === 'lns-m';
}

function ofTunnel(node: Node, tunnel: Tunnel, filter: Filter): string | null {
  const isLns = node.spec.role === 'lns';
  const peer = isLns ? tunnel.lac : tunnel.lns;
  switch (filter) {
    case 'interface':
      return isLns ? tunnel.interface : 'pp0';
    case 'local-gateway':
      return printedAddress(node, node.spec.addresses);
    case 'local-gateway-name':
      return node.spec.name;
    case 'local-tunnel-id':
      return String(isLns ? tunnel.lnsId : tunnel.lacId);
    case 'peer-gateway':
      return printedAddress(peer, node.spec.addresses);
    case 'peer-gateway-name':
      return peer.spec.name;
    case 'tunnel-group':
      return tunnel.group;
    default:
      return null;
  }
}

function ofCall(node: Node, call: Call, filter: Filter): string | null {
  if (filter === 'local-session-id') return String(node.spec.role === 'lns' ? call.lnsId : call.lacId);
  if (filter === 'user') return call.establishedAt === 0 ? '' : call.subscriber.user;
  return null;
}

/** Whether anybody could type it. */
const isTyped = (value: string): boolean => value !== '' && !/\p{Cc}/u.test(value);

const callsOf = (node: Node, tunnel: Tunnel): Map<number, Call> =>
  node.spec.role === 'lns' ? tunnel.lnsCalls : tunnel.lacCalls;

/** One of these filters, with a value that something of the router has; {} when it has nothing. */
export function someFilter(node: Node, among: readonly Filter[], prng: Prng): Scope {
  const tunnels = [...node.tunnels.values()];
  if (tunnels.length === 0) return {};
  const tunnel = prng.pick(tunnels);
  const [call] = callsOf(node, tunnel).values();
  const found = among.flatMap((filter) => {
    if (!isOffered(node, filter)) return [];
    const value = ofTunnel(node, tunnel, filter) ?? (call === undefined ? null : ofCall(node, call, filter));
    return value === null || !isTyped(value) ? [] : [{ [filter]: value }];
  });
  return found.length === 0 ? {} : prng.pick(found);
}

/** The router's calls that all filters let through. */
export function* select(node: Node, scope: Scope): Generator<Call, void> {
  const filters = Object.entries(scope) as [Filter, string][];
  for (const tunnel of node.tunnels.values()) {
    const mayBe = filters.every(([filter, wanted]) => (ofTunnel(node, tunnel, filter) ?? wanted) === wanted);
    if (!mayBe) continue;
    for (const call of callsOf(node, tunnel).values())
      if (filters.every(([filter, wanted]) => (ofCall(node, call, filter) ?? wanted) === wanted)) yield call;
  }
}
