import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '@sessionreel/ops';
import { StartError } from './data-folder.ts';
import { remedy } from './kafka-jars.ts';

/** Throws `StartError` unless there is a Java of at least 17. */
export function checkJava(): void {
  const asked = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (asked.error !== undefined || asked.status !== 0)
    throw new StartError(`Java is missing, which Kafka runs on; ${remedy('java')}`);
  const version = Number(/version "(?:1\.)?(\d+)/.exec(asked.stderr + asked.stdout)?.[1] ?? 0);
  if (version < 17)
    throw new StartError(`Java ${version} is too old for Kafka, which wants 17 or later; ${remedy('java')}`);
}

/** Formats the log folder once, with a cluster id of its own. Throws `StartError`. */
export function formatStorage(jars: string, properties: string, logFolder: string): void {
  if (existsSync(join(logFolder, 'meta.properties'))) return;
  // A format that was cut short leaves pieces without meta.properties.
  rmSync(logFolder, { recursive: true, force: true });
  const id = randomBytes(16).toString('base64url');
  try {
    execFileSync(
      'java',
      [
        '-XX:TieredStopAtLevel=1',
        '-cp',
        join(jars, '*'),
        'kafka.tools.StorageTool',
        'format',
        // One argument: an id may begin with a dash.
        `--cluster-id=${id}`,
        '-c',
        properties,
      ],
      { stdio: 'pipe', encoding: 'utf8' },
    );
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new StartError(`Kafka could not format ${logFolder}: ${said.trim()}`);
  }
}

/** Starts the broker. On Linux the system itself ends it with this process, even after kill -9. */
export function spawnBroker(
  jars: string,
  properties: string,
  log4j: string,
  jvm: readonly string[],
): ChildProcess {
  const java = [
    'java',
    ...jvm,
    '-Xms128m',
    '-XX:+UseG1GC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${log4j}`,
    '-cp',
    join(jars, '*'),
    'kafka.Kafka',
    properties,
  ];
  const dying = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  const [command = '', ...args] = dying ? ['setpriv', '--pdeathsig', 'KILL', ...java] : java;
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Ends a broker that a killed process of ours left on this folder; only one whose command line names it. */
export async function endOrphan(pidFile: string, properties: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const isOurs = (): boolean =>
    Number.isInteger(pid) &&
    pid > 1 &&
    spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes(properties);
  if (isOurs()) process.kill(pid, 'SIGTERM');
  for (let tenths = 0; isOurs(); tenths += 1) {
    if (tenths === 100) process.kill(pid, 'SIGKILL');
    await pause(100);
  }
  rmSync(pidFile, { force: true });
}

export function notePid(pidFile: string, pid: number): void {
  writeFileSync(pidFile, String(pid));
}
