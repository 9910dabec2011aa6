/** Learns the frame around the sessions of a listing: what is the same between all of them, and where it is not. */
import type { Format } from '@sessionreel/session-model';
import { literalOf, stringifyDocument, type ChunkSizes, type IrregularGap } from '../layout/layout.ts';

export class FrameRecorder {
  #format: Format;
  readonly #limit: number;
  /** Bytes since the last body, and where in them the tunnel's header begins. */
  #pending = new Uint8Array(256);
  #length = 0;
  #mark = -1;
  #head: Uint8Array | null = null;
  #tunnelGap: Uint8Array | null = null;
  #sessionGap: Uint8Array | null = null;
  #gaps: IrregularGap[] = [];
  #irregularBytes = 0;
  #lost = false;
  /** How the transport framed all of it, when it did. */
  chunks: ChunkSizes | null = null;

  /** `limit`: bytes of irregular gaps, and of what stands between two bodies; past it the frame is lost, not the sessions. */
  constructor(format: Format, limit: number) {
    this.#format = format;
    this.#limit = limit;
  }

  /** True when the limit was passed: the snapshot can be printed by its layouts, no longer byte for byte. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Bytes were thrown away that nobody can print again. */
  abandon(): void {
    this.#lost = true;
  }

  /** The listing within turned out to be text, whatever its frame is. */
  becomeText(): void {
    this.#format = 'text';
  }

  /** Bytes held since the last body. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the reply that stand outside sessions, in order. */
  hold(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#pending.length) {
      if (needed > this.#limit) {
        this.#lost = true;
        return;
      }
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    for (let i = start, j = this.#length; i < end; i++, j++) this.#pending[j] = bytes[i] as number;
    this.#length = needed;
  }

  /** The tunnel's header, as the layout's `tunnel` prints it, begins with the next byte held and goes on to the body. */
  markHeader(): void {
    this.#mark = this.#length;
  }

  /** Takes back `markHeader`: what was held is no header of the session's layout. */
  unmarkHeader(): void {
    this.#mark = -1;
  }

  /**
   * A body follows. `changed`: its tunnel is another than the session's before it, so that printing gives a header.
   */
  body(index: number, tunnel: number, session: number, changed: boolean): void {
    const header = this.#mark >= 0;
    const before = header ? this.#mark : this.#length;
    if (this.#head === null) {
      this.#head = this.#pending.slice(0, header ? before : 0);
      if (!header && this.#length > 0) this.#irregular(index, tunnel, session);
    } else if (header !== changed) this.#irregular(index, tunnel, session);
    else if (header) {
      this.#tunnelGap ??= this.#pending.slice(0, before);
      if (!this.#isPending(this.#tunnelGap, before)) this.#irregular(index, tunnel, session);
    } else {
      this.#sessionGap ??= this.#pending.slice(0, before);
      if (!this.#isPending(this.#sessionGap, before)) this.#irregular(index, tunnel, session);
    }
    this.#length = 0;
    this.#mark = -1;
  }

  /** The frame as JSON, '' when it was lost. `trim`: bytes that the last body has too many. */
  finish(trim: number): string {
    if (this.#lost) return '';
    const pending = literalOf(this.#pending, 0, this.#length);
    const none = this.#head === null;
    return stringifyDocument({
      format: this.#format,
      head: none ? pending : literalOf(this.#head ?? new Uint8Array()),
      tunnelGap: literalOf(this.#tunnelGap ?? new Uint8Array()),
      sessionGap: literalOf(this.#sessionGap ?? new Uint8Array()),
      tail: none ? '' : pending,
      trim,
      gaps: this.#gaps,
      ...(this.chunks === null ? {} : { chunks: this.chunks }),
    });
  }

  #isPending(gap: Uint8Array, length: number): boolean {
    if (gap.length !== length) return false;
    for (let i = 0; i < length; i++) if (gap[i] !== this.#pending[i]) return false;
    return true;
  }

  #irregular(index: number, tunnel: number, session: number): void {
    this.#irregularBytes += this.#length + 32;
    if (this.#irregularBytes > this.#limit) this.#lost = true;
    if (this.#lost) this.#gaps = [];
    else this.#gaps.push({ index, tunnel, session, bytes: literalOf(this.#pending, 0, this.#length) });
  }
}
