/** The frame of a listing that came in parts: the parts' frames put together again. */
import { parseDocument, type Document, type IrregularGap } from '../layout/layout.ts';

/** Tunnel of a session, for telling whether a part went on in the middle of one. */
export interface InTunnel {
  readonly record: { readonly values: Readonly<Record<string, unknown>> };
}

/** The frame of one part of a listing. */
export interface FrameOfPart {
  /** JSON of the frame; '' when it is not known. */
  readonly document: string;
  readonly sessions: number;
}

/**
 * What the parts before the last end with and those after the first begin with was put there when the listing was divided; between them
 * stands what stands between sessions everywhere. The frame of the whole as JSON; '' when no part's is known.
 * @param sessions of the whole listing, in order
 */
export function joinedFrame(parts: readonly FrameOfPart[], sessions: readonly InTunnel[]): string {
  const known = parts.filter((x) => x.document !== '');
  const first = known[0];
  const last = known.at(-1);
  if (first === undefined || last === undefined) return '';
  if (parts.length === 1) return first.document;
  const documents = parts.map((x) => (x.document === '' ? null : parseDocument(x.document)));
  const head = documents[0] ?? parseDocument(first.document);
  const tail = documents.at(-1) ?? parseDocument(last.document);
  const tunnelOf = (index: number): unknown => sessions[index]?.record.values['tunnel_local_id'];
  const gaps: IrregularGap[] = [];
  let start = 0;
  let between: Document['tunnelGap'] = '';
  parts.forEach((part, i) => {
    const goesOn = start > 0 && tunnelOf(start) === tunnelOf(start - 1);
    for (const gap of documents[i]?.gaps ?? []) {
      // The header that a part repeats is not there in the whole.
      if (gap.index === 0 && goesOn) continue;
      gaps.push({ ...gap, index: gap.index + start });
    }
    // The ledger's last entry counts the whole listing.
    start += i === parts.length - 1 ? 0 : part.sessions;
    const cut = i === parts.length - 1 ? null : (documents[i] ?? null);
    const endsTunnel = tunnelOf(start) !== tunnelOf(start - 1);
    if (cut !== null && between === '' && endsTunnel) between = tunnelEnd(cut);
  });
  const told = (name: 'tunnelGap' | 'sessionGap'): Document['tunnelGap'] =>
    documents.find((x) => x !== null && x[name] !== '')?.[name] ?? '';
  const tunnelGap = told('tunnelGap');
  const joined: Document = {
    ...head,
    tail: tail.tail,
    trim: tail.trim,
    tunnelGap: tunnelGap === '' ? between : tunnelGap,
    sessionGap: told('sessionGap'),
    gaps,
  };
  return JSON.stringify(joined);
}

/** What stands between two tunnels, by the end of a part that was cut there. */
function tunnelEnd({ format, tail }: Document): Document['tunnelGap'] {
  if (format === 'text' || typeof tail !== 'string') return tail;
  // Behind the tunnel's end tag stand those that close the part; before the next start tag, the indent of this end tag.
  const match = /^[^]*?(\s*)<\/(?:[^<>:/]+:)?l2tp-per-tunnel-session-table>/.exec(tail);
  return match === null ? '' : match[0] + (match[1] ?? '');
}
