/**
 * Predicts a session's lines from those of the sessions before it: a tree of lines, each node remembering which line came next last
 * time. Correctness never rests on it: what is not predicted to the byte is read by the plain path, which teaches the tree.
 */
import { indexOfField, presenceWords, rowWords, slotOf, type StringTable } from '@sessionreel/session-model';
import { clearLine } from './fast-line.ts';
import { buildProgram } from './fast-program.ts';
import { runProgram, type Program } from './fast-run.ts';
import { compileLine, type FastLine } from './fast-step.ts';
import { isGroup, isSlot, type Piece } from './layout.ts';
import type { LineIndex } from './line-index.ts';
import { promptOf, withoutLineEnd } from './prompt.ts';
import type { LineTemplate, LineTemplates } from './line-templates.ts';

interface Node {
  /** Layout of a session that ends here; 0 when none has. */
  layout: number;
  readonly edges: Edge[];
  predicted: Edge | null;
  /** The sessions that end here, as one. */
  program: Program | null;
  /** Sessions that ended here and were read line by line. */
  visits: number;
  /** The node and the line before. */
  readonly parent: Node | null;
  readonly template: LineTemplate | null;
}

interface Edge {
  readonly template: LineTemplate;
  readonly line: FastLine;
  readonly node: Node;
}

/** How a tunnel's header is matched. */
interface FastHeader {
  readonly templates: readonly LineTemplate[];
  readonly lines: readonly FastLine[];
  /** A table's rows are sessions by themselves: what follows them proves nothing. */
  readonly isTable: boolean;
  readonly root: Node;
  /** Ends of the sessions seen last, the latest first. */
  readonly recent: Node[];
  /** Sessions in a row that none of those was like. */
  misses: number;
}

const tunnelSlots = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'].map(
  (name) => slotOf[indexOfField(name)] as number,
);
const maxNodes = 20_000;
const maxRecent = 3;
/** Sessions in a row that were like none before: from then on only every so many is compared with those. */
const patience = 16;
const newNode = (parent: Node | null, template: LineTemplate | null): Node => ({
  layout: 0,
  edges: [],
  predicted: null,
  program: null,
  visits: 0,
  parent,
  template,
});

/** Id of the layout of a session printed by these lines. */
export type LayoutOf = (templates: readonly LineTemplate[]) => number;

/** What a successful match gives beside the row's values. */
export const found = {
  /** Where the blank lines before header or session end. */
  gapEnd: 0,
  /** Where the header ends and the session begins; the same as `gapEnd` without a header. */
  bodyStart: 0,
  hasHeader: false,
  end: 0,
  layout: 0,
  /** Lines in all, and those of the session. */
  lines: 0,
  bodyLines: 0,
};

export class FastPath {
  readonly #index: LineIndex;
  readonly #templates: LineTemplates;
  readonly #strings: StringTable;
  readonly #layoutOf: LayoutOf;
  readonly #headers = new Map<string, FastHeader | null>();
  #current: FastHeader | null = null;
  /** Values of a header that was matched just now, in a row's places. */
  readonly header: Uint32Array;
  readonly #peeked: Uint32Array;
  #nodes = 0;
  #longest = 512;

  constructor(index: LineIndex, templates: LineTemplates, strings: StringTable, layoutOf: LayoutOf) {
    this.#index = index;
    this.#templates = templates;
    this.#strings = strings;
    this.#layoutOf = layoutOf;
    this.header = new Uint32Array(rowWords);
    this.#peeked = new Uint32Array(rowWords);
  }

  /** Bytes that should be at hand before a match is tried, so that chunks' ends do not send sessions the slow way. */
  get reserve(): number {
    return this.#longest;
  }

  get isReady(): boolean {
    return this.#current !== null;
  }

  get isTable(): boolean {
    return this.#current?.isTable === true;
  }

