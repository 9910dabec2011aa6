/** What can be done to the product while it works. Each returns what it did; what it broke is running again, or soon will be. */
import type { Prng } from '@sessionreel/fleet-sim';
import { pause } from '@sessionreel/ops';
import type { App } from './app.ts';
import { sessionTimeoutMs, type Product } from './product.ts';
import type { Cut } from './proxy.ts';
import { hasQuota } from './servers.ts';

export interface Fault {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** How many processes or threads it ends by force. */
  readonly kills: number;
  readonly act: (product: Product, prng: Prng) => Promise<string>;
}

type Kind = 'processor' | 'loader';
const listOf = (product: Product, kind: Kind): readonly App[] =>
  kind === 'processor' ? product.processors : product.loaders;

function anyOf(product: Product, kind: Kind, prng: Prng): App {
  return prng.pick(listOf(product, kind).filter((app) => app.running && !app.frozen));
}

/** Two of a kind are running after it. */
async function pair(product: Product, kind: Kind): Promise<void> {
  for (const app of listOf(product, kind)) if (!app.running) app.start();
  if (listOf(product, kind).length > 1) return;
  await product.add(kind).logs('"has ', 15_000);
}

async function killAndStart(app: App, waitMs: number): Promise<void> {
  await app.end('SIGKILL');
  await pause(waitMs);
  app.start();
}

const kill =
  (kind: Kind): Fault['act'] =>
  async (product, prng) => {
    const app = anyOf(product, kind, prng);
    await killAndStart(app, prng.int(0, 800));
    return app.options.name;
  };

/** Before a transaction's commit is sent, while it is under way, or when it has just been answered. */
async function killInCommit(product: Product, prng: Prng): Promise<string> {
  const app = anyOf(product, 'processor', prng);
  const moment = prng.pick(['before', 'sent', 'sent', 'answered'] as const);
  const ms = prng.int(0, 15);
  const came = await app.endInCommit(moment, ms, 6_000);
  await pause(prng.int(0, 500));
  app.start();
  return `${app.options.name}, ${came ? `${moment}${moment === 'sent' ? ` ${ms} ms before` : ''}` : 'no commit came'}`;
}

/** Killed again just as it has been given its partitions, while it restores or heals. */
const killTwice =
  (kind: Kind): Fault['act'] =>
  async (product, prng) => {
    const app = anyOf(product, kind, prng);
    await killAndStart(app, 0);
    await app.logs(prng.pick(['"has ', 'restor', 'heal']), 10_000);
    await pause(prng.int(0, 250));
    await killAndStart(app, prng.int(0, 500));
    return app.options.name;
  };

/** A second one comes; at some moment of that one of them is killed, or leaves in order. */
const join =
  (kind: Kind): Fault['act'] =>
  async (product, prng) => {
    const list = listOf(product, kind);
    const second = list[1];
    if (second?.running === true) {
      await second.end(prng.pick(['SIGTERM', 'SIGKILL']));
      return `${second.options.name} leaves`;
    }
    if (second === undefined) product.add(kind);
    else second.start();
    await pause(prng.int(300, 4_000));
    const app = anyOf(product, kind, prng);
    await app.end(prng.pick(['SIGTERM', 'SIGKILL']));
    const other = list.find((one) => one !== app);
    if (app.options.name.endsWith('1') || prng.chance(0.5)) app.start();
    return `${other?.options.name ?? ''} beside ${app.options.name}`;
  };

/** Stopped for longer than its session, so that another takes its partitions; then it goes on as if nothing had been. */
const zombie =
  (kind: Kind): Fault['act'] =>
  async (product, prng) => {
    await pair(product, kind);
    const app = anyOf(product, kind, prng);
    if (kind === 'loader' && prng.chance(0.7)) {
      await Promise.race([product.proxy.nextInsert(), pause(4_000)]);
      await pause(prng.int(0, 150));
    }
    app.freeze();
    const ms = sessionTimeoutMs + prng.int(1_500, 4_000);
    await pause(ms);
    app.wake();
    return `${app.options.name} for ${ms} ms`;
  };

const duringInsert =
  (victim: 'loader' | 'clickhouse'): Fault['act'] =>
  async (product, prng) => {
    await Promise.race([product.proxy.nextInsert(), pause(4_000)]);
    const ms = prng.int(0, 200);
    await pause(ms);
    if (victim === 'clickhouse') await product.servers.killClickHouse();
    else await killAndStart(anyOf(product, 'loader', prng), prng.int(0, 300));
    return `${ms} ms after an insert began`;
  };

