import { StringTable, type SessionDelta } from '@sessionreel/session-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageHash, type RouterOptions } from './index.ts';
import { Lab, view } from './testing/lab.ts';
import { Model, steps, type Shot, type Step } from './testing/model.ts';

const options = { keyframeEveryMs: 1_800_000, pieceSessions: 3, partDeadlineMs: 100_000 };
/** For comparing logs whole, quicker than field by field. */
const shown = (log: readonly SessionDelta[] | undefined): string[] =>
  (log ?? []).map((delta) =>
    JSON.stringify(
      { ...delta, router_state: Buffer.from(delta.router_state).toString('latin1') },
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    ),
  );
const runs = { numRuns: Number(process.env['FC_RUNS'] ?? 60) };

function take(lab: Lab, shot: Shot): void {
  for (const taken of shot.takes) {
    const at = taken.logAt ?? taken.at;
    if (lab.state.nextDeadline <= lab.source({ at }).logTime) lab.expire(at);
    lab.take(taken);
  }
}

function play(
  given: readonly Step[],
  after: (lab: Lab, shot: Shot, model: Model) => void,
  opts: Partial<RouterOptions> = options,
): Lab {
  const lab = new Lab(opts);
  const model = new Model();
  for (const step of given) {
    const shot = model.shot(step);
    take(lab, shot);
    after(lab, shot, model);
  }
  return lab;
}

describe('the law', { timeout: 60_000 }, () => {
  it('after a whole listing the state is what the router printed', () => {
    fc.assert(
      fc.property(steps, (given) => {
        play(given, (lab, shot) => {
          if (!shot.whole) return;
          const printed = shot.takes
            .toSorted((a, b) => (a.part ?? 1) - (b.part ?? 1))
            .flatMap((t) => t.sessions);
          const listed = [...lab.state.list()];
          expect(listed.map((s) => s.record.values['session_local_id'])).toEqual(
            printed.map((p) => p.values['session_local_id']),
          );
          printed.forEach((p, i) => {
            // What clocks show is kept as what they derive from.
            const values = Object.fromEntries(
              Object.entries(p.values).filter(([name]) => !/^(up|idle)_time_s$/.test(name)),
            );
            expect(listed[i]?.record.values).toMatchObject(values);
          });
        });
      }),
      runs,
    );
  });

  it('a state restored from the log, or from a checkpoint and the log since, is the live one', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 12 }), (given, when) => {
        let pieces: SessionDelta[] = [];
        let since = 0;
        let n = 0;
        play(given, (lab) => {
          if (n++ === when) {
            pieces = lab.checkpoint();
            since = lab.log.length;
          }
          expect(view(lab.restored(pieces, since))).toEqual(view(lab.state));
          expect(view(lab.restored())).toEqual(view(lab.state));
        });
      }),
      runs,
    );
  });

  it('what was restored goes on as what lived', () => {
    fc.assert(
      fc.property(steps, steps, (given, more) => {
        const lab = play(given, () => undefined);
        const pieces = lab.checkpoint();
        const model = new Model();
        model.now = given.reduce((sum, step) => sum + step.wait, 0);
        const shots = more.map((step) => model.shot(step));
        const lives = [lab.state, lab.restored(), lab.restored(pieces, lab.log.length)].map((state) => {
          const other = new Lab(options);
          other.state = state;
          for (const shot of shots) take(other, shot);
          return other.log;
        });
        expect(shown(lives[1])).toEqual(shown(lives[0]));
        expect(shown(lives[2])).toEqual(shown(lives[0]));
      }),
      runs,
    );
  });

  it('a checkpoint changes nothing that comes after it', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 12 }), (given, when) => {
        let n = 0;
        const lab = play(given, (playing) => {
          if (n++ === when) playing.checkpoint();
        });
        expect(shown(lab.log)).toEqual(shown(play(given, () => undefined).log));
      }),
      runs,
    );
  });

  it('the short cut for steady sessions comes to the same as the long way', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const short = play(given, () => undefined);
        const long = play(given, () => undefined, { ...options, shortCut: false });
        expect(shown(short.log)).toEqual(shown(long.log));
        expect(view(short.state)).toEqual(view(long.state));
      }),
      runs,
    );
  });

  it('what is rolled back or abandoned never was', () => {
    fc.assert(
      fc.property(steps, steps, (given, more) => {
        const lab = play(given, () => undefined);
        const untouched = lab.restored();
        const model = new Model();
        model.now = given.reduce((sum, step) => sum + step.wait, 0);
        const shots = more.map((step) => model.shot(step));
        const length = lab.log.length;
        lab.state.mark();
        for (const shot of shots) take(lab, shot);
        lab.state.rollback();
        lab.log.length = length;
        expect(view(lab.state)).toEqual(view(untouched));
        for (const taken of shots.flatMap((shot) => shot.takes)) {
          lab.start(taken);
          lab.state.abandon();
        }
        expect(view(lab.state)).toEqual(view(untouched));
        expect(lab.checkpoint()).toEqual(new Lab(options).checkpointOf(untouched));
      }),
      runs,
    );
  });

  it('the hash is that of the images, whoever adds them up', () => {
    fc.assert(
      fc.property(steps, (given) => {
        play(given, (lab) => {
          const hash = new ImageHash(() => new StringTable());
          const images = lab.checkpoint().flatMap((piece) => piece.keyframe);
          for (const image of images.toReversed()) hash.add(image);
          expect(hash.hex).toBe(lab.state.hash);
        });
      }),
      runs,
    );
  });

  it('every layout is defined before it is used, at, seq and gop never go back', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const lab = play(given, () => undefined);
        const defined = new Set<bigint>([0n]);
        let before = { at: 0, seq: 0, gop: 0 };
        for (const delta of lab.log) {
          for (const { id, definition } of delta.layouts) {
            defined.add(id);
            const { set } = definition.startsWith('{"set"')
              ? (JSON.parse(definition) as { set: Record<string, string> })
              : { set: {} };
            for (const layout of Object.values(set))
              expect(
                delta.layouts.some((l) => l.id === BigInt(`0x${layout}`)) ||
                  defined.has(BigInt(`0x${layout}`)),
              ).toBe(true);
          }
          const { opened, changed, closed, rebase, keyframe, prints } = delta;
          for (const x of [opened, changed, closed, rebase, keyframe, prints].flat())
            expect(defined.has(x.layout)).toBe(true);
          expect(delta.seq).toBe(before.seq + 1);
          expect(delta.at).toBeGreaterThanOrEqual(before.at);
          expect(delta.gop).toBeGreaterThanOrEqual(before.gop);
          before = delta;
        }
      }),
      runs,
    );
  });
});
