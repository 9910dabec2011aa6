/**
 * Client of a Confluent schema registry: registers today's schema under a subject, and tells of an id which schema it stands for.
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import { fingerprint } from './canonical.ts';
import { sessionDeltaSchema } from './schema.ts';
import type { Schema } from './tree.ts';

export class SchemaRegistryError extends Error {
  override name = 'SchemaRegistryError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.retriable = status === 0 || status === 429 || status >= 500;
  }
}

export interface SchemaRegistryOptions {
  /** As REEL_SCHEMA_REGISTRY_URL gives it; may carry `user:password@`. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

const mediaType = 'application/vnd.schemaregistry.v1+json';

export class SchemaRegistry {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #prints = new Map<number, string>();

  constructor(options: SchemaRegistryOptions) {
    const url = new URL(options.url);
    this.#headers = { accept: mediaType, 'content-type': mediaType };
    if (url.username !== '') {
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      this.#headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
      url.username = '';
      url.password = '';
    }
    this.#base = url.href.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? fetch;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  /**
   * Registers a schema under `<topic>-value` (again: the registry gives the same id).
   * @returns the id that Confluent framing carries
   * @throws SchemaRegistryError, also when the registry finds the schema incompatible with earlier ones (409)
   */
  async register(topic: string, schema: Schema = sessionDeltaSchema): Promise<number> {
    const subject = encodeURIComponent(`${topic}-value`);
    const answer = await this.#ask('POST', `/subjects/${subject}/versions`, {
      schema: JSON.stringify(schema),
    });
    const id = (answer as { id?: unknown }).id;
    if (typeof id !== 'number')
      throw new SchemaRegistryError('the schema registry answered without an id', 200);
    this.#prints.set(id, fingerprint(schema));
    return id;
  }

  /** Fingerprint of the schema with this id, asked for once. */
  async fingerprintOf(id: number): Promise<string> {
    const known = this.#prints.get(id);
    if (known !== undefined) return known;
    const answer = await this.#ask('GET', `/schemas/ids/${id}`);
    const { schema } = answer as { schema?: unknown };
    if (typeof schema !== 'string') {
      throw new SchemaRegistryError(`the schema registry gave no schema for id ${id}`, 200);
    }
    const print = fingerprint(JSON.parse(schema) as Schema);
    this.#prints.set(id, print);
    return print;
  }

  /** Fingerprint of an id that was registered or asked for already. */
  knownFingerprint(id: number): string | undefined {
    return this.#prints.get(id);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new SchemaRegistryError(`the schema registry at ${this.#base} does not answer`, 0, {
        cause: error,
      });
    }
    const text = await response.text();
    if (!response.ok) {
      throw new SchemaRegistryError(
        `the schema registry refused ${method} ${path}: ${response.status} ${text.slice(0, 300)}`,
        response.status,
      );
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new SchemaRegistryError(
        `the schema registry answered ${method} ${path} with no JSON`,
        response.status,
      );
    }
  }
}
