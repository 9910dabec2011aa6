/** The lines that open a tunnel: what they say, and which lines are such. Its fields stand on one line, or each on its own. */
import { Presence, getPresence, indexOfField, rowWords } from '@sessionreel/session-model';
import { bodyLabels, headerLabels, unknownField } from './labels.ts';
import type { LineTemplate } from './line-templates.ts';
import { certainFields, firstLabel, leadingSpace } from './split-line.ts';
import { readLines, type TextContext, type TextLine } from './text-lines.ts';

const tunnelId = indexOfField('tunnel_local_id');

export interface TunnelHeader {
  /** Values of the header, as in a session's row. */
  readonly words: Uint32Array;
  /** How it is printed, with the lines between it and its first session once those are known. */
  readonly templates: LineTemplate[];
  readonly unknown: readonly (readonly [string, string])[];
  readonly indent: number;
  /** The lines that carry values. */
  readonly lines: readonly TextLine[];
  /** Fields that they print. */
  readonly fields: ReadonlySet<number>;
}

export function readHeader(context: TextContext, lines: readonly TextLine[]): TunnelHeader {
  const words = new Uint32Array(rowWords);
  const read = readLines(context, { words, row: 0 }, lines, headerLabels, []);
  const fields = lines.flatMap(({ content }) => certainFields(content, headerLabels));
  for (const field of headerLabels.values())
    if (getPresence(words, 0, field) !== Presence.absent) fields.push(field);
  return {
    words,
    templates: [...read.templates],
    unknown: read.unknown,
    indent: leadingSpace((lines[0] as TextLine).content),
    lines,
    fields: new Set(fields),
  };
}

/** True once the tunnel's ID was printed: before, this may be the reply to something else. */
export function isNamed(header: TunnelHeader | null): boolean {
  return header?.fields.has(tunnelId) === true;
}

/** Whether the line names a tunnel. `session`: first line of the session before it, if one is open. */
export function isHeaderLine(
  content: string,
  header: TunnelHeader | null,
  session: string | undefined,
): boolean {
  if (!namesTunnel(content)) return false;
  const first = firstLabel(content, headerLabels);
  if (first === null || first.field < 0) return false;
  const deeper = header !== null && leadingSpace(content) > header.indent;
  return !(session !== undefined && deeper);
}

/** True when no field of the line is printed by the header already. */
export function goesOn(header: TunnelHeader, content: string): boolean {
  return !certainFields(content, headerLabels).some((field) => header.fields.has(field));
}

/** Whether the line begins with a label of headers. */
export function isHeaderField(content: string): boolean {
  const first = firstLabel(content, headerLabels);
  return first !== null && first.field >= 0;
}

/**
 * A header's field on a line of its own that begins a header. After a session, only where the header before began likewise and
 * sessions are set apart by their indent: `Interface` may be a session's, too.
 */
export function beginsLike(header: TunnelHeader, content: string, session: string | undefined): boolean {
  const begin = (header.lines[0] as TextLine).content;
  return (
    !namesTunnel(begin) &&
    firstLabel(begin, headerLabels)?.field === firstLabel(content, headerLabels)?.field &&
    leadingSpace(content) === header.indent &&
    (session === undefined || leadingSpace(session) > header.indent)
  );
}

/**
 * A line that stands where headers stand, looks like one and cannot be read: what follows must not be taken for sessions of the
 * tunnel before it.
 */
export function isLostHeader(
  content: string,
  header: TunnelHeader | null,
  session: string | undefined,
): boolean {
  if (header === null || leadingSpace(content) > header.indent) return false;
  if (!/(?:^|,)[^:,]*(?:unnel|tunne|local id)[^:,]*:/i.test(content)) return false;
  const isIndented = session !== undefined && leadingSpace(session) > header.indent;
  return (
    isIndented || /tunnel group/i.test(content) || firstLabel(content, bodyLabels)?.field === unknownField
  );
}

/** Whether nothing but a header of this kind begins like it: `Interface: …` alone may be a session's. */
export function isPredictable(header: TunnelHeader): boolean {
  const first = header.lines[0] as TextLine;
  return header.unknown.length === 0 && namesTunnel(first.content);
}

function namesTunnel(line: string): boolean {
  return /tunnel local id[ \t]*:/i.test(line);
}