  /** Sessions of a tunnel with such a header follow. `templates`: null when the header cannot be predicted. */
  enter(templates: readonly LineTemplate[] | null, isTable: boolean): void {
    if (templates === null) {
      this.#current = null;
      return;
    }
    const key = `${isTable ? 'table' : 'lines'} ${templates.map((t) => t.id).join(' ')}`;
    let header = this.#headers.get(key);
    if (header === undefined) {
      const lines = templates.map((t) => (t.unknowns > 0 ? null : compileLine(t.pieces, new Set())));
      const isWhole = lines.every((line) => line !== null);
      header = isWhole
        ? { templates, lines, isTable, root: newNode(null, null), recent: [], misses: 0 }
        : null;
      this.#headers.set(key, header);
    }
    this.#current = header;
  }

  /** No header is in force that can be predicted. */
  leave(): void {
    this.#current = null;
  }

  /** Remembers the lines of a session that the plain path read. */
  learn(templates: readonly LineTemplate[], layout: number): void {
    const header = this.#current;
    if (header === null) return;
    if (!header.isTable) for (const template of templates) this.#index.add(template);
    if (!header.isTable && !beginsSession(templates[0])) return;
    if (this.#nodes > maxNodes) this.#forget();
    let node = this.#current?.root ?? header.root;
    for (const template of templates) {
      let edge = node.edges.find((e) => e.template === template);
      if (edge === undefined) {
        const printed = new Set<number>();
        for (const before of pathOf(node)) addFields(before.pieces, printed);
        const line = template.unknowns > 0 ? null : compileLine(template.pieces, printed, header.isTable);
        if (line === null) return;
        edge = this.#grow(node, template, line);
      }
      node.predicted = edge;
      node = edge.node;
    }
    node.layout = layout;
  }

  #grow(node: Node, template: LineTemplate, line: FastLine): Edge {
    const edge = { template, line, node: newNode(node, template) };
    this.#nodes++;
    node.edges.push(edge);
    return edge;
  }

  #forget(): void {
    this.#nodes = 0;
    this.#headers.clear();
    if (this.#current !== null)
      this.#current = { ...this.#current, root: newNode(null, null), recent: [], misses: 0 };
  }

  /** Whether a predicted session or header begins here, perhaps behind blank lines: the session that the plain path reads ends. */
  isBoundary(bytes: Uint8Array, view: DataView, at: number, end: number): boolean {
    return this.#current !== null && this.#endsAt(this.#current, bytes, view, at, end);
  }

