/** Prints a listing whose sessions lie in columns: `renderSnapshot` for large routers. */
import { fieldIndex, presenceLetters, type Format, type SessionRecord } from '@sessionreel/session-model';
import { defaultDocument, defaultLayout, levelOfLayout } from './default-layouts.ts';
import { bytesOfLiteral, parseDocument, type Document, type IrregularGap, type Layout } from './layout.ts';
import {
  ByteOutput,
  PrintCompiler,
  type Columns,
  type FieldLetters,
  type PrintColumn,
  type PrintProgram,
} from './print-columns.ts';
import { Output, printPieces } from './print.ts';
import { LayoutCache, Trimmed, renderSnapshot, type RenderOptions } from './render.ts';
import { frameChunks } from '../xml/xml-framing.ts';

/** How some sessions are printed. */
export interface ListingWay extends FieldLetters {
  /** JSON of the layout; null when it is not known. */
  readonly layout: string | null;
}

export interface ColumnListing {
  /** Rows in the order of the listing. */
  readonly order: Uint32Array;
  /** Index in `ways` by row. */
  readonly wayOf: Uint32Array;
  readonly ways: readonly ListingWay[];
  readonly column: Columns;
  /** Whether columns tell all that is printed of a row: no counter is rounded. */
  isPlain(row: number): boolean;
  /** A row as `renderSnapshot` takes it. */
  record(row: number): SessionRecord;
}

/** As `renderSnapshot`: the same bytes. */
export function* renderColumns(
  listing: ColumnListing,
  document: string,
  options: RenderOptions = {},
): Generator<Uint8Array> {
  const stored = document === '' ? null : parseDocument(document);
  const found = stored === null ? null : layoutsOf(listing, stored, options);
  if (found === null) yield* renderSnapshot(recordsOf(listing), document, options);
  else if (found.frame.chunks === undefined) yield* print(listing, found.layouts, found.frame);
  else yield frameChunks(Buffer.concat([...print(listing, found.layouts, found.frame)]), found.frame.chunks);
}

function* recordsOf(listing: ColumnListing): Generator<{ record: SessionRecord; layout: string | null }> {
  for (const row of listing.order) {
    const way = listing.ways[listing.wayOf[row] as number] as ListingWay;
    yield { record: listing.record(row), layout: way.layout };
  }
}

/** How the ways are printed. */
interface Layouts {
  readonly layouts: readonly Layout[];
  readonly frame: Document;
}

/**
 * The ways' own layouts in the stored frame, as long as all are of the format and level asked for. In text, the default layouts where
 * none is: which one that is hangs on the way alone. Null for anything else: then each session's record decides.
 */
function layoutsOf(listing: ColumnListing, stored: Document, options: RenderOptions): Layouts | null {
  const format = options.format ?? stored.format;
  if (listing.order.length === 0 || stored.format !== format) return null;
  const cache = new LayoutCache();
  const own = listing.ways.map(({ layout }) => {
    const found = layout === null || layout === '' ? null : cache.get(layout);
    return found !== null && isOf(found, format, options) ? found : null;
  });
  const layouts = own.filter((layout) => layout !== null);
  if (layouts.length === own.length) return { layouts, frame: stored };
  const { level, variant } = options;
  if (layouts.length > 0 || format !== 'text' || level === undefined || (variant ?? null) === null)
    return null;
  const some = new Map<number, number>();
  for (const row of listing.order) some.set(listing.wayOf[row] as number, row);
  return {
    layouts: listing.ways.map((_, way) => {
      const row = some.get(way);
      const record = row === undefined ? noRecord : listing.record(row);
      return defaultLayout(format, level, record, variant);
    }),
    // The frame of other layouts does not fit; that of none at all does.
    frame: listing.ways.every((way) => way.layout === null || way.layout === '')
      ? stored
      : defaultDocument(format, level, variant ?? null, listing.order.length),
  };
}

const noRecord: SessionRecord = { values: {}, rounding: {}, unknown: [] };

function isOf(layout: Layout, format: Format, options: RenderOptions): boolean {
  if (layout.format !== format) return false;
  return format !== 'text' || options.level === undefined || levelOfLayout(layout) === options.level;
}

