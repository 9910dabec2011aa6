/** What was found where sessions are predicted, beside the values of their rows. */

/** What a predicted session has beside its row. */
export interface Predicted {
  readonly layout: number;
  /** Its lines, without those of a header before it. */
  readonly bodyLines: number;
}

/** What a successful match gives beside the row's values. */
export const found = {
  /** Where the blank lines before header or session end. */
  gapEnd: 0,
  /** Where the header ends and the session begins; the same as `gapEnd` without a header. */
  bodyStart: 0,
  hasHeader: false,
  end: 0,
  /** Nothing follows the session: no more text will come. */
  isCut: false,
  layout: 0,
  /** Lines in all, and those of the session. */
  lines: 0,
  bodyLines: 0,
};

/** Of each session of a run. */
export const run = { layout: 0, bodyLines: 0 };
