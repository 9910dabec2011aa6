import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// The first lint reads the workspace's graph, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const rule = '@nx/enforce-module-boundaries';

/** What the rule says of a file in `project` that imports `imported`. */
async function complaints(project: string, imported: string): Promise<string[]> {
  const eslint = new ESLint({ cwd: root, ruleFilter: ({ ruleId }) => ruleId === rule });
  const [result] = await eslint.lintText(`import '${imported}';\n`, {
    filePath: join(root, project, 'src/index.ts'),
  });
  return (result?.messages ?? []).map((message) => `${message.ruleId ?? 'fatal'}: ${message.message}`);
}

describe('the lint refuses', () => {
  test.each([
    ['libs/junos-l2tp', '@sessionreel/session-diff', 'core sideways'],
    ['libs/session-diff', '@sessionreel/kafka', 'core up to a port'],
    ['libs/session-model', '@sessionreel/junos-l2tp', 'the model up to core'],
    ['libs/kafka', '@sessionreel/clickhouse', 'a port sideways'],
    ['libs/ops', '@sessionreel/session-model', 'the bottom up'],
    ['infra/local', '@sessionreel/kafka', 'infrastructure to a port'],
    ['apps/loader', '@sessionreel/processor', 'an app to an app'],
  ])('%s → %s: %s', async (project, imported) => {
    const said = await complaints(project, imported);
    expect(said).toHaveLength(1);
    // Of an import that also closes a circle the rule says only that.
    expect(said[0]).toMatch(/^@nx\/enforce-module-boundaries: (A project tagged with|Circular dependency)/);
  });

  test('a way round by a relative path', async () => {
    expect(await complaints('libs/junos-l2tp', '../../session-model/src/index.ts')).not.toEqual([]);
  });
});

describe('the lint allows', () => {
  test.each([
    ['libs/junos-l2tp', '@sessionreel/session-model'],
    ['libs/kafka', '@sessionreel/ops'],
    ['apps/processor', '@sessionreel/session-diff'],
    ['apps/cli', '@sessionreel/local'],
  ])('%s → %s', async (project, imported) => {
    expect(await complaints(project, imported)).toEqual([]);
  });
});

interface Manifest {
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly nx?: { readonly tags?: readonly string[]; readonly targets?: Readonly<Record<string, unknown>> };
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

const projects = (manifest('.').workspaces ?? []).flatMap((pattern) =>
  pattern.endsWith('/*')
    ? readdirSync(join(root, pattern.slice(0, -2))).map((name) => pattern.slice(0, -1) + name)
    : [pattern],
);

test.each(projects)('%s has one layer, and the three checks', (project) => {
  const { nx } = manifest(project);
  const layers = (nx?.tags ?? []).filter((tag) => tag.startsWith('layer:'));
  expect(layers).toHaveLength(1);
  expect(layers[0]).toMatch(/^layer:(ops|model|core|port|infra|app|test)$/);
  expect(Object.keys(nx?.targets ?? {})).toEqual(expect.arrayContaining(['lint', 'typecheck', 'test']));
});

test('what runs in a worker thread reaches neither Kafka nor ClickHouse', () => {
  const depends = (folder: string): string[] => Object.keys(manifest(folder).dependencies ?? {});
  const seen = new Set<string>();
  const visit = (folder: string): void => {
    for (const name of depends(folder).filter((dependency) => dependency.startsWith('@sessionreel/'))) {
      if (seen.has(name)) continue;
      seen.add(name);
      visit(`libs/${name.slice('@sessionreel/'.length)}`);
    }
  };
  for (const folder of ['libs/junos-l2tp', 'libs/session-diff', 'libs/session-events', 'libs/workers'])
    visit(folder);
  expect([...seen].filter((name) => name.endsWith('/kafka') || name.endsWith('/clickhouse'))).toEqual([]);
});
