import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { StartError } from './data-folder.ts';

/** Throws `StartError` when nobody could listen on the port; `flag` is how to choose another. */
export async function claimPort(port: number, what: string, flag: string): Promise<number> {
  try {
    return await listenOnce(port);
  } catch (error) {
    throw new StartError(
      `port ${port} for ${what} is ${(error as NodeJS.ErrnoException).code === 'EACCES' ? 'not allowed' : 'taken'}; ` +
        `stop what listens there, or choose another with ${flag}`,
    );
  }
}

/** A port that was free a moment ago; `port` itself when it is not 0. */
function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => {
        resolve(found);
      });
    });
  });
}
