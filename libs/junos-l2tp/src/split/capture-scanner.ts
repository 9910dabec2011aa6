/**
 * Goes through a capture as a router printed it, in chunks of any size, and finds the commands in it and, in each reply, the places
 * between sessions. It judges nothing: what a line means is the parser's business; here a line is a place to cut, or not.
 */
import { isEchoedCommand } from '../envelope/command.ts';
import { isBanner, pagerLength, promptOf } from '../envelope/prompt.ts';
import { nothing, type BodyScanner, type CutSink, type Repeat } from './cut.ts';
import { JsonScanner } from './json-scanner.ts';
import { XmlScanner } from './xml-scanner.ts';

export interface CaptureSink extends CutSink {
  /** A prompt with a command typed behind it, at the offset where its line (or the banner above it) begins. */
  command(at: number, typed: string, host: string): void;
  /** A prompt at which nothing was typed: what follows it belongs to nothing before it. */
  prompt(at: number, host: string): void;
  /** An XML or JSON reply begins there, whether or not a prompt stands before it. */
  reply(at: number): void;
}

const lineFeed = 0x0a;
/** No line of a listing is as long: what is longer is no text, and is passed over. */
const lineBytesMost = 1 << 20;
/** As much of a line's beginning as is looked at. */
const lineHead = 4096;
const headBytesMost = 16_384;

export class CaptureScanner {
  readonly #sink: CaptureSink;
  #offset = 0;
  #carry: Buffer = Buffer.alloc(0);
  #body: BodyScanner | null = null;
  /** Lines from a tunnel's header to its first session. */
  #head: string[] = [];
  #headBytes = 0;
  #inHead = false;
  /** NETCONF 1.1 framing: sizes of chunks stand within the reply, so that no part of it can be read alone. */
  #isChunked = false;
  /** Where a banner stands right above the line that comes. */
  #bannerAt = -1;
  /** Lines of a tunnel's header right above the line that comes, where each field has a line of its own, and where they begin. */
  #fieldsAt = -1;
  #fields = '';
  /** What was typed last, and where its line ends. */
  #typed = { command: '', end: -1 };

  constructor(sink: CaptureSink) {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): void {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const data = this.#carry.length === 0 ? fresh : Buffer.concat([this.#carry, fresh]);
    this.#offset -= this.#carry.length;
    this.#carry = Buffer.alloc(0);
    let at = 0;
    while (at < data.length) {
      if (this.#body !== null) {
        const taken = this.#body.write(data, at, data.length, this.#offset + at);
        if (taken < data.length - at) this.#body = null;
        at += taken;
        continue;
      }
      const end = data.indexOf(lineFeed, at);
      if (end < 0 && data.length - at <= lineBytesMost && !beginsBody(data, at)) {
        this.#carry = Buffer.from(data.subarray(at));
        break;
      }
      const next = end < 0 ? data.length : end + 1;
      if (!this.#startBody(data, at)) {
        this.#line(data, at, next);
        at = next;
      }
    }
    this.#offset += data.length;
  }

  end(): void {
    const { length } = this.#carry;
    if (length > 0 && this.#body === null) {
      this.#offset -= length;
      this.#line(this.#carry, 0, length);
      this.#offset += length;
    }
    this.#carry = Buffer.alloc(0);
  }

  #startBody(data: Buffer, at: number): boolean {
    if (!beginsBody(data, at)) return false;
    this.#inHead = false;
    this.#head = [];
    if (!this.#isChunked) this.#sink.reply(this.#offset + at);
    const sink: CutSink = this.#isChunked ? { session: () => this.#sink.session(), cut: ignore } : this.#sink;
    this.#body = data[firstByte(data, at)] === 0x3c ? new XmlScanner(sink) : new JsonScanner(sink);
    return true;
  }

