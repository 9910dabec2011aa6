import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { printList, type Column, type OutputForm } from './output.ts';
import { processIo } from './terminal.ts';

interface Row {
  name: string;
  bytes: bigint | null;
}
const columns: readonly Column<Row>[] = [
  { name: 'name', title: 'name', value: (x) => x.name },
  { name: 'size_bytes', title: 'bytes', value: (x) => x.bytes },
];
const rows: Row[] = [
  { name: 'a "b", c', bytes: 18446744073709551615n },
  { name: 'x\u001b[31m\ny', bytes: null },
];

async function printed(form: OutputForm, terminalColumns?: number): Promise<string> {
  const stdout = new PassThrough();
  if (terminalColumns !== undefined) Object.assign(stdout, { isTTY: true, columns: terminalColumns });
  await printList({ ...processIo, stdout }, form, columns, rows);
  return String(stdout.read());
}

it('JSON has exact integers', async () => {
  expect(await printed('ndjson')).toBe(
    '{"name":"a \\"b\\", c","size_bytes":18446744073709551615}\n{"name":"x\\u001b[31m\\ny","size_bytes":null}\n',
  );
  expect(JSON.parse(await printed('json'))).toHaveLength(2);
});

it('CSV is quoted where it must be', async () => {
  expect(await printed('csv')).toBe(
    'name,size_bytes\r\n"a ""b"", c",18446744073709551615\r\n"x\u001b[31m\ny",\r\n',
  );
});

it('a table groups digits, aligns numbers and shows controls escaped', async () => {
  expect(await printed('table')).toBe(
    'name                               bytes\na "b", c      18,446,744,073,709,551,615\nx\\x1b[31m\\ny                           –\n',
  );
});

it('a table fits the terminal', async () => {
  for (const line of (await printed('table', 30)).split('\n')) {
    // eslint-disable-next-line no-control-regex -- colours do not count
    expect(line.replace(/\u001b\[\d+m/g, '').length).toBeLessThanOrEqual(34);
  }
});
