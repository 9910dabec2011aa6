import type { LineTemplate, Shape } from '../text/line-templates.ts';
import type { FastLine } from './fast-step.ts';

/** A line in the matcher's memory. */
export interface KnownLine {
  /** Where it stands there. */
  readonly at: number;
  readonly shape: Shape;
  readonly line: FastLine;
  /** Of the capture at hand; of an earlier one when the line is a stranger. */
  template: LineTemplate | null;
}