async function cutInserts(product: Product, prng: Prng): Promise<string> {
  const cuts: Cut[] = Array.from({ length: prng.int(1, 3) }, () =>
    prng.pick<Cut>(['request', 'answer', 'answer', 'half_answer']),
  );
  product.proxy.cuts.push(...cuts);
  await pause(prng.int(500, 3_000));
  return cuts.join(', ');
}

async function slow(product: Product, prng: Prng): Promise<string> {
  const ms = prng.int(100, 800);
  product.proxy.mode = { kind: 'slow', ms };
  await pause(prng.int(1_000, 4_000));
  product.proxy.mode = { kind: 'open' };
  return `${ms} ms`;
}

async function refuse(product: Product, prng: Prng): Promise<string> {
  product.proxy.refuse();
  const ms = prng.int(500, 4_000);
  await pause(ms);
  product.proxy.mode = { kind: 'open' };
  return `${ms} ms`;
}

async function jumpClock(product: Product, prng: Prng): Promise<string> {
  const app = anyOf(product, prng.pick<Kind>(['processor', 'loader']), prng);
  const offset = prng.pick([-86_400_000, -3_600_000, -5_000, 5_000, 3_600_000, 86_400_000]);
  app.setClock(offset);
  await pause(prng.int(1_000, 3_000));
  return `${app.options.name} by ${offset / 1_000} s`;
}

const kafkaAndProcessor: Fault['act'] = async (product, prng) => {
  const app = anyOf(product, 'processor', prng);
  await Promise.all([
    product.servers.killKafka(),
    pause(prng.int(0, 1_500)).then(() => killAndStart(app, 0)),
  ]);
  return app.options.name;
};

export const faults: readonly Fault[] = [
  { name: 'kill processor', weight: 6, kills: 1, act: kill('processor') },
  { name: 'kill processor while it restores', weight: 3, kills: 2, act: killTwice('processor') },
  { name: 'kill processor in a commit', weight: 5, kills: 1, act: killInCommit },
  { name: 'kill worker thread', weight: 5, kills: 1, act: killThread },
  { name: 'processor joins or leaves', weight: 4, kills: 1, act: join('processor') },
  { name: 'zombie processor', weight: 2, kills: 0, act: zombie('processor') },
  { name: 'kill loader', weight: 4, kills: 1, act: kill('loader') },
  { name: 'kill loader in an insert', weight: 4, kills: 1, act: duringInsert('loader') },
  { name: 'kill loader while it heals', weight: 2, kills: 2, act: killTwice('loader') },
  { name: 'loader joins or leaves', weight: 3, kills: 1, act: join('loader') },
  { name: 'zombie loader', weight: 2, kills: 0, act: zombie('loader') },
  { name: 'kill ClickHouse', weight: 3, kills: 1, act: (p) => p.servers.killClickHouse().then(() => '') },
  { name: 'kill ClickHouse in an insert', weight: 4, kills: 1, act: duringInsert('clickhouse') },
  { name: 'kill Kafka', weight: 3, kills: 1, act: (p) => p.servers.killKafka().then(() => '') },
  { name: 'kill Kafka and processor', weight: 1, kills: 2, act: kafkaAndProcessor },
  { name: 'restart Kafka', weight: 1, kills: 0, act: (p) => p.servers.restartKafka().then(() => '') },
  { name: 'cut inserts', weight: 4, kills: 0, act: cutInserts },
  { name: 'slow ClickHouse', weight: 2, kills: 0, act: slow },
  { name: 'refusing ClickHouse', weight: 2, kills: 0, act: refuse },
  { name: 'clock jump', weight: 2, kills: 0, act: jumpClock },
  ...(hasQuota ? [{ name: 'full disk for Kafka', weight: 1, kills: 1, act: fillDisk }] : []),
];

async function killThread(product: Product, prng: Prng): Promise<string> {
  const app = anyOf(product, 'processor', prng);
  app.endThread(prng.unit());
  await pause(prng.int(0, 500));
  return app.options.name;
}

async function fillDisk(product: Product): Promise<string> {
  const gaveUp = await product.servers.fillKafkasDisk(6_000);
  return gaveUp ? 'it gave up' : 'it wrote nothing meanwhile';
}

export function choose(prng: Prng, from: readonly Fault[] = faults): Fault {
  let left = prng.unit() * from.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of from) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return from[0] as Fault;
}
