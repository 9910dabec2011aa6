import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

export interface HealthOptions {
  readonly port: number;
  readonly host?: string;
  readonly metrics?: Metrics;
  /** Whether work can go on for good: a reason makes /live 503, so that an orchestrator restarts the process. */
  readonly live?: () => string | undefined;
  /** Why it is not ready, one reason each; none means ready. May throw: that is a reason too. */
  readonly ready?: () => readonly string[] | Promise<readonly string[]>;
}

export interface HealthServer {
  readonly port: number;
  readonly address: string;
  stop(): Promise<void>;
}

/** Serves /live, /ready (200, or 503 with reasons) and /metrics (Prometheus text). Port 0 picks a free one. */
export async function startHealth(options: HealthOptions): Promise<HealthServer> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer((request, response) => {
    void answer(options, request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${options.port} on ${host} is taken; choose another with --health-port`)
          : error,
      );
    });
    server.listen(options.port, host, resolve);
  });
  // A health server alone is no reason to stay alive.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `http://${host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(options: HealthOptions, url: string): Promise<Answer> {
  const path = url.split('?', 1)[0];
  if (path === '/live') return reasons([options.live?.()].filter((reason) => reason !== undefined));
  if (path === '/ready') {
    try {
      return reasons((await options.ready?.()) ?? []);
    } catch (error) {
      return reasons([error instanceof Error ? error.message : String(error)]);
    }
  }
  if (path === '/metrics' && options.metrics !== undefined)
    return { status: 200, type: options.metrics.registry.contentType, body: await options.metrics.text() };
  return { status: 404, type: 'text/plain', body: 'not found; there are /live, /ready and /metrics\n' };
}

function reasons(list: readonly string[]): Answer {
  return {
    status: list.length === 0 ? 200 : 503,
    type: 'application/json',
    body: `${JSON.stringify({ ok: list.length === 0, reasons: list })}\n`,
  };
}
