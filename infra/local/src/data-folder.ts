import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from '@sessionreel/ops';
import type { Lock } from '@sessionreel/ops';

/** A start that cannot succeed as things are; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Below this much free space neither server can start and stay up, bytes. */
const leastFree = 256 * 2 ** 20;

/**
 * Claims a server's data folder: makes it, locks it against a second server, and checks that it was written
 * by this version and that the disk has room. Throws `StartError`.
 */
export async function claimFolder(folder: string, product: string, version: string): Promise<Lock> {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new StartError(`cannot make the data folder ${folder}: ${String(error)}`);
  }
  const lock = await lockFolder(folder, product);
  if (lock === undefined)
    throw new StartError(
      `another ${product} is running on ${folder}; stop it, or use another folder (--data)`,
    );
  const disk = statfsSync(folder);
  const free = disk.bavail * disk.bsize;
  if (free < leastFree)
    throw new StartError(
      `the disk of ${folder} has ${Math.round(free / 2 ** 20)} MiB left, and ${product} wants at least ` +
        `${leastFree / 2 ** 20} MiB; make room, or use a folder on another disk (--data)`,
    );
  checkVersion(folder, product, version);
  return lock;
}

function checkVersion(folder: string, product: string, version: string): void {
  const path = join(folder, 'WRITTEN-BY');
  const ours = `${product} ${version}\n`;
  let found: string;
  try {
    found = readFileSync(path, 'utf8');
  } catch {
    writeFileSync(path, ours);
    return;
  }
  if (found === ours) return;
  throw new StartError(
    `${folder} was written by ${found.trim()}, and this is ${ours.trim()}; ` +
      'use the version that wrote it, or move the folder away to begin anew',
  );
}
