/** A range of time that a question is about. */
import { QuestionError, utcText, type AskOptions } from './client.ts';

export interface TimeRange extends AskOptions {
  readonly from: number;
  readonly to: number;
}

export function checkedRange(range: TimeRange): { from: string; to: string } {
  if (range.from > range.to) throw new QuestionError('the time to begin from is after the time to end at');
  return { from: utcText(range.from), to: utcText(range.to) };
}
