/** Encoding what a steady fleet writes most: records of counters, ours against avsc into one buffer that is used again. */
import { createHash } from 'node:crypto';
import { createEventWriter, encodeFlatDelta, sessionDeltaSchema, written } from '@sessionreel/session-events';
import { RouterState } from '@sessionreel/session-diff';
import {
  CounterSlot,
  CounterTime,
  addCounter,
  counterFields,
  unflatten,
  type FlatDelta,
} from '@sessionreel/session-model';
import avsc from 'avsc';
import { benchmark, benchmarkCase, plainInput, type Contender } from './harness/index.ts';

interface Records {
  readonly records: number;
  readonly times: number;
}

/** A delta with nothing but counters: eight of them moved, as those of a session on an LNS. */
function deltaOf({ records }: Records): FlatDelta {
  const state = new RouterState('lns1');
  let delta: FlatDelta | undefined;
  const source = { snapshotId: '', capturedAt: 1_795_168_800_000, logTime: 1_795_168_800_000, partition: 0 };
  const place = { offset: 0, previousOffset: -1, ordinal: 0, part: 1, parts: 1 };
  state.deadLetter({ ...source, ...place }, '', '', (flat) => (delta = flat));
  if (delta === undefined) throw new Error('no delta');
  delta.ledger = [];
  const list = delta.counters;
  for (let n = 0; n < records; n++) {
    const i = addCounter(list);
    const at = i * list.stride;
    list.words[at + CounterSlot.tunnel] = 30_000 + (n >> 4);
    list.words[at + CounterSlot.session] = 1 + ((n * 7) & 0xffff);
    list.words[at + CounterSlot.kind] = 0;
    list.words[at + CounterSlot.seen] = 1023;
    for (let c = 0; c < counterFields.length; c++) {
      list.words[at + CounterSlot.deltas + 2 * c] =
        c < 8 ? 1 + ((n * (c + 3) * 7919) % (c < 4 ? 100 : 1e9)) : 0;
      list.words[at + CounterSlot.deltas + 2 * c + 1] = 0;
    }
    const created = 1_795_000_000_000 + n * 1000;
    list.times[3 * i + CounterTime.createTime] = created;
    list.times[3 * i + CounterTime.createdAt] = created;
    list.times[3 * i + CounterTime.interval] = 300;
  }
  return delta;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

const ours: Contender<Records> = {
  name: 'sessionreel',
  kind: 'ours',
  setup(input) {
    const delta = deltaOf(input);
    const writer = createEventWriter();
    return {
      run() {
        const used = process.cpuUsage();
        for (let n = 0; n < input.times; n++) {
          writer.at = 0;
          encodeFlatDelta(delta, writer);
        }
        const { user, system } = process.cpuUsage(used);
        const ns = ((user + system) * 1000) / (input.records * input.times);
        return { values: { ns }, hash: hashOf(written(writer)) };
      },
    };
  },
};

const peer: Contender<Records> = {
  name: 'avsc',
  kind: 'peer',
  note: 'encode into one buffer; the objects are made before',
  setup(input) {
    const type = avsc.Type.forSchema(sessionDeltaSchema as avsc.Schema);
    const object = unflatten(deltaOf(input));
    // Plain numbers, which avsc is quickest with.
    const counters = object.counters.map(({ deltas, ...record }) => ({
      ...record,
      ...Object.fromEntries(Object.entries(deltas).map(([name, value]) => [name, Number(value)])),
    }));
    const delta = { ...object, counters, router_state: Buffer.from(object.router_state) };
    const buffer = Buffer.alloc(input.records * 256 + 4096);
    return {
      run() {
        const used = process.cpuUsage();
        let end = 0;
        for (let n = 0; n < input.times; n++) end = type.encode(delta, buffer, 0);
        const { user, system } = process.cpuUsage(used);
        const ns = ((user + system) * 1000) / (input.records * input.times);
        return { values: { ns }, hash: hashOf(buffer.subarray(0, end)) };
      },
    };
  },
};

export default benchmark({
  about: 'Avro of counter records: 19 counters each, eight moved',
  cases: [
    benchmarkCase<Records>({
      name: '4k records',
      input: plainInput('4k counter records', { records: 4_000, times: 200 }),
      contenders: [ours, peer],
      metrics: { ns: { unit: 'ns a record', better: 'lower', goal: 60 } },
      sameResult: true,
    }),
  ],
});
