/** Prints a listing whose sessions lie in columns: `renderSnapshot` for large routers. */
import { fieldIndex, presenceLetters, type SessionRecord } from '@sessionreel/session-model';
import { levelOfLayout } from './default-layouts.ts';
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
  const layouts = stored === null ? null : ownLayouts(listing, stored, options);
  if (stored === null || layouts === null) yield* renderSnapshot(recordsOf(listing), document, options);
  else if (stored.chunks === undefined) yield* print(listing, layouts, stored);
  else yield frameChunks(Buffer.concat([...print(listing, layouts, stored)]), stored.chunks);
}

function* recordsOf(listing: ColumnListing): Generator<{ record: SessionRecord; layout: string | null }> {
  for (const row of listing.order) {
    const way = listing.ways[listing.wayOf[row] as number] as ListingWay;
    yield { record: listing.record(row), layout: way.layout };
  }
}

/** The ways' layouts; null when not all of them are those that are asked for: then default ones are needed, by session. */
function ownLayouts(listing: ColumnListing, stored: Document, options: RenderOptions): Layout[] | null {
  const format = options.format ?? stored.format;
  if (listing.order.length === 0 || stored.format !== format) return null;
  const cache = new LayoutCache();
  const layouts: Layout[] = [];
  for (const way of listing.ways) {
    if (way.layout === null || way.layout === '') return null;
    const layout = cache.get(way.layout);
    const isOwn =
      layout.format === format &&
      (format !== 'text' || options.level === undefined || levelOfLayout(layout) === options.level);
    if (!isOwn) return null;
    layouts.push(layout);
  }
  return layouts;
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