  /**
   * Matches blank lines, perhaps a tunnel's header, and a session at `start`. True when all of it is as predicted and what follows
   * proves the session's end; `found` then says where. What the row held is overwritten; its tunnel is copied from `tunnel` unless there
   * is a header.
   */
  match(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    words: Uint32Array,
    row: number,
    tunnel: Uint32Array,
  ): boolean {
    const header = this.#current;
    if (header === null) return false;
    let at = start;
    let lines = 0;
    for (let next = blankEnd(bytes, at); next > at; next = blankEnd(bytes, at)) {
      at = next;
      lines++;
    }
    found.gapEnd = at;
    found.hasHeader = false;
    found.bodyStart = at;
    found.lines = lines;
    // A line that is the header's to its end is no session's.
    const opening = header.lines[0]?.steps[0];
    const isOpening = opening !== undefined && beginsWith(bytes, at, opening.literal);
    if (isOpening && this.#matchHeader(header, bytes, view, at, end)) {
      found.hasHeader = true;
      at = found.bodyStart;
    }
    if (
      !this.#runRecent(header, bytes, view, at, end, words, row) &&
      !this.#matchBody(header, bytes, view, at, end, words, row)
    )
      return false;
    copyTunnel(found.hasHeader ? this.header : tunnel, words, row);
    const length = (found.end - start) * 2;
    if (length > this.#longest) this.#longest = Math.min(length, 1 << 16);
    return true;
  }

  /** Tries the sessions seen last as one. */
  #runRecent(
    header: FastHeader,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): boolean {
    const { recent } = header;
    const isTried = header.misses < patience || header.misses % patience === 0;
    for (let i = 0; isTried && i < recent.length; i++) {
      const node = recent[i] as Node;
      const { program } = node;
      if (program === null || program.version !== this.#templates.version) continue;
      const to = runProgram(program, bytes, view, start, end, words, row, this.#strings);
      if (to >= 0 && (header.isTable || this.#endsAt(header, bytes, view, to, end))) {
        if (i > 0) this.#remember(header, node);
        header.misses = 0;
        found.end = to;
        found.layout = program.layout;
        found.bodyLines = program.lines;
        found.lines += program.lines;
        return true;
      }
    }
    words.fill(0, row, row + rowWords);
    header.misses++;
    return false;
  }

  #remember(header: FastHeader, node: Node): void {
    const { recent } = header;
    const at = recent.indexOf(node);
    if (at >= 0) recent.splice(at, 1);
    recent.unshift(node);
    if (recent.length > maxRecent) recent.pop();
  }

  /** Further sessions may be like the one that was just matched: how such a one is read at once is worked out when it comes again. */
  #expect(
    header: FastHeader,
    node: Node,
    bytes: Uint8Array,
    start: number,
    words: Uint32Array,
    row: number,
  ): void {
    const isKnown = node.program !== null && node.program.version === this.#templates.version;
    if (isKnown && !header.recent.includes(node)) this.#remember(header, node);
    else if (header.misses < patience || node.visits % patience === 1)
      this.#program(header, node, bytes, start, words, row);
    node.visits++;
  }

  /** The sessions that end at the node, as one, from the session that was just matched. */
  #program(
    header: FastHeader,
    node: Node,
    bytes: Uint8Array,
    start: number,
    words: Uint32Array,
    row: number,
  ): void {
    const lines: FastLine[] = [];
    for (let at: Node = node; at.parent !== null; at = at.parent) {
      const edge = at.parent.edges.find((e) => e.node === at);
      if (edge !== undefined) lines.unshift(edge.line);
    }
    const { version } = this.#templates;
    node.program = buildProgram(
      lines,
      node.layout,
      version,
      bytes,
      start,
      found.end,
      words,
      row,
      this.#strings,
      node.program,
    );
    this.#remember(header, node);
  }

  #matchHeader(header: FastHeader, bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    const into = this.header;
    for (let i = 0; i < presenceWords; i++) into[i] = 0;
    let at = start;
    for (let i = 0; i < header.lines.length; i++) {
      const template = header.templates[i] as LineTemplate;
      if (template.group.templates[0] !== template) return false;
      at = this.#index.match(header.lines[i] as FastLine, bytes, view, at, end, into, 0);
      if (at < 0) return false;
    }
    found.lines += header.lines.length;
    found.bodyStart = at;
    return true;
  }

  #matchBody(
    header: FastHeader,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): boolean {
    let node = header.root;
    let at = start;
    let lines = 0;
    let isWhole = false;
    while (!isWhole) {
      let edge = node.predicted;
      let next = -1;
      if (edge !== null && edge.template.group.templates[0] === edge.template) {
        next = this.#index.match(edge.line, bytes, view, at, end, words, row);
        if (next === -1) clearLine(edge.line, words, row);
      }
      if (next < 0) {
        // Another known line of a session is no end of it; whether one is there is the cheaper question.
        edge =
          lines > 0 && this.#isSessionAt(header, bytes, at)
            ? null
            : this.#other(header, node, bytes, view, at, end, words, row);
        if (edge === null) {
          isWhole = lines > 0 && this.#endsAt(header, bytes, view, at, end);
          break;
        }
        next = found.end;
        node.predicted = edge;
      }
      at = next;
      node = (edge as Edge).node;
      lines++;
      isWhole = header.isTable;
    }
    found.lines += lines;
    // Blank lines behind a session are not its own: the plain path tells them apart.
    if (!isWhole || isBlankLine(node.template)) return false;
    if (node.layout === 0) node.layout = this.#layoutOf(pathOf(node));
    found.end = at;
    found.layout = node.layout;
    found.bodyLines = lines;
    this.#expect(header, node, bytes, start, words, row);
    return true;
  }

  /** Another line that came here before, or that is known from elsewhere; null when there is none. Where it ends is `found.end`. */
  #other(
    header: FastHeader,
    node: Node,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): Edge | null {
    for (const edge of node.edges) {
      if (edge === node.predicted || edge.template.group.templates[0] !== edge.template) continue;
      const next = this.#index.match(edge.line, bytes, view, at, end, words, row);
      if (next >= 0) {
        found.end = next;
        return edge;
      }
      if (next === -1) clearLine(edge.line, words, row);
    }
    if (header.isTable || this.#nodes > maxNodes) return null;
    const printed = new Set<number>();
    for (const template of pathOf(node)) addFields(template.pieces, printed);
    const line = this.#index.find(bytes, view, at, end, words, row, printed);
    if (line === null || (node.parent === null && !beginsSession(line.known.template))) return null;
    if (node.edges.some((edge) => edge.template === line.known.template)) return null;
    found.end = line.end;
    return this.#grow(node, line.known.template, line.known.line);
  }

  /** True when the line at `at` begins like a session's first. */
  #isSessionAt(header: FastHeader, bytes: Uint8Array, at: number): boolean {
    const first = header.root.predicted?.line.steps[0];
    return first !== undefined && beginsWith(bytes, at, first.literal);
  }

  /** True when a session, a header or a prompt follows, perhaps behind blank lines: no further line can belong to the session before. */
  #endsAt(header: FastHeader, bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    let at = start;
    for (let next = blankEnd(bytes, at); next > at; next = blankEnd(bytes, at)) at = next;
    if (this.#isSessionAt(header, bytes, at)) return true;
    if (isPromptAt(bytes, at, end)) return true;
    const opening = header.lines[0];
    if (opening === undefined) return false;
    for (let i = 0; i < presenceWords; i++) this.#peeked[i] = 0;
    return this.#index.match(opening, bytes, view, at, end, this.#peeked, 0) >= 0;
  }
}

