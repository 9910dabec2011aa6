/**
 * Kafka's answers read straight into memory of their own. kafkajs takes what the socket gives, piece by piece, and puts the pieces of an
 * answer together when the last has come: of each capture there were two copies in memory before anyone had looked at it, 64 kB at
 * a time, all of them garbage at once. An answer says in its first four bytes how long it is: here the system's read goes into
 * a buffer of that size, and kafkajs is given whole answers.
 */
import { takeMemory } from './frame-memory.ts';
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** What is read while it is not known how long the answer is; answers that fit into it are copied out. */
const scratchBytes = 2 ** 16;
const sizeBytes = 4;
/** More than this is no answer of Kafka's: a web server's `HTTP` would be 1.2 GB. */
const frameBytesMost = 2 ** 29;
const keepAliveMs = 60_000;

/** The peer does not speak Kafka's protocol. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Puts answers together. `next` is where bytes are to be read to, `take` says how many have come there. */
export class Frames {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  /** Of the scratch buffer, bytes that are part of an answer whose length is not known yet. */
  #held = 0;
  #frame: Buffer | undefined;
  #at = 0;

  /** @param onFrame is given each answer with its length before it, in memory that nothing else uses */
  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  next(): Buffer {
    return this.#frame === undefined ? this.#scratch.subarray(this.#held) : this.#frame.subarray(this.#at);
  }

  /** @throws FrameError */
  take(bytes: number): void {
    if (this.#frame === undefined) {
      this.#split(this.#held + bytes);
      return;
    }
    this.#at += bytes;
    if (this.#at < this.#frame.length) return;
    const whole = this.#frame;
    this.#frame = undefined;
    this.#onFrame(whole);
  }

  /** So many bytes stand in the scratch buffer, from the beginning of an answer on. */
  #split(end: number): void {
    const scratch = this.#scratch;
    const whole: Buffer[] = [];
    let start = 0;
    this.#held = 0;
    while (end - start >= sizeBytes) {
      const size = scratch.readInt32BE(start);
      if (size < 0 || size > frameBytesMost)
        throw new FrameError(`the answer claims ${size} bytes: is it Kafka that listens there, without TLS?`);
      const length = sizeBytes + size;
      const frame = length > scratchBytes ? takeMemory(length) : Buffer.allocUnsafe(length);
      const here = Math.min(length, end - start);
      scratch.copy(frame, 0, start, start + here);
      start += here;
      if (here === length) whole.push(frame);
      else {
        this.#frame = frame;
        this.#at = here;
      }
    }
    if (this.#frame === undefined && start < end) {
      scratch.copyWithin(0, start, end);
      this.#held = end - start;
    }
    for (const frame of whole) this.#onFrame(frame);
  }
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** kafkajs gives null for none, whatever its types say. */
  readonly ssl: ConnectionOptions | null | undefined;
  readonly onConnect: () => void;
}

/** kafkajs's `socketFactory`. Connections with TLS are read as kafkajs does. */
export function framedSocket({ host, port, ssl, onConnect }: Endpoint): Socket {
  const socket =
    (ssl ?? null) === null ? plain(host, port, onConnect) : tls(host, port, ssl ?? {}, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  // Requests are written whole: to wait for more would only hold the last piece of one back until the one before is acknowledged.
  socket.setNoDelay(true);
  return socket;
}

function tls(host: string, port: number, ssl: ConnectionOptions, onConnect: () => void): Socket {
  return connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect);
}

function plain(host: string, port: number, onConnect: () => void): Socket {
  const frames = new Frames((frame) => socket.emit('data', frame));
  const onread: OnReadOpts = {
    // Node asks anew after each read.
    buffer: () => frames.next(),
    callback: (bytes) => {
      try {
        frames.take(bytes);
      } catch (error) {
        socket.destroy(error as Error);
      }
      return true;
    },
  };
  const socket: Socket = connect({ host, port, onread }, onConnect);
  return socket;
}
