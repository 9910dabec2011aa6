/** What goes to a person and what goes to a program: the difference is whether the stream is a terminal. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** C0 and C1 controls but line feed and tab, DEL, and what reorders or hides text: a subscriber chooses his own name. */
// eslint-disable-next-line no-control-regex -- it is these very characters that must not reach a terminal
const hostile = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text that a terminal shows and does not obey: `\x1b`, `\u202e`. Line feeds and tabs stay. */
export function escapeForTerminal(text: string): string {
  return text.replace(hostile, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** As `escapeForTerminal`, and on one line: for values in tables and messages. */
export function escapeValue(text: string): string {
  return escapeForTerminal(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

export const isTerminal = (stream: object): boolean => 'isTTY' in stream && stream.isTTY === true;

/** Whether colours are wanted on a stream: a terminal, and NO_COLOR (https://no-color.org) unset. */
export function wantsColour(stream: object, environment: NodeJS.ProcessEnv = process.env): boolean {
  return isTerminal(stream) && (environment['NO_COLOR'] ?? '') === '';
}

/** Writes and waits while the reader is slower: a pipe holds nothing that is not taken. */
export async function writeAll(stream: Writable, data: string | Uint8Array): Promise<void> {
  if (!stream.write(data)) await once(stream, 'drain');
}

/** Where a command reads and writes: the process's streams, or a test's. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly now: () => number;
  /** Ends the command with a status other than 0 without a message of its own. */
  status: (status: 1) => void;
}

export const processIo: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  status: (status) => {
    process.exitCode = status;
  },
};
