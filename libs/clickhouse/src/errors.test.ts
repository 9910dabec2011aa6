import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { storeErrorOf } from './errors.ts';

const server = (code: string, message: string) =>
  storeErrorOf(new ClickHouseError({ code, message }), 'inserting');

test.each([
  [
    '252',
    'Too many parts (300). Merges are processing significantly slower than inserts',
    'too_many_parts',
    true,
  ],
  ['252', 'Too many partitions for single INSERT block (more than 100)', 'too_many_partitions', false],
  ['241', 'Memory limit (total) exceeded', 'memory', true],
  ['27', 'Cannot parse input', 'bad_data', false],
  ['117', 'Incorrect data', 'bad_data', false],
  ['1001', 'avro::Exception: Unexpected end', 'bad_data', false],
  ['60', 'Table x does not exist', 'schema', false],
  ['516', 'Authentication failed', 'refused', false],
  ['159', 'Timeout exceeded', 'cancelled', true],
  ['49', 'Logical error', 'query', false],
  ['123456', 'Something new', 'query', false],
] as const)('%s %s is %s', (code, message, expected, retryable) => {
  expect(server(code, message)).toMatchObject({ code: expected, retryable, serverCode: Number(code) });
});

test('no answer is unreachable, and an abort is cancelled', () => {
  expect(storeErrorOf(new Error('connect ECONNREFUSED'), 'asking')).toMatchObject({
    code: 'unreachable',
    retryable: true,
  });
  expect(storeErrorOf(new Error('The user aborted a request.'), 'asking').code).toBe('cancelled');
  // What Node says when the server breaks off in the midst of its answer.
  expect(storeErrorOf(new Error('aborted'), 'asking').code).toBe('unreachable');
});
