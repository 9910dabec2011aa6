/** Gathers one snapshot from a reader: rows into batches, the frame, facts. Shared by all formats. */
import {
  Presence,
  createRowBatch,
  cutFlag,
  fields,
  getPresence,
  indexOfField,
  layoutSlot,
  lineSlot,
  presenceWords,
  rowWords,
  slotOf,
  unknownSlot,
  type Format,
  type Level,
  type ParseProblem,
  type RowBatch,
  type Scope,
  type StringTable,
  type Variant,
} from '@sessionreel/session-model';
import { FrameRecorder } from './frame.ts';
import { IdSet } from './id-set.ts';
import { inferLevel, inferVariant } from './inference.ts';
import { literalOf, stringifyLayout, type Layout } from '../layout/layout.ts';
import type { ParseLimits, SnapshotSink } from './reader.ts';
import { renewStrings, type StringHolder } from './string-renewal.ts';

/** As many as stay in a core's nearest cache. */
const batchRows = 64;
const tunnelId = indexOfField('tunnel_local_id');
const sessionId = indexOfField('session_local_id');
const createTime = indexOfField('create_time');
const upTime = indexOfField('up_time_s');
const tunnelIdSlot = slotOf[tunnelId] as number;
const sessionIdSlot = slotOf[sessionId] as number;
const createTimeSlot = slotOf[createTime] as number;
const upTimeSlot = slotOf[upTime] as number;
const interfaceFields = ['interface_name', 'tunnel_interface_name'].map(indexOfField);
const idBits = (3 << (tunnelId << 1)) | (3 << (sessionId << 1));
const idValues = (Presence.value << (tunnelId << 1)) | (Presence.value << (sessionId << 1));
const tunnelInterface = indexOfField('tunnel_interface_name');
const tunnelGroup = indexOfField('tunnel_group_name');
const tunnelInterfaceSlot = slotOf[tunnelInterface] as number;
const tunnelGroupSlot = slotOf[tunnelGroup] as number;
const tunnelBits = (3 << (tunnelInterface << 1)) | (3 << (tunnelGroup << 1));

/** What is known of a snapshot before its first byte. */
export interface SnapshotOrigin {
  readonly ordinal: number;
  readonly format: Format;
  /** From the command; null when there is none, and the fields that are printed decide. */
  readonly level: Level | null;
  readonly scope: Scope;
  readonly command: string;
  readonly router: string | null;
}

/** How the envelope saw the reply end. */
export interface SnapshotEnd {
  /** A prompt followed, or whoever took the capture vouches for its end. */
  readonly seen: boolean;
  /** A reason why the listing cannot be whole whatever its end (`filtered by | match`); '' otherwise. */
  readonly reason: string;
  readonly bytes: number;
}

export class SnapshotBuilder {
  readonly strings: StringTable;
  readonly limits: ParseLimits;
  readonly frame: FrameRecorder;
  /** Words of the batch that is being filled; a row is written at the offset that `startRow` returned. */
  readonly words: Uint32Array;
  /** Set by a reader that knows better than the fields that were printed. */
  variant: Variant | null = null;
  /** The string table is emptied between batches whenever it holds more bytes: for a table of the parser's own. */
  renewAbove = Infinity;
  /** Set by the reader, which must hear of it. */
  holder: StringHolder | null = null;
  /** Bytes that the last body's layout prints beyond the end of the capture (a line end that is missing). */
  trim = 0;
  readonly #sink: SnapshotSink;
  readonly #origin: SnapshotOrigin;
  readonly #batch: RowBatch;
  readonly #ids = new IdSet();
  readonly #seen = new Uint32Array(presenceWords);
  /** ID and presence bits of the tunnel of the session before; its interface and group, as ids of strings. */
  readonly #previousTunnel = new Uint32Array(2);
  readonly #previousNames = new Uint32Array(2);
  #format: Format;
  #level: Level | null;
  #begun = false;
  #row = 0;
  /** Row of the last session that was finished; −1 when its strings are gone, and `#knownInterface` stands for it. */
  #finished = 0;
  #knownInterface = '';
  #sessions = 0;
  #tunnels = 0;
  #clock: number | null = null;
  #unknown: [string, string][] = [];
  #unknownFields = 0;
  readonly #unknownNames = new Set<string>();
  readonly #errors: ParseProblem[] = [];
  #errorCount = 0;
  #incomplete = '';
  #closed = false;
  #refused: ParseProblem | null = null;