/** True when the line begins with the label by which the plain path knows a session's first line. */
function beginsSession(template: LineTemplate | undefined): boolean {
  const first = template?.pieces[0];
  return typeof first === 'string' && /^[ \t]*session local id:$/i.test(first);
}

/** True when a whole line at `at` is a prompt, behind which nothing belongs to the reply. */
function isPromptAt(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at] as number;
  if (at >= end || first <= 0x20 || first >= 0x7f) return false;
  let to = at;
  let mark = false;
  for (; to < end && to - at < 4096; to++) {
    const c = bytes[to];
    if (c === 0x0a) break;
    // `>`, `#` or `%`
    if (c === 0x3e || c === 0x23 || c === 0x25) mark = true;
  }
  if (!mark || bytes[to] !== 0x0a) return false;
  return (
    promptOf(
      withoutLineEnd(Buffer.from(bytes.buffer, bytes.byteOffset + at, to + 1 - at).toString('latin1')),
    ) !== null
  );
}

function beginsWith(bytes: Uint8Array, at: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return literal.length > 0;
}

/** After a blank line at `at`, `at` itself when there is none. */
function blankEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0a) return at + 1;
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : at;
}

function isBlankLine(template: LineTemplate | null): boolean {
  const pieces = template?.pieces ?? [];
  return (
    pieces.length < 2 &&
    pieces.every((piece) => typeof piece === 'string' && /^[ \t\r\n\v\f\u00a0]*$/.test(piece))
  );
}

/** The lines that lead to a node. */
function pathOf(node: Node): LineTemplate[] {
  const path: LineTemplate[] = [];
  for (let at: Node | null = node; at?.template != null; at = at.parent) path.unshift(at.template);
  return path;
}

function copyTunnel(from: Uint32Array, words: Uint32Array, row: number): void {
  // The tunnel's fields are among the first 16, so that their presence stands in the first word.
  words[row] = (words[row] as number) | (from[0] as number);
  for (let i = 0; i < tunnelSlots.length; i++) {
    const slot = tunnelSlots[i] as number;
    words[row + slot] = from[slot] as number;
  }
}

function addFields(pieces: readonly Piece[], into: Set<number>): void {
  for (const piece of pieces) {
    if (isSlot(piece) && piece.f !== '') into.add(indexOfField(piece.f));
    else if (isGroup(piece)) addFields(piece.g, into);
  }
}
