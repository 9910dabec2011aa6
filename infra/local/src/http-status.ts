/** An error as ClickHouse tells it: a number, and `Code: N. DB::Exception: … (NAME)`. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  /** For what this server finds itself, with the engine's numbers and names. */
  static of(code: number, name: string, text: string): EngineError {
    return new EngineError(code, `Code: ${code}. DB::Exception: ${text} (${name})`);
  }
}

const statuses: Readonly<Record<number, readonly number[]>> = {
  401: [194],
  403: [192, 193, 291, 497, 516],
  404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 82, 115],
  400: [
    6, 25, 26, 27, 38, 41, 42, 43, 53, 62, 69, 72, 117, 130, 131, 164, 168, 321, 357, 377, 393, 427, 441, 456,
    457,
  ],
  408: [159],
  413: [223, 396],
  501: [48],
  503: [202, 439],
};

/** The HTTP status that ClickHouse's server gives an error (HTTPHandler, exceptionCodeToHTTPStatus). */
export function httpStatusOf(code: number): number {
  for (const [status, codes] of Object.entries(statuses)) if (codes.includes(code)) return Number(status);
  return 500;
}
