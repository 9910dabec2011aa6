/** Listings that cannot be predicted from the session before, made of the simulator's. */
import { SteadyState } from '@sessionreel/fleet-sim';
import { storedInput, type Captures, type Input } from '../harness/index.ts';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One listing of `sessions` sessions, its sessions' lines given to `change`; a session begins with its first line. */
function changed(
  name: string,
  sessions: number,
  captures: number,
  change: (lines: string[], random: () => number) => string[],
  format: 'text' | 'xml' = 'text',
  variant: 'lns-mx' | 'lns-m' = format === 'text' ? 'lns-mx' : 'lns-m',
): Input<Captures> {
  return storedInput({
    name,
    parameters: { sessions, captures, format, variant, change: change.toString() },
    make(write) {
      const described = [];
      for (let n = 0; n < captures; n++) {
        const random = seeded(n);
        const state = new SteadyState({ seed: `${name}${n}`, variant, level: 'extensive', format, sessions });
        const { parts, capturedAt, command } = state.next();
        const text = Buffer.concat(parts).toString('utf8');
        const begins = format === 'text' ? /^(?= {2}Session local ID)/m : /^(?=\s*<l2tp-session-entry>)/m;
        const bodies = text.split(begins).map((body) => change(body.split('\n'), random).join('\n'));
        const bytes = Buffer.from(bodies.join(''));
        write(bytes);
        described.push({ router: state.router, capturedAt, command, sessions, length: bytes.length });
      }
      return described;
    },
    load({ description, bytes }) {
      let at = 0;
      const all = description.map(({ length, ...capture }) => ({
        ...capture,
        parts: [bytes.subarray(at, (at += length))],
      }));
      return { captures: all, bytes: bytes.length, sessions: sessions * captures };
    },
  });
}

const optional =
  /^ {4}(?:Interface unit|Mode|Local name|Bearer type|LCP renegotiation|Call serial|Idle time|Statistics since)/;

/** Each session lacks some of its lines: no two in a row are alike. */
export const linesComeAndGo = changed('lines that come and go', 20_000, 1, (lines, random) =>
  lines.filter((line) => !optional.test(line) || random() < 0.7),
);

/** Every tenth subscriber calls himself as labels are called. */
export const hostileNames = changed(
  'user names of labels',
  10_000,
  1,
  (lines, random) => {
    const isHostile = random() < 0.1;
    return lines.map((line) =>
      isHostile ? line.replace(/Username: [^,]*/, 'Username: a, State: Closed, Mode: “é”') : line,
    );
  },
  'text',
  'lns-m',
);

/** Small captures, each read by a parser of its own. */
export const smallCaptures = changed('captures of 60 sessions', 60, 100, (lines) => lines);

/** Names that need escapes, in every second session. */
export const entities = changed(
  'XML, every second name with an entity',
  4_000,
  1,
  (lines, random) =>
    lines.map((line) =>
      line.includes('<l2tp-session-user-name>') && random() < 0.5 ? line.replace('@', '&amp;&lt;@') : line,
    ),
  'xml',
);
