/** How a command ends when it can not do what it was asked for. */

/** 1: what was read or asked about is wrong; 2: wrong usage; 3: Kafka or ClickHouse can not be reached. */
export type FailureStatus = 1 | 2 | 3;

/** Printed as `reel: message`, with what to do next on the line after it; no stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly status: FailureStatus;
  /** What to do next; '' when the message says it all. */
  readonly hint: string;

  constructor(status: FailureStatus, message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.hint = hint;
  }
}

export const wrongData = (message: string, hint?: string): CliError => new CliError(1, message, hint);
export const wrongUsage = (message: string, hint?: string): CliError => new CliError(2, message, hint);
export const notReachable = (message: string, hint?: string): CliError => new CliError(3, message, hint);
