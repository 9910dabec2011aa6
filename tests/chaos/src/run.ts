/** An undisturbed run, disturbed runs over the same input, and whether they came to the same. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '@sessionreel/fleet-sim';
import { pause } from '@sessionreel/ops';
import { choose, faults, type Fault } from './faults.ts';
import { differences, fingerprint, type Fingerprint } from './fingerprint.ts';
import { makeInput, type InputMessage } from './input.ts';
import { Product } from './product.ts';
import { Servers } from './servers.ts';

export interface ChaosOptions {
  /** Says the load, and which faults come in which order and when. */
  readonly seed: string;
  /** Processes and threads that are ended by force, at least. */
  readonly kills: number;
  readonly routers: number;
  readonly sessions: number;
  readonly hours: number;
  /** Which faults, by name; all when left out. */
  readonly only?: readonly string[];
  /** Most memory that a processor or loader may hold, bytes. */
  readonly memoryLimit?: number;
  readonly tell?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: string;
  readonly kills: number;
  /** How often each fault came. */
  readonly faults: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly rows: Fingerprint;
  /** Empty when all is well. */
  readonly problems: readonly string[];
  readonly peakBytes: { readonly processor: number; readonly loader: number };
  readonly seconds: number;
  /** Of the logs of what was run; they stay when there are problems. */
  readonly dir: string;
}

const mib = 2 ** 20;
const settleMs = 600_000;

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const began = performance.now();
  const tell = options.tell ?? ((): void => undefined);
  const input = makeInput({ ...options, seed: `chaos/${options.seed}` });
  const bytes = input.reduce((sum, m) => sum + m.value.length, 0);
  tell(`seed ${options.seed}: ${input.length} captures, ${(bytes / 1e6).toFixed(1)} MB`);
  const servers = await Servers.start();
  let problems: readonly string[] = ['it did not come to an end'];
  try {
    const calm = await undisturbed(servers, input);
    tell(`undisturbed: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    const run = await disturbed(servers, input, options, calm, tell);
    problems = run.problems;
    return {
      ...run,
      seed: options.seed,
      messages: input.length,
      rows: calm,
      seconds: Math.round((performance.now() - began) / 1_000),
      dir: servers.dir,
    };
  } finally {
    await servers.stop(problems.length > 0);
  }
}

async function undisturbed(servers: Servers, input: readonly InputMessage[]): Promise<Fingerprint> {
  const product = new Product({ servers, name: 'calm', input, instances: true });
  try {
    await product.start();
    await product.settled(settleMs);
    const crashes = await product.stopApps();
    await product.rollUp();
    const audit = await product.audit();
    if (crashes.length > 0 || audit.status !== 0)
      throw new Error(`even undisturbed it is not right: ${crashes.join('; ')} ${audit.text}`);
    return await fingerprint(product.store);
  } finally {
    await product.close();
  }
}

async function disturbed(
  servers: Servers,
  input: readonly InputMessage[],
  options: ChaosOptions,
  calm: Fingerprint,
  tell: (line: string) => void,
): Promise<Pick<ChaosReport, 'kills' | 'faults' | 'problems' | 'peakBytes'>> {
  const instances = new Prng(`chaos/${options.seed}/instances`).chance(0.5);
  const product = new Product({ servers, name: 'storm', input, instances });
  try {
    await product.start();
    const done = await storm(product, options, tell);
    const problems: string[] = [];
    try {
      await product.settled(settleMs);
      tell('all of it arrived');
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    problems.push(...(await product.stopApps()).filter((crash) => !isExpected(crash)));
    await product.rollUp();
    problems.push(...(await compared(product, calm)));
    const audit = await product.audit();
    if (audit.status !== 0) problems.push(`reel audit: ${audit.text}`);
    const peakBytes = { processor: peak(product.processors), loader: peak(product.loaders) };
    const limit = options.memoryLimit ?? 700 * mib;
    for (const [kind, most] of Object.entries(peakBytes))
      if (most > limit) problems.push(`a ${kind} held ${Math.round(most / mib)} MiB`);
    return { ...done, problems, peakBytes };
  } finally {
    await product.close();
  }
}

/** A program may give up when what it needs is gone while it starts; whoever supervises it starts it again. */
const isExpected = (crash: string): boolean => /status 1/.test(crash);

const peak = (apps: Product['apps']): number => Math.max(0, ...apps.map((app) => app.peakBytes));

async function storm(
  product: Product,
  options: ChaosOptions,
  tell: (line: string) => void,
): Promise<{ kills: number; faults: Record<string, number> }> {
  const prng = new Prng(`chaos/${options.seed}/faults`);
  const from = options.only === undefined ? faults : faults.filter((f) => options.only?.includes(f.name));
  const counts: Record<string, number> = {};
  let kills = 0;
  for (let n = 1; kills < options.kills; n++) {
    const fault = pickOf(prng, from, n);
    product.feeder.feed((kills + fault.kills * prng.unit()) / options.kills);
    await pause(prng.int(0, 1_500));
    const began = performance.now();
    const what = await fault.act(product, prng.fork(String(n)));
    kills += fault.kills;
    counts[fault.name] = (counts[fault.name] ?? 0) + 1;
    const line = `${n}. ${fault.name}${what === '' ? '' : `: ${what}`} (${((performance.now() - began) / 1_000).toFixed(1)} s; ${kills} kills, ${product.feeder.sent} sent)`;
    appendFileSync(join(product.servers.dir, 'faults.log'), `${new Date().toISOString()} ${line}\n`);
    tell(line);
    await pause(prng.chance(0.3) ? 0 : prng.int(0, 2_500));
  }
  product.proxy.mode = { kind: 'open' };
  for (const app of product.apps) app.wake();
  return { kills, faults: counts };
}

/** Each once in a shuffled order at first, so that a short run has met many; then by weight. */
function pickOf(prng: Prng, from: readonly Fault[], n: number): Fault {
  const order = new Prng('order').shuffle([...from]);
  return (prng.chance(0.5) ? order[(n - 1) % order.length] : undefined) ?? choose(prng, from);
}

async function compared(product: Product, calm: Fingerprint): Promise<string[]> {
  const storm = await fingerprint(product.store);
  const names = Object.keys(calm).filter((name) => calm[name] !== storm[name]);
  if (names.length === 0) return [];
  return [
    ...names.map((name) => `${name}: ${calm[name] ?? ''} undisturbed, ${storm[name] ?? ''} disturbed`),
    ...(await differences(product.store, 'calm', product.name, names)),
  ];
}
