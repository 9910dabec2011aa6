import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockFolder, waitFor } from '@sessionreel/ops';
import { StartError } from './data-folder.ts';
import { kafkaVersion } from './versions.ts';

/** About how many jars Kafka needs; only for the progress that is shown. */
const jarsAbout = 46;

/** Where downloads stay between runs and clones: `REEL_CACHE`, or the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment['REEL_CACHE'] ??
    join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sessionreel')
  );
}

/**
 * The folder with Kafka's jars; brings them by Maven when they are not there. The folder appears whole or
 * not at all, and of several that start at once one downloads and the others wait. Throws `StartError`.
 */
export async function kafkaJars(cache: string, progress: (text: string) => void): Promise<string> {
  const folder = join(cache, `kafka-${kafkaVersion}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const lock = await waitFor('another download of Kafka', () => lockFolder(cache, 'kafka-jars'), {
    limitMs: 600_000,
    everyMs: 500,
    onWait: () => {
      progress('waiting for another process that is downloading Kafka');
    },
  });
  try {
    // The one that was waited for may have brought them.
    if (!existsSync(folder)) await download(folder, progress);
    return folder;
  } finally {
    await lock.release();
  }
}

async function download(folder: string, progress: (text: string) => void): Promise<void> {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  progress(`downloading Apache Kafka ${kafkaVersion} by Maven, about 44 MB, once for all clones`);
  const pom = fileURLToPath(new URL('../pom.xml', import.meta.url));
  const args = [
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${partial}`,
  ];
  const maven = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const problems: string[] = [];
  let jars = 0;
  for (const stream of [maven.stdout, maven.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.includes('ERROR')) problems.push(line);
      if (!/Downloaded from .*\.jar/.test(line)) return;
      jars += 1;
      if (jars % 5 === 0)
        progress(
          `downloading Apache Kafka ${kafkaVersion}: ${jars} jars of about ${jarsAbout}, and Maven's own`,
        );
    });
  let status: unknown;
  try {
    [status] = (await once(maven, 'close')) as [unknown];
  } catch {
    throw new StartError(`Maven is missing, which brings Kafka's jars; ${remedy('maven')}`);
  }
  if (
    status !== 0 ||
    !existsSync(partial) ||
    !readdirSync(partial).includes(`kafka_2.13-${kafkaVersion}.jar`)
  ) {
    const said = problems.slice(0, 3).join('\n');
    throw new StartError(
      `Maven could not bring Apache Kafka ${kafkaVersion} (is the network there?)\n${said}`,
    );
  }
  renameSync(partial, folder);
}

/** How to install what Kafka needs, by system. */
export function remedy(what: 'java' | 'maven'): string {
  return what === 'java'
    ? 'install it with "apt install openjdk-17-jre-headless" on Debian, "dnf install java-17-openjdk-headless" on Fedora or "brew install openjdk@17" on macOS'
    : 'install it with "apt install maven" on Debian, "dnf install maven" on Fedora or "brew install maven" on macOS';
}
