import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { useColour } from './logs.ts';

function logged(format: string): string {
  const program = `
    import { createLogger } from ${JSON.stringify(new URL('./logs.ts', import.meta.url).href)};
    createLogger('loader', { format: ${JSON.stringify(format)} }).info({ rows: 12 }, 'inserted');
    process.exit(0);`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}

test('JSON: one object a line, with the process and the level as a word, also right before an exit', () => {
  const entry = JSON.parse(logged('json')) as Record<string, unknown>;
  expect(entry).toMatchObject({ process: 'loader', level: 'info', rows: 12, msg: 'inserted' });
  expect(String(entry['time'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('pretty: process, message and fields, no colour into a pipe', () => {
  const line = logged('pretty');
  expect(line).toContain('loader: inserted');
  expect(line).toContain('"rows":12');
  expect(line).not.toContain('\u001b');
});

test('NO_COLOR is honoured', () => {
  expect(useColour(1, { NO_COLOR: '1' })).toBe(false);
});
