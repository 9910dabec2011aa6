/** Rows as JSON lines or CSV, written as they come. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { jsonText } from './present.ts';

export type ListFormat = 'ndjson' | 'csv';
export type Row = Readonly<Record<string, unknown>>;

/** Sends rows as they come; what they come from ends when the client goes away. */
export function sendRows(
  reply: FastifyReply,
  format: ListFormat,
  columns: readonly string[],
  rows: AsyncIterable<readonly Row[]>,
  name: string,
): FastifyReply {
  const lines = format === 'csv' ? csvLines(columns, rows) : jsonLines(rows);
  const type =
    format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson; charset=utf-8';
  return reply
    .type(type)
    .header(
      'content-disposition',
      `attachment; filename="${name.replace(/[^A-Za-z0-9._-]+/g, '_')}.${format}"`,
    )
    .send(Readable.from(lines, { objectMode: false, highWaterMark: 256 * 1_024 }));
}

/** Rows that are there already; CSV has the columns of their schema. */
export const sendList = (
  reply: FastifyReply,
  format: ListFormat,
  row: z.ZodObject,
  rows: unknown,
  name: string,
): FastifyReply => sendRows(reply, format, Object.keys(row.shape), once(rows as readonly Row[]), name);

async function* jsonLines(rows: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  for await (const some of rows) yield some.map((row) => `${jsonText(row)}\n`).join('');
}

async function* csvLines(
  columns: readonly string[],
  rows: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield `${columns.map(cell).join(',')}\r\n`;
  for await (const some of rows)
    yield some.map((row) => `${columns.map((name) => cell(row[name])).join(',')}\r\n`).join('');
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe, as spreadsheets themselves write it. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const text = typeof value === 'string' ? value : jsonText(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One array of rows as what `sendRows` takes. */
export async function* once(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  await Promise.resolve();
  for (let i = 0; i < rows.length; i += 1_000) yield rows.slice(i, i + 1_000);
}

/** A place in a list, opaque to callers. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Undefined when that is no cursor of ours. */
export function placeOf(cursor: string): unknown[] | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(place) ? place : undefined;
  } catch {
    return undefined;
  }
}