  #line(data: Buffer, start: number, end: number): void {
    const first = data[firstByte(data, start)] as number;
    const at = this.#offset + start;
    const fieldsAt = this.#fieldsAt;
    this.#fieldsAt = -1;
    // Nearly all lines of a listing are none of these.
    const byColumn = data[start] as number;
    const isSpecial =
      first === 0x53 ||
      first === 0x54 ||
      first === 0x49 ||
      first === 0x2d ||
      (first >= 0x30 && first <= 0x39);
    if (!isSpecial && byColumn <= 0x20 && !this.#inHead) return;
    const whole = data.toString('latin1', start, Math.min(end, start + lineHead));
    const text = whole.slice(pagerLength(whole)).trim();
    if (this.#isPrompt(whole.trimEnd(), at, this.#offset + end)) return;
    if (/^#\d{1,10}$/.test(text)) this.#chunk(at);
    if (!this.#inHead && byColumn > 0x20 && isHeaderField(text)) {
      this.#fields = fieldsAt < 0 ? whole : this.#fields + whole;
      this.#fieldsAt = fieldsAt < 0 ? at : fieldsAt;
    } else if (isTunnelHeader(text))
      this.#tunnel(fieldsAt < 0 ? at : fieldsAt, (fieldsAt < 0 ? '' : this.#fields) + whole);
    else if (isSession(text)) this.#session(at);
    else if (this.#inHead) this.#headLine(whole);
  }

  /** The first chunk of a reply; those that follow it stand within. */
  #chunk(at: number): void {
    this.#isChunked = true;
    this.#sink.reply(Math.max(0, at - 1));
  }

  #isPrompt(line: string, at: number, end: number): boolean {
    if (isBanner(line)) {
      this.#bannerAt = at;
      return true;
    }
    const bannerAt = this.#bannerAt;
    this.#bannerAt = -1;
    const prompt = promptOf(line) ?? (isEchoedCommand(line) ? { command: line, host: '' } : null);
    if (prompt === null) return false;
    this.#isChunked = false;
    this.#inHead = false;
    this.#head = [];
    const from = bannerAt < 0 ? at : bannerAt;
    const before = this.#typed;
    this.#typed = { command: prompt.command, end };
    // Typed ahead and echoed twice, as the parser has it.
    if (prompt.command !== '' && before.command === prompt.command && before.end === at) return true;
    if (prompt.command === '') this.#sink.prompt(from, prompt.host);
    else this.#sink.command(from, prompt.command, prompt.host);
    return true;
  }

  #tunnel(at: number, line: string): void {
    if (this.#head.length > 0) this.#sink.cut(at, at, () => nothing);
    this.#head = [line];
    this.#headBytes = line.length;
    this.#inHead = true;
  }

  #headLine(line: string): void {
    this.#head.push(line);
    this.#headBytes += line.length;
    if (this.#headBytes > headBytesMost) {
      this.#inHead = false;
      this.#head = [];
    }
  }

  #session(at: number): void {
    this.#sink.session();
    if (this.#inHead) this.#inHead = false;
    else if (this.#head.length > 0) this.#sink.cut(at, at, this.#repeat);
  }

  readonly #repeat = (): Repeat => ({
    prefix: Buffer.from(this.#head.join(''), 'latin1'),
    suffix: nothing.suffix,
  });
}

/** Index of the line's first byte that is no space, tab or no-break space. */
function firstByte(data: Buffer, start: number): number {
  let at = start;
  for (; at < data.length; at++) {
    const byte = data[at] as number;
    if (byte === 0xc2 && data[at + 1] === 0xa0) at++;
    else if (byte !== 0x20 && byte !== 0x09) break;
  }
  return at;
}

/** XML begins with `<` and JSON with `{` at the beginning of a line; `{master}` is a banner. */
function beginsBody(data: Buffer, at: number): boolean {
  const first = firstByte(data, at);
  const byte = data[first];
  if (byte === 0x3c) return true;
  if (byte !== 0x7b) return false;
  for (let i = first + 1; i < data.length; i++) {
    const next = data[i] as number;
    if (next === lineFeed || next === 0x22 || next === 0x7d) return true;
    if (next > 0x20) return false;
  }
  return false;
}

function isTunnelHeader(text: string): boolean {
  if (text.startsWith('Tunnel local ID:')) return true;
  return /^(?:Interface|Tunnel group):/.test(text) && text.includes('Tunnel local ID:');
}

/** A field of a tunnel's header on a line of its own, above the tunnel's id. */
function isHeaderField(text: string): boolean {
  return /^(?:Interface|Tunnel group):/.test(text) && !text.includes(',');
}

/** A session's first line, or its row in a table. */
function isSession(text: string): boolean {
  return text.startsWith('Session local ID:') || /^\d+[ \t]+\d/.test(text);
}

function ignore(): void {
  // A place where nothing can be cut.
}
