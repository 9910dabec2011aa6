import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Store } from './client.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that closes the connection on its first `deaf` requests, and answers the others. */
async function opened(deaf: number): Promise<{ store: Store; requests: () => number }> {
  let requests = 0;
  server = createServer((request, response) => {
    requests++;
    request.resume();
    if (requests <= deaf) request.socket.destroy();
    else response.end('{"n":1}\n');
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const store = new Store({ url: `http://127.0.0.1:${port}`, database: 'd', user: 'u', password: '' });
  return { store, requests: () => requests };
}

test.each([
  [1, 2],
  [5, 2],
])('a question that is not heard %i times is asked %i times', async (deaf, asked) => {
  const { store, requests } = await opened(deaf);
  const answer = store.rows('SELECT 1 AS n');
  if (deaf < asked) expect(await answer).toEqual([{ n: 1 }]);
  else await expect(answer).rejects.toMatchObject({ code: 'unreachable' });
  expect(requests()).toBe(asked);
  await store.close();
});
