/**
 * The first thing that runs in a clone: `npm start`, `npm test` and the like. Plain JavaScript for the Node that
 * is there; installs what is missing, and goes on with the Node that package.json pins.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinned = join(root, 'node_modules', 'node', 'bin', 'node');
const stamp = join(root, 'node_modules', '.sessionreel-installed');

/** What each script of package.json runs, from the root, and whether it needs Kafka. */
const programs = {
  start: { args: ['apps/cli/src/reel.ts', 'up', '--demo'], kafka: true },
  test: { args: ['tools/test.mjs'], kafka: true },
  bench: { args: ['benchmarks/harness/main.ts'], kafka: false },
  fuzz: { args: ['libs/junos-l2tp/src/fuzz.ts'], kafka: false },
  chaos: { args: ['tests/chaos/src/main.ts'], kafka: true },
  law: { args: ['tests/law/src/main.ts'], kafka: false },
};

const [name = '', ...rest] = process.argv.slice(2);
const program = programs[name];
if (program === undefined) fail(`there is no "${name}"; there are ${Object.keys(programs).join(', ')}`);
if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`this is Node ${process.versions.node}, and Sessionreel wants 20 or later; see https://nodejs.org`);
if (program.kafka) checkJavaAndMaven();
await install();
run();

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function checkJavaAndMaven() {
  const hosts = process.env.REEL_KAFKA_BROKERS;
  if (name === 'start' && hosts !== undefined && hosts !== '') return;
  if (!succeeds('java', '-version'))
    fail(
      'Java is missing, which Kafka runs on: install it with "apt install openjdk-17-jre-headless" on Debian, ' +
        '"dnf install java-17-openjdk-headless" on Fedora or "brew install openjdk@17" on macOS.',
    );
  const cache =
    process.env.REEL_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sessionreel');
  // Maven brings Kafka's jars once; after that it is not needed any more.
  const version = /kafkaVersion = '([^']+)'/.exec(
    readFileSync(join(root, 'infra/local/src/versions.ts'), 'utf8'),
  )?.[1];
  if (existsSync(join(cache, `kafka-${version}`)) || succeeds('mvn', '-version')) return;
  fail(
    'Maven is missing, which brings Kafka: install it with "apt install maven" on Debian, ' +
      '"dnf install maven" on Fedora or "brew install maven" on macOS.',
  );
}

function lockHash() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform} ${process.arch}`).digest('hex');
}

/** Whether node_modules is what package-lock.json says; by our stamp, or by npm's own record of a hand-made install. */
function isInstalled() {
  if (!existsSync(pinned)) return false;
  const hash = lockHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return true;
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const missing = Object.entries(wanted).filter(
    ([path, entry]) =>
      path.includes('node_modules/') &&
      !entry.optional &&
      !entry.peer &&
      (installed[path] === undefined || installed[path].version !== entry.version),
  );
  if (missing.length > 0) return false;
  writeFileSync(stamp, hash);
  return true;
}

async function install() {
  if (isInstalled()) return;
  const release = await takeTurn();
  try {
    // Another one that was waited for may have done it.
    if (isInstalled()) return;
    process.stderr.write(
      'Installing the dependencies with npm ci; the first time this takes a few minutes.\n',
    );
    const npm = process.env.npm_execpath;
    // Errors only: npm warns of packages that want a newer Node than the one that runs it, and they run on the pinned one.
    const ci = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...ci]] : ['npm', ci];
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) fail('npm ci did not succeed; what it says is above.');
    if (!existsSync(pinned) || !succeeds(pinned, '-v'))
      fail(
        'npm ci has left out the pinned Node: are install scripts switched off (npm config get ignore-scripts)?',
      );
    writeFileSync(stamp, lockHash());
  } finally {
    release();
  }
}

/** One installation at a time in a clone; the system ends the turn when its holder ends, however it ends. */
async function takeTurn() {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 32);
  const path =
    process.platform === 'linux' ? `\0sessionreel-install-${hash}` : join(tmpdir(), `reel-install-${hash}`);
  for (let waited = 0; ; waited += 1) {
    const server = createServer((socket) => socket.destroy());
    const taken = await new Promise((resolve, reject) => {
      server.once('listening', () => resolve(false));
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(true) : reject(error)));
      server.listen(path);
    });
    if (!taken) return () => server.close();
    if (!path.startsWith('\0') && !(await answers(path))) rmSync(path, { force: true });
    if (waited % 20 === 0) process.stderr.write('Waiting for another npm ci in this folder to finish.\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function run() {
  // The channel tells the program when this process has ended, also after kill -9.
  const child = spawn(pinned, [...program.args, ...rest], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // Ctrl-C on a terminal reaches the program too, a signal to npm or to this process alone does not: it is passed
  // on, and this process waits while the program stops in its own order.
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  // npm passes signals on (to us: package.json's "exec" leaves no shell between); when it was killed, we stop as well.
  if (process.env.npm_lifecycle_event !== undefined) {
    const npm = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === npm) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, 500).unref();
  }
  child.on('error', (error) => fail(`cannot run ${pinned}: ${error.message}`));
  child.on('exit', (status, signal) =>
    process.exit(signal === null ? status : signal === 'SIGINT' ? 130 : 1),
  );
}
