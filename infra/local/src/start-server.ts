import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { StartError } from './data-folder.ts';
import { isServerMessage } from './messages.ts';

export interface StartOptions {
  /** Data folder. */
  readonly dir: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly onProgress?: (text: string) => void;
  /** Each line that the server writes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A server that was started here. It ends with this process, however this process ends. */
export interface RunningServer {
  /** `host:port` for Kafka, a URL for ClickHouse. */
  readonly address: string;
  readonly port: number;
  /** The process started here, and all that belong to the server. */
  readonly pid: number;
  readonly pids: readonly number[];
  /** Resolves when it has ended, for whatever reason: a text such as "ended with status 1". */
  readonly ended: Promise<string>;
  /** Stops it in order, and kills it past the limit. */
  stop(limitMs?: number): Promise<void>;
}

/** Starts one of our server programs and waits until it says that it is ready. Throws `StartError`. */
export async function startServer(
  program: string,
  args: readonly string[],
  options: StartOptions,
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningServer> {
  const entry = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...environment, REEL_SUPERVISED: '1' },
    // A group of its own: Ctrl-C goes to whoever started us, who then stops the parts in order.
    detached: true,
  });
  const pid = child.pid;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new StartError(`cannot start ${entry}: ${error.message}`);
  }
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null)
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line);
        if (last.length > 20) last.shift();
        options.onLine?.(line);
      });
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (status, signal) => {
      resolve(signal === null ? `ended with status ${status ?? 0}` : `was ended by ${signal}`);
    });
  });
  const stop = async (limitMs = 20_000): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await ended;
    clearTimeout(timer);
  };
  const abort = (): void => void stop();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const ready = await new Promise<{ address: string; port: number; pids: readonly number[] }>(
      (resolve, reject) => {
        child.on('message', (message) => {
          if (!isServerMessage(message)) return;
          if (message.type === 'ready') resolve(message);
          else if (message.type === 'failed') reject(new StartError(message.text));
          else options.onProgress?.(message.text);
        });
        void ended.then((how) => {
          reject(
            new StartError(
              `${program} ${how} before it was ready${last.map((line) => `\n  ${line}`).join('')}`,
            ),
          );
        });
      },
    );
    return { ...ready, pid, pids: [pid, ...ready.pids.filter((other) => other !== pid)], ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}
