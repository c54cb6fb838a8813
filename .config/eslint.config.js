/** Lint with types. Budgets keep files and functions readable; effects stay in the rooms that own them. */
import tseslint from 'typescript-eslint'

/** Programs of their own: they print, and are lists of steps. */
const programs = ['src/generate/**', 'test/**']

const defaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Only a setting is exported by default; everything else has a name.',
}
const fromPorts = 'Time, chance and the process come in by the ports, so that tests can hold them still.'
const clock = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: fromPorts }
const effects = ['process', 'fetch', 'setTimeout', 'setInterval', 'crypto', 'performance']

export default tseslint.config(
  { ignores: ['dist/**', 'src/bitbucket/registry.ts', 'node_modules/**'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: '../tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', defaultExport],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      'no-empty': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      complexity: ['error', { max: 17, variant: 'modified' }],
      'max-lines': ['error', { max: 350 }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/{model,app,config,report,bitbucket,oauth}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...effects.map((name) => ({ name, message: fromPorts }))],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: fromPorts },
        { object: 'Math', property: 'random', message: fromPorts },
      ],
      'no-restricted-syntax': ['error', defaultExport, clock],
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    ignores: ['src/cli/main.ts', 'src/cli/run.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts and run.ts touch the process.' }],
    },
  },
  // What a package of somebody else exports.
  { files: ['src/**/*.d.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/bitbucket/resources/**'], rules: { 'no-restricted-syntax': ['error', clock] } },
  {
    files: programs,
    rules: {
      'no-console': 'off',
      complexity: 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
    },
  },
)
