/** Where tunnels and their sessions stand in a reply in markup, and what of a tunnel a part must repeat. */
import { Recorder, type CutSink, type Repeat } from './cut.ts';

export class TunnelPlaces {
  readonly #sink: CutSink;
  readonly #id: string;
  readonly #around: () => Repeat;
  readonly #recorder = new Recorder();
  /** How deep the open tunnel stands; 0 outside. */
  depth = 0;
  /** Where the session before ends. */
  entryEnd = -1;
  #tunnelEnd = -1;
  /** The open tunnel from its beginning to its first session; null when it can not be repeated. */
  #head: Buffer | null = null;
  #sessions = 0;
  #tunnels = 0;

  /** `id`: what names a tunnel's id, without which a tunnel is not repeated. `around`: what a part repeats and closes where it is cut. */
  constructor(sink: CutSink, id: string, around: () => Repeat) {
    this.#sink = sink;
    this.#id = id;
    this.#around = around;
  }

  /** What a part repeats of the open tunnel, '' outside of one. */
  get head(): string {
    return this.depth === 0 ? '' : (this.#head?.toString('latin1') ?? '');
  }

  /** Bytes that pass by, lying at `offset`. */
  pass(bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.#recorder.take(bytes, start, end, offset);
  }

  /** A tunnel begins at the offset. `depth` is to be set once it is open. */
  open(at: number): void {
    if (this.#tunnels++ > 0 && this.#tunnelEnd >= 0) this.#sink.cut(this.#tunnelEnd, at, this.#around);
    this.#sessions = 0;
    this.#head = null;
    this.#recorder.begin(at);
  }

  /** A session begins at `bytes[at]`; `bytes[start]` lies at `offset`. */
  entry(bytes: Uint8Array, start: number, at: number, offset: number): void {
    this.#sink.session();
    if (this.#sessions++ === 0) {
      this.#recorder.take(bytes, start, at, offset);
      const head = this.#recorder.finish();
      this.#head = head?.includes(this.#id) === true ? head : null;
    } else if (this.#head !== null) this.#sink.cut(this.entryEnd, offset + at - start, this.#around);
  }

  /** Something ended at the offset, and so many things are open. */
  close(open: number, end: number): void {
    if (open >= this.depth) return;
    this.depth = 0;
    this.#tunnelEnd = end;
    this.#recorder.finish();
  }
}
