/** Prints snapshots: sessions by their layouts, in the frame of a document. */
import type { Format, Level, SessionRecord, Variant } from '@sessionreel/session-model';
import { defaultDocument, defaultLayout, levelOfLayout, variantOf } from './default-layouts.ts';
import {
  bytesOfLiteral,
  parseDocument,
  parseLayout,
  type Document,
  type IrregularGap,
  type Layout,
} from './layout.ts';
import { Output, printPieces } from './print.ts';
import { frameChunks } from '../xml/xml-framing.ts';

/** A session with how it is printed. */
export interface PrintedSession {
  readonly record: SessionRecord;
  readonly layout: Layout;
}

/** Layouts by their JSON: each is read once. */
export class LayoutCache {
  readonly #layouts = new Map<string, Layout>();

  get(json: string): Layout {
    const known = this.#layouts.get(json);
    if (known !== undefined) return known;
    const layout = parseLayout(json);
    this.#layouts.set(json, layout);
    return layout;
  }
}

function tunnelKey(record: SessionRecord): string {
  const { tunnel_local_id, tunnel_interface_name, tunnel_group_name } = record.values;
  return JSON.stringify(
    [tunnel_local_id, tunnel_interface_name, tunnel_group_name].map((v) => v ?? String(v)),
  );
}

/** Prints sessions in listing order within the document's frame, in pieces: the listing is never held whole. */
export function* printListing(sessions: Iterable<PrintedSession>, document: Document): Generator<Uint8Array> {
  const out = new Output();
  const irregular = new Map<number, IrregularGap>(document.gaps.map((gap) => [gap.index, gap]));
  const trimmed = new Trimmed(document.trim);
  let index = 0;
  let tunnel = '';
  out.bytes(bytesOfLiteral(document.head));
  for (const { record, layout } of sessions) {
    const key = tunnelKey(record);
    printGap(out, document, layout, record, index, key !== tunnel, irregular.get(index));
    tunnel = key;
    printPieces(layout.body, record, out);
    index++;
    if (index % 256 === 0) yield* trimmed.pass(out.take());
  }
  out.bytes(bytesOfLiteral(document.tail));
  yield* trimmed.pass(out.take());
}

function printGap(
  out: Output,
  document: Document,
  layout: Layout,
  record: SessionRecord,
  index: number,
  changed: boolean,
  gap: IrregularGap | undefined,
): void {
  const { tunnel_local_id, session_local_id } = record.values;
  if (gap !== undefined && gap.tunnel === tunnel_local_id && gap.session === session_local_id)
    return out.bytes(bytesOfLiteral(gap.bytes));
  if (!changed) return out.bytes(bytesOfLiteral(document.sessionGap));
  if (index > 0) out.bytes(bytesOfLiteral(document.tunnelGap));
  printPieces(layout.tunnel, record, out);
}

/** Holds back the bytes that the document's end lacks. */
export class Trimmed {
  readonly #trim: number;
  #held: Uint8Array = new Uint8Array();

  constructor(trim: number) {
    this.#trim = trim;
  }

  *pass(bytes: Uint8Array): Generator<Uint8Array> {
    if (this.#trim === 0) {
      yield bytes;
      return;
    }
    const whole = Buffer.concat([this.#held, bytes]);
    const cut = Math.max(0, whole.length - this.#trim);
    this.#held = whole.subarray(cut);
    yield whole.subarray(0, cut);
  }
}

/** As `printListing`, from stored JSON and in one piece. */
export function printWhole(
  sessions: readonly { readonly record: SessionRecord; readonly layout: string }[],
  document: string,
): Uint8Array {
  const cache = new LayoutCache();
  const printed = sessions.map(({ record, layout }) => ({ record, layout: cache.get(layout) }));
  return Buffer.concat([...printFramed(printed, parseDocument(document))]);
}

/** As `printListing`, with the NETCONF framing of the capture, whose chunks are cut from the whole. */
function* printFramed(sessions: Iterable<PrintedSession>, document: Document): Generator<Uint8Array> {
  if (document.chunks === undefined) yield* printListing(sessions, document);
  else yield frameChunks(Buffer.concat([...printListing(sessions, document)]), document.chunks);
}

export interface RenderOptions {
  /** Default: that of the document, else of the first layout, else text. */
  readonly format?: Format;
  /** Default: whatever each session's own layout prints. */
  readonly level?: Level;
  /** Of the router, where known: which default layouts print sessions without one. */
  readonly variant?: Variant | null;
}

/**
 * Prints sessions in listing order, as their router would. `layout`: JSON of the session's own layout, null when none is known; it is
 * used as long as it is of the format and level asked for, else a default one. `document`: JSON of the frame, '' when not known.
 * A lower level prints from a higher one's record; what a record does not hold is printed as an empty field.
 */
export function* renderSnapshot(
  sessions: Iterable<{ readonly record: SessionRecord; readonly layout: string | null }>,
  document: string,
  options: RenderOptions = {},
): Generator<Uint8Array> {
  const cache = new LayoutCache();
  const all = [...sessions];
  const first = all.find(({ layout }) => layout !== null && layout !== '')?.layout;
  const firstLayout = first === undefined || first === null ? null : cache.get(first);
  const stored = document === '' ? null : parseDocument(document);
  const format = options.format ?? stored?.format ?? firstLayout?.format ?? 'text';
  const isOwn = (layout: Layout): boolean =>
    layout.format === format &&
    (format !== 'text' || options.level === undefined || levelOfLayout(layout) === options.level);
  const level = options.level ?? (firstLayout === null ? 'extensive' : levelOfLayout(firstLayout));
  const variant = options.variant ?? (all[0] === undefined ? null : variantOf(all[0].record));
  const printed = all.map(({ record, layout }) => {
    const own = layout === null || layout === '' ? null : cache.get(layout);
    return {
      record,
      layout: own !== null && isOwn(own) ? own : defaultLayout(format, level, record, options.variant),
    };
  });
  const keeps = stored !== null && stored.format === format && (firstLayout === null || isOwn(firstLayout));
  yield* printFramed(printed, keeps ? stored : defaultDocument(format, level, variant, printed.length));
}
