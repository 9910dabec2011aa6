/** Divides a capture file into the commands that it holds, and each reply into parts that fit a Kafka message and parse alone. */
import { parseCommand } from '../envelope/command.ts';
import { CaptureScanner, type CaptureSink } from './capture-scanner.ts';
import { nothing, type Repeat } from './cut.ts';

/** A part: `prefix`, the bytes `[start, end)` of the file, `suffix`. */
export interface PlannedPart {
  readonly start: number;
  readonly end: number;
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
}

/** One command of a capture file and its reply. */
export interface PlannedCapture {
  readonly start: number;
  readonly end: number;
  /** As typed behind the prompt; '' where no prompt was seen. */
  readonly command: string;
  /** From the prompt; '' where none was seen. */
  readonly host: string;
  /** True when another prompt follows: its end was seen, although the prompt itself belongs to the next command. */
  readonly followed: boolean;
  /** At least one; together they hold every session of the reply, in order. */
  readonly parts: readonly PlannedPart[];
}

export function sizeOfPart(part: PlannedPart): number {
  return part.prefix.length + (part.end - part.start) + part.suffix.length;
}

interface Open {
  start: number;
  command: string;
  host: string;
  sessions: number;
  parts: PlannedPart[];
  partStart: number;
  prefix: Uint8Array;
}

/** Feed it the file, then `finish`. Memory grows with the number of parts only. */
export class Planner {
  readonly #partBytes: number;
  readonly #scanner: CaptureScanner;
  readonly #captures: PlannedCapture[] = [];
  #open: Open = opened(0, '', '');
  #size = 0;
  /** The prompt that ended the capture at hand, where nothing was typed. */
  #ended: { at: number; host: string } | null = null;
  /** Commands of other kinds that were left out. */
  skipped = 0;

  /** @param partBytes a part ends at the first session that begins behind as many bytes */
  constructor(partBytes: number) {
    this.#partBytes = partBytes;
    const sink: CaptureSink = {
      command: (at, typed, host) => this.#command(at, typed, host),
      prompt: (at, host) => {
        this.#ended ??= { at, host };
      },
      reply: (at) => this.#reply(at),
      session: () => {
        this.#goOn();
        this.#open.sessions++;
      },
      cut: (end, start, repeat) => this.#cut(end, start, repeat),
    };
    this.#scanner = new CaptureScanner(sink);
  }

  write(chunk: Uint8Array): void {
    this.#scanner.write(chunk);
    this.#size += chunk.length;
  }

  /**
   * The captures of `show services l2tp session` in the file, in order. When there is none, the whole file as one: what it is, the
   * parser says better.
   */
  finish(): PlannedCapture[] {
    this.#scanner.end();
    this.#close(this.#size, false);
    if (this.#captures.length === 0 && this.#size > 0) {
      this.skipped = 0;
      this.#open = opened(0, '', '');
      this.#open.sessions = 1;
      this.#close(this.#size, false);
    }
    return this.#captures;
  }

  /** A listing behind a prompt at which nothing was typed is another one: the parser reads it so. */
  #goOn(): void {
    const ended = this.#ended;
    this.#ended = null;
    if (ended === null || (this.#open.command === '' && this.#open.sessions === 0)) return;
    this.#close(ended.at, true);
    this.#open = opened(ended.at, '', ended.host);
  }

  #command(at: number, typed: string, host: string): void {
    this.#ended = null;
    const before = this.#open;
    if (before.command === '' && before.sessions === 0) {
      // What stands above the first prompt goes with it.
      this.#open = opened(before.start, typed, host);
      return;
    }
    this.#close(at, true);
    this.#open = opened(at, typed, host);
  }

  /** Behind a listing, and without a prompt between: the next one of a file that was put together of replies. */
  #reply(at: number): void {
    this.#goOn();
    if (this.#open.sessions === 0) return;
    const { host } = this.#open;
    this.#close(at, false);
    this.#open = opened(at, '', host);
  }

  #close(end: number, followed: boolean): void {
    const { start, command, host, sessions, parts, partStart, prefix } = this.#open;
    if (end <= start) return;
    const wanted = command === '' ? sessions > 0 : parseCommand(command).isL2tpSession;
    if (!wanted) {
      if (command !== '') this.skipped++;
      return;
    }
    const last: PlannedPart = { start: partStart, end, prefix, suffix: nothing.suffix };
    this.#captures.push({ start, end, command, host, followed, parts: [...parts, last] });
  }

  #cut(end: number, start: number, repeat: () => Repeat): void {
    const open = this.#open;
    if (end - open.partStart + open.prefix.length < this.#partBytes) return;
    const { prefix, suffix } = repeat();
    open.parts.push({ start: open.partStart, end, prefix: open.prefix, suffix });
    open.partStart = start;
    open.prefix = prefix;
  }
}

function opened(start: number, command: string, host: string): Open {
  return { start, command, host, sessions: 0, parts: [], partStart: start, prefix: nothing.prefix };
}