  constructor(strings: StringTable, sink: SnapshotSink, limits: ParseLimits, origin: SnapshotOrigin) {
    this.strings = strings;
    this.limits = limits;
    this.#sink = sink;
    this.#origin = origin;
    this.#format = origin.format;
    this.#level = origin.level;
    this.#batch = createRowBatch(batchRows, strings);
    this.words = this.#batch.words;
    this.frame = new FrameRecorder(origin.format, limits.frameBytes);
  }

  get sessions(): number {
    return this.#sessions;
  }

  /** The first reason why this is no listing of sessions, when there is one. */
  get refused(): ParseProblem | null {
    return this.#refused;
  }

  /** Begins a row of zeros for the session that starts at `line`; returns its offset in `words`. */
  startRow(line: number): number {
    const row = this.startDirtyRow();
    this.words.fill(0, row, row + rowWords);
    this.words[row + lineSlot] = line;
    return row;
  }

  /** As `startRow`, for a caller who writes every word of the row, or fills it with zeros. */
  startDirtyRow(): number {
    if (this.#batch.count === batchRows) {
      this.flush();
      if (this.strings.usedBytes > this.renewAbove) this.#renewStrings();
    }
    this.#row = this.#batch.count * rowWords;
    if (this.#unknown.length > 0) this.#unknown = [];
    return this.#row;
  }

  /** Rows that may be begun before the batch is handed on. */
  get rowsLeft(): number {
    return batchRows - this.#batch.count;
  }

  #renewStrings(): void {
    const name = this.#lastInterface();
    if (this.holder === null || !renewStrings(this.strings, this.holder, this.#previousNames)) return;
    this.#knownInterface = name;
    this.#finished = -1;
  }

  /** Keeps a value of an unknown label for the row. Returns its ordinal, −1 when there are too many (an error is told). */
  unknown(name: string, raw: string, line: number): number {
    if (this.#unknown.length >= this.limits.unknownLabels) {
      this.problem(line, `more than ${this.limits.unknownLabels} unknown labels in a session`);
      return -1;
    }
    return this.#unknown.push([name, raw]) - 1;
  }

  /**
   * The row is whole: it must have both ids, which must be new in this snapshot. False when it was dropped, with an error; the
   * caller then holds its bytes in the frame. `layout`: id in `strings`, 0 when not known.
   */
  finishRow(layout: number): boolean {
    const { words } = this;
    const row = this.#row;
    if (!this.#acceptIds(row)) return false;
    words[row + layoutSlot] = layout;
    if (this.#unknown.length > 0) this.#keepUnknown(row);
    for (let i = 0; i < presenceWords; i++) {
      const p = words[row + i] as number;
      this.#seen[i] = (this.#seen[i] as number) | ((p | (p >>> 1)) & 0x55555555);
    }
    this.#readClock(row);
    const changed = this.#enterTunnel(row);
    const at = this.#sessions++;
    this.frame.body(at, words[row + tunnelIdSlot] as number, words[row + sessionIdSlot] as number, changed);
    this.#batch.count++;
    this.#finished = row;
    return true;
  }

  /** The reply broke off within the session whose row was finished last. */
  markCut(): void {
    if (this.#batch.count === 0) return;
    const at = this.#row + lineSlot;
    this.words[at] = (this.words[at] as number) | cutFlag;
  }

  /** Interns a layout's JSON. */
  layoutId(layout: Layout): number {
    return this.strings.internText(stringifyLayout(layout));
  }

  /** An error at a line. `loses`: it may hide a session, so that the listing cannot be called whole. */
  problem(line: number, message: string, loses = false): void {
    this.#errorCount++;
    if (this.#errors.length < this.limits.errors) this.#errors.push({ line, message });
    if (loses) this.incomplete(`line ${line}: ${message}`);
  }

  /** The listing is not whole, whatever its end. The first reason stands. */
  incomplete(reason: string): void {
    if (this.#incomplete === '') this.#incomplete = reason;
  }

  /** The listing is text after all, within a frame of another format. Before its first row. */
  becomeText(): void {
    this.#format = 'text';
    this.frame.becomeText();
  }

  /** The reply itself names its level (`junos:style`): it holds where no command says it. */
  suggestLevel(level: Level): void {
    if (!this.#begun) this.#level ??= level;
  }

  /** The reply closed itself: the root element, the JSON value. */
  close(): void {
    this.#closed = true;
  }

  /** This is no listing of sessions (`<rpc-error>`, another command's output). */
  refuse(line: number, message: string): void {
    this.#refused ??= { line, message };
  }

  /** Hands the rows gathered to the sink. */
  flush(): void {
    this.#begin();
    if (this.#batch.count > 0) this.#sink.rows(this.#batch);
    this.#batch.count = 0;
  }

  /** Ends the snapshot: the last rows and the facts go to the sink. Nothing does when it was refused before any row. */
  finish(end: SnapshotEnd): void {
    this.flush();
    const reason = this.#reason(end);
    if (this.#errorCount > this.#errors.length)
      this.#errors.push({ line: 0, message: `${this.#errorCount - this.#errors.length} more errors` });
    const { ordinal, scope, command, router } = this.#origin;
    this.#sink.end({
      ordinal,
      format: this.#format,
      level: this.#level ?? 'brief',
      scope,
      command,
      router,
      variant: this.variant ?? inferVariant(this.#seen, this.#format, () => this.#lastInterface()),
      complete: reason === '',
      incompleteReason: reason,
      routerClock: this.#clock,
      sessions: this.#sessions,
      tunnels: this.#tunnels,
      bytes: end.bytes,
      unknownFields: this.#unknownFields,
      unknownNames: [...this.#unknownNames].sort(),
      errors: this.#errors,
      document: this.frame.finish(this.trim),
    });
  }

  #reason(end: SnapshotEnd): string {
    if (this.#refused !== null) return this.#refused.message;
    if (end.reason !== '') return end.reason;
    if (this.#incomplete !== '') return this.#incomplete;
    if (this.#closed || end.seen) return '';
    return 'no end seen';
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#level ??= inferLevel(this.#seen);
    const { ordinal, scope, command, router } = this.#origin;
    this.#sink.begin({ ordinal, format: this.#format, level: this.#level, scope, command, router });
  }

  #acceptIds(row: number): boolean {
    const { words } = this;
    const line = words[row + lineSlot] as number;
    // Both ids are among the first fields: their presence stands in the row's first word.
    if (((words[row] as number) & idBits) !== idValues) {
      const missing = getPresence(words, row, tunnelId) === Presence.value ? sessionId : tunnelId;
      this.problem(line, `session without a valid ${fields[missing]?.labels[0] ?? ''}`, true);
      return false;
    }
    const tunnel = words[row + tunnelIdSlot] as number;
    const session = words[row + sessionIdSlot] as number;
    if (this.#sessions >= this.limits.sessionsPerPart) {
      this.problem(line, `more than ${this.limits.sessionsPerPart} sessions`, true);
      return false;
    }
    if (this.#ids.add(tunnel * 65536 + session)) return true;
    this.problem(line, `session ${tunnel}/${session} is listed twice: the later one is left out`, true);
    return false;
  }

  #keepUnknown(row: number): void {
    this.words[row + unknownSlot] = this.strings.internText(JSON.stringify(this.#unknown));
    this.#unknownFields += this.#unknown.length;
    for (const [name] of this.#unknown) {
      if (this.#unknownNames.size >= this.limits.unknownNames) break;
      this.#unknownNames.add(name);
    }
  }

  #readClock(row: number): void {
    const { words } = this;
    if (getPresence(words, row, createTime) !== Presence.value) return;
    if (getPresence(words, row, upTime) !== Presence.value) return;
    this.#clock = (words[row + createTimeSlot] as number) + (words[row + upTimeSlot] as number);
  }

  /** True when the session's tunnel is another than the one before it: by ID, interface or group. */
  #enterTunnel(row: number): boolean {
    const { words } = this;
    const previous = this.#previousTunnel;
    const names = this.#previousNames;
    // Absent values are zeros, and presence of the tunnel's fields stands in the row's first word.
    const presence = ((words[row] as number) & tunnelBits) >>> 0;
    const changed =
      previous[0] !== words[row + tunnelIdSlot] ||
      previous[1] !== presence ||
      names[0] !== words[row + tunnelInterfaceSlot] ||
      names[1] !== words[row + tunnelGroupSlot] ||
      this.#sessions === 0;
    if (!changed) return false;
    previous[0] = words[row + tunnelIdSlot] as number;
    previous[1] = presence;
    names[0] = words[row + tunnelInterfaceSlot] as number;
    names[1] = words[row + tunnelGroupSlot] as number;
    this.#tunnels++;
    return true;
  }

  /** The interface of the last session whole, or of its tunnel: its words stay until a later batch reaches them. */
  #lastInterface(): string {
    if (this.#sessions === 0) return '';
    if (this.#finished < 0) return this.#knownInterface;
    for (const field of interfaceFields) {
      if (getPresence(this.words, this.#finished, field) !== Presence.value) continue;
      const name = this.strings.view(this.words[this.#finished + (slotOf[field] as number)] as number);
      const literal = literalOf(name);
      if (typeof literal === 'string') return literal;
    }
    return '';
  }
}
