import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Which layer may import which: dependencies point down only. */
export const layers = [
  { sourceTag: 'layer:ops', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:model', onlyDependOnLibsWithTags: ['layer:ops'] },
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: ['layer:model', 'layer:ops'] },
  { sourceTag: 'layer:port', onlyDependOnLibsWithTags: ['layer:core', 'layer:model', 'layer:ops'] },
  { sourceTag: 'layer:infra', onlyDependOnLibsWithTags: ['layer:ops'] },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: ['layer:port', 'layer:core', 'layer:model', 'layer:ops', 'layer:infra'],
  },
  { sourceTag: 'layer:test', onlyDependOnLibsWithTags: ['*'] },
];

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', '.nx', '.sessionreel', '**/fixtures/**', '**/coverage'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allow: [], depConstraints: layers, enforceBuildableLibDependency: false },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