function* print(
  listing: ColumnListing,
  layouts: readonly Layout[],
  document: Document,
): Generator<Uint8Array> {
  const out = new ByteOutput();
  const compiler = new PrintCompiler(listing.column, out);
  const programs = listing.ways.map((way, i) => compiler.compile(layouts[i] as Layout, way));
  const irregular = new Map<number, IrregularGap>(document.gaps.map((gap) => [gap.index, gap]));
  const trimmed = new Trimmed(document.trim);
  const tunnels = new Tunnels(listing);
  const gaps = { session: bytesOfLiteral(document.sessionGap), tunnel: bytesOfLiteral(document.tunnelGap) };
  out.keep(bytesOfLiteral(document.head));
  const { order, wayOf } = listing;
  for (let index = 0; index < order.length; index++) {
    const row = order[index] as number;
    const way = wayOf[row] as number;
    const program = listing.isPlain(row) ? programs[way] : null;
    const session = new Session(listing, layouts[way] as Layout, program ?? null, row, out);
    const gap = irregular.get(index);
    const isNew = tunnels.isNew(row, way);
    if (gap !== undefined && tunnels.isThat(row, gap)) out.keep(bytesOfLiteral(gap.bytes));
    else if (!isNew) out.keep(gaps.session);
    else {
      if (index > 0) out.keep(gaps.tunnel);
      session.print('tunnel');
    }
    session.print('body');
    if (out.isFull) yield* trimmed.pass(out.take());
  }
  out.keep(bytesOfLiteral(document.tail));
  yield* trimmed.pass(out.take());
}

/** One session, by its program or, where there is none, by its record. */
class Session {
  readonly #listing: ColumnListing;
  readonly #layout: Layout;
  readonly #program: PrintProgram | null;
  readonly #row: number;
  readonly #out: ByteOutput;

  constructor(
    listing: ColumnListing,
    layout: Layout,
    program: PrintProgram | null,
    row: number,
    out: ByteOutput,
  ) {
    this.#listing = listing;
    this.#layout = layout;
    this.#program = program;
    this.#row = row;
    this.#out = out;
  }

  print(what: 'tunnel' | 'body'): void {
    if (this.#program !== null) {
      const steps = this.#program[what];
      for (let i = 0; i < steps.length; i++) steps[i]?.(this.#row);
      return;
    }
    const text = new Output();
    printPieces(this.#layout[what], this.#listing.record(this.#row), text);
    this.#out.copy(text.take());
  }
}

/** Whether a session is of the tunnel of the one before it: by what stands in a tunnel's header. */
class Tunnels {
  readonly #ways: readonly ListingWay[];
  readonly #column: Columns;
  readonly #names = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'];
  readonly #of: readonly (readonly ((row: number) => unknown)[])[];
  #before: readonly unknown[] = [];

  constructor({ ways, column }: ColumnListing) {
    this.#ways = ways;
    this.#column = column;
    this.#of = this.#ways.map((way) => this.#names.map((name) => readerOf(this.#column(name), name, way)));
  }

  isNew(row: number, way: number): boolean {
    const readers = this.#of[way] ?? [];
    let isNew = this.#before.length === 0;
    for (let i = 0; i < readers.length && !isNew; i++) isNew = readers[i]?.(row) !== this.#before[i];
    if (isNew) this.#before = readers.map((read) => read(row));
    return isNew;
  }

  isThat(row: number, gap: IrregularGap): boolean {
    return (
      numberAt(this.#column('tunnel_local_id'), row) === gap.tunnel &&
      numberAt(this.#column('session_local_id'), row) === gap.session
    );
  }
}

const numberAt = (column: PrintColumn | undefined, row: number): number | undefined =>
  column?.kind === 'numbers' ? column.values[row] : undefined;

/** Reads what tells one tunnel's header from another's: equal values where and only where the printed ones are equal. */
function readerOf(column: PrintColumn | undefined, name: string, way: ListingWay): (row: number) => unknown {
  const letter = way.letters[fieldIndex.get(name) ?? -1] ?? '.';
  // A number: no name is equal to it.
  if (letter !== 'v' || column === undefined) return () => presenceLetters.indexOf(letter);
  switch (column.kind) {
    case 'words':
      return (row) => column.words[column.ids[row] as number];
    case 'texts':
      return (row) => column.bytes.toString('utf8', column.starts[row], column.ends[row]);
    default:
      return (row) => column.values[row];
  }
}
