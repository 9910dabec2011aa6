import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the machine-wide lock on a folder for one purpose, or gives undefined when another process has it.
 * The system lets go of it when its holder ends, also by kill -9: it is a listening socket, in the abstract
 * name space on Linux and under the temporary folder elsewhere. The folder must exist.
 */
export async function lockFolder(folder: string, purpose: string): Promise<Lock | undefined> {
  const name = createHash('sha256')
    .update(`${purpose}\0${realpathSync(folder)}`)
    .digest('hex')
    .slice(0, 32);
  const path = process.platform === 'linux' ? `\0sessionreel-${name}` : join(tmpdir(), `reel-${name}.sock`);
  const server = (await listen(path)) ?? (await listenAfterDead(path));
  if (server === undefined) return undefined;
  server.unref();
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      resolve(server);
    });
  });
}

/** A socket file outlives its process, an abstract name does not. */
async function listenAfterDead(path: string): Promise<Server | undefined> {
  if (path.startsWith('\0')) return undefined;
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
  if (alive) return undefined;
  rmSync(path, { force: true });
  return listen(path);
}
