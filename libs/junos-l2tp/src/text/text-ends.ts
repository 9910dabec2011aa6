/** Where a reply printed as text begins and ends. */
import { isEchoedCommand } from '../envelope/command.ts';
import { headerLabels } from './labels.ts';
import { isBanner, pagerLength, promptOf } from '../envelope/prompt.ts';

const beginnings = [...headerLabels.keys(), 'session local id', 'local'];

/** Whether the beginning of a line could be that of a listing's first line, or of the prompt behind one that is empty. */
export function mayBeginListing(cut: string): boolean {
  const text = cut.slice(pagerLength(cut)).trim().toLowerCase();
  if (/^[\w.-]*@[\w.:-]*$/.test(text)) return true;
  return beginnings.some((label) => label.startsWith(text) || text.startsWith(label));
}

/** Whether the line is no part of a listing, but what comes after one: a prompt, a banner, the next command where prompts were left out. */
export function endsReply(line: string): boolean {
  return promptOf(line) !== null || isBanner(line) || isEchoedCommand(line);
}
