/** A command line run in this process, with what it wrote. */
import { PassThrough, Readable } from 'node:stream';
import { main } from './main.ts';
import type { Io } from './terminal/terminal.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export interface RunOptions {
  readonly stdin?: Uint8Array | string;
  readonly now?: number;
  /** Pretends that both outputs are terminals. */
  readonly terminal?: boolean;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdout = collector(options.terminal);
  const stderr = collector(options.terminal);
  const io: Io = {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => options.now ?? Date.now(),
    status: () => undefined,
  };
  const status = await main(argv, io);
  const bytes = Buffer.concat(stdout.chunks);
  return { status, stdout: String(bytes), stderr: String(Buffer.concat(stderr.chunks)), stdoutBytes: bytes };
}

function collector(terminal = false): { stream: PassThrough; chunks: Buffer[] } {
  const chunks: Buffer[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY: terminal, columns: 80 });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, chunks };
}
