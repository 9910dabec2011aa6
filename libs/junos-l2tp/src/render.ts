/** Prints snapshots: sessions by their layouts, in the frame of a document. */
import type { SessionRecord } from '@sessionreel/session-model';
import {
  bytesOfLiteral,
  parseDocument,
  parseLayout,
  type Document,
  type IrregularGap,
  type Layout,
} from './layout.ts';
import { Output, printPieces } from './print.ts';

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
class Trimmed {
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
  return Buffer.concat([...printListing(printed, parseDocument(document))]);
}
