import pino from 'pino';
import type { Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';
export type LogFormat = 'json' | 'pretty';

export interface LogOptions {
  readonly format?: LogFormat;
  readonly level?: string;
  /** File descriptor written to; 1 by default, 2 for programs whose stdout is their result. */
  readonly fd?: number;
}

/**
 * A program's log: JSON, one object a line with `process`, `time` (RFC 3339), `level` as a word and `msg`;
 * or the same for people, with colours on a terminal only and never under NO_COLOR.
 */
export function createLogger(name: string, options: LogOptions = {}): Logger {
  const fd = options.fd ?? 1;
  const settings = {
    level: options.level ?? 'info',
    base: { process: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  // Synchronous on purpose: the line that explains a crash must be out before the process is.
  if (options.format === 'json') return pino(settings, pino.destination({ fd, sync: true }));
  return pino(
    settings,
    pretty({
      destination: pino.destination({ fd, sync: true }),
      colorize: useColour(fd),
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname,process',
      messageFormat: (log, key) => `${name}: ${String(log[key])}`,
      singleLine: true,
      sync: true,
    }),
  );
}

/** Whether to colour what goes to a file descriptor: a terminal, and NO_COLOR (https://no-color.org) unset. */
export function useColour(fd: number, environment: NodeJS.ProcessEnv = process.env): boolean {
  const asked = environment['NO_COLOR'];
  if (asked !== undefined && asked !== '') return false;
  return (fd === 2 ? process.stderr : process.stdout).isTTY;
}
