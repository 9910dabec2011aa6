/** Sessions as CLI text, in pieces, so that a cut is known by the session it falls into. */
import type { Level, SessionRecord } from '@sessionreel/session-model';
import { layoutOf, type BlockLayout, type Line, type Part, type PrintVariant } from './layouts.ts';
import { plainStyle, printValue, type ValueStyle } from './values.ts';

export interface TextStyle extends ValueStyle {
  /** Indents by line name that differ from the layout's, as the no-break spaces of sample 07. */
  readonly indents: Readonly<Record<string, string>>;
}

export const plainText: TextStyle = { ...plainStyle, indents: {} };

/** The indent that the CLI reference shows for some lines of M Series: no-break spaces. */
export const noBreakIndent = '\u00a0'.repeat(4);

/** Sessions of one tunnel, in the order of the listing. The tunnel's fields are taken from the first. */
export interface TunnelGroup {
  readonly sessions: readonly SessionRecord[];
}

/** Part of a printed listing: `session` counts the listing's sessions from 0; −1 for what stands around them. */
export interface Piece {
  readonly text: string;
  readonly session: number;
}

/** The listing without what surrounds it (prompt, banner). `styleOf` may differ by session. */
export function printText(
  groups: readonly TunnelGroup[],
  variant: PrintVariant,
  level: Level,
  style: TextStyle | ((session: number) => TextStyle) = plainText,
): Piece[] {
  const layout = layoutOf(variant, level);
  const pieces: Piece[] = [];
  let session = 0;
  groups.forEach((group, index) => {
    const first = group.sessions[0];
    if (first === undefined) return;
    const separator = index > 0 && variant === 'lns-m' && level === 'extensive' ? '\n' : '';
    const heading = layout.kind === 'table' ? layout.heading : '';
    pieces.push({ text: `${separator}${printHeader(first, variant)}${heading}`, session: -1 });
    for (const record of group.sessions) {
      const own = typeof style === 'function' ? style(session) : style;
      const text =
        layout.kind === 'table'
          ? printRow(record, variant, own)
          : printBlock(record, layout, own, level === 'statistics');
      pieces.push({ text, session: session++ });
    }
  });
  return pieces;
}

function printHeader(record: SessionRecord, variant: PrintVariant): string {
  const id = printValue(record, 'tunnel_local_id', plainStyle) ?? '';
  if (variant !== 'lns-m') return `Tunnel local ID: ${id}\n`;
  const at = printValue(record, 'tunnel_interface_name', plainStyle) ?? '';
  const group = printValue(record, 'tunnel_group_name', plainStyle) ?? '';
  return `Interface: ${at}, Tunnel group: ${group}, Tunnel local ID: ${id.padStart(5)}\n`;
}

function printRow(record: SessionRecord, variant: PrintVariant, style: ValueStyle): string {
  const cell = (field: string): string => printValue(record, field, style) ?? '';
  const local = cell('session_local_id');
  const remote = cell('session_remote_id');
  const state = cell('state');
  const unit = cell('interface_unit');
  if (variant === 'lns-mx')
    return `  ${local.padEnd(7)}${remote.padEnd(9)}${state.padEnd(21)}${unit.padEnd(18)}${cell('interface_name')}\n`;
  if (variant === 'lac')
    return `  ${local.padStart(6)} ${remote.padStart(6)}   ${state.padEnd(20)} ${unit.padStart(9)}         ${cell('interface_name').padEnd(20)}\n`;
  const ids = `  ${local.padStart(5)} ${remote.padStart(6)} ${unit.padStart(9)}`;
  return `${`${ids} ${state.padEnd(19)} ${cell('bundle_id').padStart(6)} ${cell('user_name')}`.trimEnd()}\n`;
}

function printBlock(record: SessionRecord, layout: BlockLayout, style: TextStyle, tabbed: boolean): string {
  let text = '';
  for (const line of layout.lines) {
    text += printLine(record, line, style);
    if (line.name === 'state')
      for (const [label, value] of record.unknown) text += `    ${label}: ${value}\n`;
  }
  return text + (tabbed ? printTabbed(record, layout) : printCounters(record, layout));
}

function printLine(record: SessionRecord, line: Line, style: TextStyle): string {
  const indent = style.indents[line.name] ?? line.indent;
  let text = '';
  let source = false;
  for (const part of line.parts) {
    const printed = printPart(record, part, style);
    if (printed === undefined) continue;
    // A speed with its source stands on a line of its own.
    if (text === '') text = indent + printed;
    else text += source ? `\n${indent}${printed}` : `, ${printed}`;
    source = record.values[`${part.field}_source`] !== undefined;
  }
  return text === '' ? '' : `${text}\n`;
}

function printPart(record: SessionRecord, part: Part, style: ValueStyle): string | undefined {
  const value = printValue(record, part.field, style);
  if (value === undefined) return undefined;
  if (value === '') return `${part.label}:`;
  return `${part.label}: ${part.width === undefined ? value : value.padStart(part.width)}`;
}

function printCounters(record: SessionRecord, layout: BlockLayout): string {
  let text = '';
  for (const { label, packets, bytes } of layout.counters) {
    const count = printValue(record, packets, plainStyle);
    if (count === undefined) continue;
    text += `      ${label} ${count.padStart(24 - label.length)}`;
    const size = bytes === undefined ? undefined : printValue(record, bytes, plainStyle);
    text += size === undefined ? '\n' : ` ${size.padStart(12)}\n`;
  }
  return text === '' ? '' : `${' '.repeat(24)}Packets        Bytes\n${text}`;
}

/** The `statistics` form: tabs, not indented. */
function printTabbed(record: SessionRecord, layout: BlockLayout): string {
  let text = '\t\t\t\tPackets \t\tBytes \n';
  for (const { label, packets, bytes } of layout.counters) {
    const count = printValue(record, packets, plainStyle) ?? '';
    const size = bytes === undefined ? '' : (printValue(record, bytes, plainStyle) ?? '');
    text += `${label} \t\t${count} \t\t\t${size}\n`;
  }
  return text;
}
