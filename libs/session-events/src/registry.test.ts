/**
 * The registry here is a small server of our own that speaks the documented protocol (subjects, versions, ids, error codes): no real
 * Confluent registry takes part.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEvent, currentFingerprint } from './framing.ts';
import { decodeEvent } from './history.ts';
import { SchemaRegistry, SchemaRegistryError } from './registry.ts';
import { sessionDeltaSchema } from './schema.ts';
import { deltas } from './delta.fixture.ts';
import { createEventWriter, takeWritten } from './writer.ts';
import fc from 'fast-check';

const mediaType = 'application/vnd.schemaregistry.v1+json';

/** What the protocol says of subjects and ids, with one schema refused as incompatible. */
class SmallRegistry {
  readonly schemas: string[] = [];
  readonly subjects = new Map<string, number[]>();
  readonly authorizations: (string | undefined)[] = [];
  #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void textOf(request).then((body) => {
        this.authorizations.push(request.headers.authorization);
        const [status, answer] = this.#answer(request, body);
        response.writeHead(status, { 'content-type': mediaType });
        response.end(JSON.stringify(answer));
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, body: string): [number, object] {
    const path = request.url ?? '';
    const version = /^\/subjects\/([^/]+)\/versions$/.exec(path);
    if (request.method === 'POST' && version !== null) {
      if (request.headers['content-type'] !== mediaType)
        return [415, { error_code: 415, message: 'media type' }];
      const { schema } = JSON.parse(body) as { schema: string };
      if (schema.includes('incompatible'))
        return [409, { error_code: 409, message: 'Schema being registered is incompatible' }];
      let id = this.schemas.indexOf(schema) + 1;
      if (id === 0) id = this.schemas.push(schema);
      const subject = decodeURIComponent(version[1] ?? '');
      this.subjects.set(subject, [...new Set([...(this.subjects.get(subject) ?? []), id])]);
      return [200, { id }];
    }
    const byId = /^\/schemas\/ids\/(\d+)$/.exec(path);
    const schema = this.schemas[Number(byId?.[1]) - 1];
    if (request.method === 'GET' && schema !== undefined) return [200, { schema }];
    return [404, { error_code: 40403, message: 'Schema not found' }];
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('the schema registry client', () => {
  let server: SmallRegistry;
  let host: string;
  beforeEach(async () => {
    server = new SmallRegistry();
    host = await server.start();
  });
  afterEach(() => server.stop());

  it('registers the schema under the topic and gets the same id again', async () => {
    const registry = new SchemaRegistry({ url: `http://${host}/` });
    const id = await registry.register('l2tp.events');
    expect(id).toBe(1);
    expect(await new SchemaRegistry({ url: `http://${host}` }).register('l2tp.events')).toBe(1);
    expect([...server.subjects]).toEqual([['l2tp.events-value', [1]]]);
    expect(JSON.parse(server.schemas[0] ?? '')).toEqual(sessionDeltaSchema);
  });

  it('carries an event from a writer to a reader that only knows the id', async () => {
    const [delta] = fc.sample(deltas, { seed: 3, numRuns: 1 });
    if (delta === undefined) throw new Error('no sample');
    const schemaId = await new SchemaRegistry({ url: `http://${host}` }).register('l2tp.events');
    const w = createEventWriter();
    encodeEvent(delta, w, { schemaId });
    const value = takeWritten(w);
    const reader = new SchemaRegistry({ url: `http://${host}` });
    expect(await reader.fingerprintOf(schemaId)).toBe(currentFingerprint);
    expect(decodeEvent(value, (id) => reader.knownFingerprint(id))).toEqual(delta);
  });

  it('sends the user and password of the URL, and keeps them out of errors', async () => {
    const registry = new SchemaRegistry({ url: `http://reel:p%40ss@${host}` });
    const failure = await registry.fingerprintOf(99).catch((error: unknown) => error as Error);
    expect(server.authorizations).toEqual([`Basic ${Buffer.from('reel:p@ss').toString('base64')}`]);
    expect(String(failure)).toContain('404');
    expect(String(failure)).not.toContain('ss@');
  });

  it('says why the registry refused, and that trying again is no use', async () => {
    const registry = new SchemaRegistry({ url: `http://${host}` });
    const failure = await registry
      .register('t', { type: 'enum', name: 'incompatible', symbols: ['a'] })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SchemaRegistryError);
    expect(failure).toMatchObject({ status: 409, retriable: false });
    expect(String(failure)).toContain('is incompatible');
  });

  it('says that a registry that is not there may come back', async () => {
    await server.stop();
    const failure = await new SchemaRegistry({ url: `http://${host}` })
      .register('t')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 0, retriable: true });
  });
});
