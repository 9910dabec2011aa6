/** A processor's way back after a restart: the checkpoint of a router, out of the log's bytes into a state that goes on. */
import { RouterState } from '@sessionreel/session-diff';
import {
  createEventWriter,
  decodeFlatDelta,
  encodeFlatDelta,
  takeWritten,
} from '@sessionreel/session-events';
import { StringTable } from '@sessionreel/session-model';
import { benchmark, benchmarkCase, firstSnapshot, type Captures, type Contender } from './harness/index.ts';
import { Engine } from './stack/engine.ts';
import { fleetInput } from './stack/fleet.ts';
import { restarted } from './stack/restart.ts';
import { startBroker } from './stack/servers.ts';

/** As the processor's workers have them. */
const options = { timezone: 'UTC', pieceSessions: 1_000 };

/** The pieces of the checkpoint of a router after its first snapshot, as Avro data. */
function checkpointOf(input: Captures): Uint8Array[] {
  const [capture] = input.captures;
  if (capture === undefined) throw new Error('there is no capture');
  const state = new RouterState(capture.router, options);
  new Engine(capture.router).capture(capture, (_, datum) => {
    state.apply(decodeFlatDelta(datum, state.strings), false);
  });
  const pieces: Uint8Array[] = [];
  const writer = createEventWriter(1 << 20);
  state.checkpoint((delta) => {
    encodeFlatDelta(delta, writer);
    pieces.push(takeWritten(writer));
  });
  return pieces;
}

const ours: Contender<Captures> = {
  name: 'sessionreel',
  kind: 'ours',
  setup(input) {
    const pieces = checkpointOf(input);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return {
      run() {
        const state = new RouterState('restored', options);
        for (const piece of pieces) state.apply(decodeFlatDelta(piece, state.strings), true);
        if (state.sessions !== input.sessions) throw new Error(`${state.sessions} sessions are back`);
        return { work: state.sessions, values: { bytes: bytes / state.sessions } };
      },
    };
  },
};

const decoding: Contender<Captures> = {
  name: 'decoding alone',
  kind: 'limit',
  note: 'Avro into typed arrays, and nothing more',
  setup(input) {
    const pieces = checkpointOf(input);
    return {
      run() {
        const strings = new StringTable();
        let sessions = 0;
        for (const piece of pieces) sessions += decodeFlatDelta(piece, strings).keyframe.count;
        return { work: sessions };
      },
    };
  },
};

export default benchmark({
  about: 'A router of 64k sessions restored from its checkpoint, on one worker; a restart with a million',
  budgetS: 120,
  cases: [
    benchmarkCase<Captures>({
      name: 'checkpoint of 64k sessions',
      input: firstSnapshot,
      contenders: [ours, decoding],
      metrics: {
        // 1 M sessions in 10 s.
        rate: { unit: 'sessions/s', goal: 100_000 },
        cpu_rate: { unit: 'sessions/s' },
        bytes: { unit: 'bytes/session', better: 'lower' },
      },
    }),
    benchmarkCase({
      name: 'restart with 1M live sessions',
      input: fleetInput('16 × 62.5k sessions, extensive text', {
        routers: 16,
        sessionsPerRouter: 62_500,
        churn: 0.002,
        partSessions: 1_000,
        seed: 'restart',
      }),
      contenders: [restarted],
      metrics: {
        first_s: { unit: 's from the start of the process to the first event', better: 'lower', goal: 10 },
        all_s: { unit: 's to the first event of the last partition', better: 'lower', goal: 10 },
        cpu_rate: { unit: 'sessions a CPU second, start of the process included' },
        resident_bytes: {
          unit: 'bytes of resident memory a live session, workers and main thread',
          better: 'lower',
        },
      },
      fixture: startBroker,
      rounds: 3,
      warmup: 0,
      runLimitS: 600,
    }),
  ],
});
