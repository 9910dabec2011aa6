/** Stands between the loader and ClickHouse, and can be slow, refuse, answer by half, or cut a connection when an insert is done. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type ProxyMode =
  | { readonly kind: 'open' }
  /** Each piece waits so long, either way (ms). */
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'refuse' };

/** What happens to an insert, once: its connection ends with half of the request through, or before, or in the middle of, its answer. */
export type Cut = 'request' | 'answer' | 'half_answer';

export class Proxy {
  mode: ProxyMode = { kind: 'open' };
  /** Inserts that are still to be cut. */
  readonly cuts: Cut[] = [];
  /** How many have been. */
  cut = 0;
  readonly #target: () => { host: string; port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #inserting: (() => void)[] = [];

  constructor(target: () => { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer((client) => {
      this.#take(client);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Ends all connections and lets no new one in. */
  refuse(): void {
    this.mode = { kind: 'refuse' };
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves when the next insert into the inbox goes through. */
  nextInsert(): Promise<void> {
    return new Promise((resolve) => {
      this.#inserting.push(resolve);
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #take(client: Socket): void {
    if (this.mode.kind === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target());
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    void new Connection(client, server, this).run();
  }

  /** For connections: an insert has begun; gives what is to happen to it. */
  inserts(): Cut | undefined {
    for (const told of this.#inserting.splice(0)) told();
    const cut = this.cuts.shift();
    if (cut !== undefined) this.cut++;
    return cut;
  }
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #proxy: Proxy;
  #cut: Cut | undefined;

  constructor(client: Socket, server: Socket, proxy: Proxy) {
    this.#client = client;
    this.#server = server;
    this.#proxy = proxy;
  }

  async run(): Promise<void> {
    await Promise.allSettled([this.#upstream(), this.#downstream()]);
    this.#end();
  }

  async #upstream(): Promise<void> {
    for await (const chunk of this.#client as AsyncIterable<Buffer>) {
      await this.#slowly();
      // The statement of an insert with a body stands in the address of its request.
      const line = chunk.subarray(0, 4_096).toString('latin1');
      if (/^POST [^\r]*INSERT(\+|%20)INTO(\+|%20)inbox/.test(line)) this.#cut = this.#proxy.inserts();
      if (this.#cut === 'request') {
        this.#server.write(chunk.subarray(0, chunk.length / 2));
        await delay(20);
        this.#end();
        return;
      }
      this.#server.write(chunk);
    }
  }

  async #downstream(): Promise<void> {
    for await (const chunk of this.#server as AsyncIterable<Buffer>) {
      await this.#slowly();
      if (this.#cut !== undefined) {
        if (this.#cut === 'half_answer') this.#client.write(chunk.subarray(0, chunk.length / 2));
        await delay(5);
        this.#end();
        return;
      }
      this.#client.write(chunk);
    }
  }

  async #slowly(): Promise<void> {
    const { mode } = this.#proxy;
    if (mode.kind === 'slow') await delay(mode.ms);
  }

  #end(): void {
    this.#client.destroy();
    this.#server.destroy();
  }
}
