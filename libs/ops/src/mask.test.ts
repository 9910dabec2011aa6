import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maskFor, unmasked } from './mask.ts';

const settings = { maskRoles: ['view'], maskKey: 'k', consoleData: '' } as const;

test('a role that is named sees hashes, the same for the same name, and no other role does', () => {
  const mask = maskFor('view', settings);
  expect(mask('anna@isp.example')).toMatch(/^user-[0-9a-f]{16}$/);
  expect(mask('anna@isp.example')).toBe(maskFor('view', settings)('anna@isp.example'));
  expect(mask('anna@isp.example')).not.toBe(mask('berta@isp.example'));
  expect(mask('anna@isp.example')).not.toBe(
    maskFor('view', { ...settings, maskKey: 'other' })('anna@isp.example'),
  );
  expect(maskFor('operator', settings)).toBe(unmasked);
});

test('a key that nobody sets is made once, kept, and readable by its owner alone', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'mask-')), 'data');
  const kept = { ...settings, maskKey: '', consoleData: folder };
  const masked = maskFor('view', kept)('anna');
  expect(maskFor('view', kept)('anna')).toBe(masked);
  const path = join(folder, 'mask.key');
  expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  expect(statSync(path).mode & 0o077).toBe(0);
});
