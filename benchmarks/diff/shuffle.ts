/** A listing in another order: the tunnels, and the sessions of each, in an order drawn from a seed. */
import type { Capture } from '../harness/index.ts';

const tunnelBegins = /(?=^Tunnel local ID: )/m;
const sessionBegins = /(?=^ {2}Session local ID: )/m;

/** Of an extensive text of an LNS on MX in one part. */
export function shuffled(capture: Capture, seed: number): Capture {
  const draw = generator(seed);
  const text = Buffer.concat([...capture.parts]).toString('latin1');
  const [head = '', ...tunnels] = text.split(tunnelBegins);
  // The last one holds the prompt.
  const last = tunnels.pop() ?? '';
  const prompt = last.slice(last.lastIndexOf('\n\n'));
  tunnels.push(last.slice(0, last.length - prompt.length) + '\n');
  const mixed = tunnels.map((tunnel) => {
    const [header = '', ...sessions] = tunnel.split(sessionBegins);
    return header + mix(sessions, draw).join('');
  });
  return { ...capture, parts: [Buffer.from(head + mix(mixed, draw).join('') + prompt.slice(1), 'latin1')] };
}

function mix<T>(items: T[], draw: (below: number) => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}
