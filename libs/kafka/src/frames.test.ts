import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { FrameError, Frames, framedSocket } from './frames.ts';

function answer(length: number, fill: number): Buffer {
  const frame = Buffer.alloc(4 + length, fill);
  frame.writeInt32BE(length);
  return frame;
}

/** Gives the bytes as a socket would, so many at a time. */
function feed(frames: Frames, bytes: Buffer, atOnce: () => number): void {
  for (let at = 0; at < bytes.length;) {
    const into = frames.next();
    const n = Math.min(into.length, bytes.length - at, atOnce());
    bytes.copy(into, 0, at, at + n);
    frames.take(n);
    at += n;
  }
}

describe('answers come whole and in order, each in memory of its own', () => {
  const sizes = [0, 1, 7, 100, 65_531, 65_532, 65_533, 70_000, 0, 3, 1_000_000, 12, 65_536, 5];
  const sent = sizes.map((size, i) => answer(size, i + 1));
  let seed = 1;
  const random = (): number => 1 + ((seed = (seed * 48_271) % 2_147_483_647) % 40_000);
  test.each([
    ['all at once', () => 2 ** 30],
    ['byte by byte', () => 1],
    ['three at a time', () => 3],
    ['in pieces of any size', random],
  ])('%s', (_, atOnce) => {
    const got: Buffer[] = [];
    feed(new Frames((frame) => got.push(frame)), Buffer.concat(sent), atOnce);
    expect(got.map((frame) => frame.length)).toEqual(sent.map((frame) => frame.length));
    expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
  });
});

test('what is no answer of Kafka is refused before there is memory for it', () => {
  for (const text of ['HTTP/1.1 400 Bad Request\r\n', '\xff\xff\xff\xff']) {
    const frames = new Frames(() => expect.fail('nothing of it is an answer'));
    expect(() => feed(frames, Buffer.from(text, 'latin1'), () => 100)).toThrow(FrameError);
  }
});

describe('a socket', () => {
  const open: { destroy(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.destroy()));

  async function connected(send: (socket: Socket) => void): Promise<Socket> {
    const server = createServer(send);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // kafkajs gives null where there is no TLS.
    const socket = framedSocket({ host: '127.0.0.1', port, ssl: null, onConnect: () => undefined });
    open.push(socket, { destroy: () => server.close() });
    return socket;
  }

  test('gives whole answers, then its end', async () => {
    const sent = [answer(3, 1), answer(3_000_000, 2), answer(9, 3)];
    const socket = await connected((peer) => peer.end(Buffer.concat(sent)));
    const got: Buffer[] = [];
    socket.on('data', (frame: Buffer) => got.push(frame));
    await new Promise((resolve) => socket.once('end', resolve));
    expect(got.length).toBe(3);
    expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
  });

  test('ends with an error when a web server answers', async () => {
    const socket = await connected((peer) => peer.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error).toBeInstanceOf(FrameError);
    expect(error.message).toContain('is it Kafka that listens there');
  });

  test('with TLS is opened with TLS', async () => {
    const server = createTlsServer({});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ssl = { rejectUnauthorized: false };
    const socket = framedSocket({ host: '127.0.0.1', port, ssl, onConnect: () => undefined });
    open.push(socket, { destroy: () => server.close() });
    // A server without a certificate ends the handshake, not the connection: it was asked for one.
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
    expect(error.code).toMatch(/SSL|ECONNRESET/);
  });
});
