/** What surrounds a listing on a terminal: prompt, banner, pager, line ends. */
import type { Piece } from './text.ts';

export interface Frame {
  /** Echo of the command behind the prompt, as the first line. */
  readonly prompt: boolean;
  /** The prompt again at the end, which proves that the listing is whole. */
  readonly closing: boolean;
  /** `user@host` */
  readonly promptName: string;
  /** The command as it was typed, pipes included. */
  readonly command: string;
  /** `{master}` of a router with two routing engines; '' without. */
  readonly banner: string;
  /** Remains of a pager every so many lines; 0 for none. */
  readonly pagerLines: number;
  readonly crlf: boolean;
}

/** Adds the frame to the pieces of a listing. */
export function framed(listing: readonly Piece[], frame: Frame): Piece[] {
  const pieces: Piece[] = [];
  const prompt = `${frame.banner === '' ? '' : `${frame.banner}\n`}${frame.promptName}>`;
  if (frame.prompt) pieces.push({ text: `${prompt} ${frame.command}\n`, session: -1 });
  pieces.push(...(frame.pagerLines > 0 ? paged(listing, frame.pagerLines) : listing));
  if (frame.closing) pieces.push({ text: `\n${prompt} `, session: -1 });
  if (!frame.crlf) return pieces;
  return pieces.map((piece) => ({ ...piece, text: piece.text.replaceAll('\n', '\r\n') }));
}

/** The pager writes its question, takes it back with carriage returns or backspaces, and goes on. */
function paged(listing: readonly Piece[], every: number): Piece[] {
  let lines = 0;
  let shown = 0;
  return listing.map((piece) => {
    let text = '';
    for (const line of piece.text.split(/(?<=\n)/)) {
      if (lines === every) {
        lines = 0;
        text += shown++ % 2 === 0 ? byReturn : byBackspace;
      }
      text += line;
      lines++;
    }
    return { ...piece, text };
  });
}

const question = '---(more)---';
const byReturn = `${question}\r${' '.repeat(40)}\r`;
const byBackspace = `${question}${'\b'.repeat(12)}${' '.repeat(12)}${'\b'.repeat(12)}`;
