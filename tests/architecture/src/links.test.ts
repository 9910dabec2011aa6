import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

const pages = [
  'README.md',
  'benchmarks/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].filter((page) => existsSync(join(root, page)));

/** Targets of a page's links within the repository; anchors are left off. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

test('the README leads through the life of a snapshot', () => {
  expect(linksOf('README.md').length).toBeGreaterThan(15);
});

test.each(pages)('what %s links is there', (page) => {
  const missing = linksOf(page).filter((target) => !existsSync(join(root, dirname(page), target)));
  expect(missing).toEqual([]);
});
