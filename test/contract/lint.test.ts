/** The rules of the lint can fail: each is broken once, in the text of a file that exists. */
import { ESLint } from 'eslint'
import { expect, test } from 'vitest'

const eslint = new ESLint({
  overrideConfigFile: '.config/eslint.config.js',
  overrideConfig: {
    files: ['**/*.ts'],
    // With CI set, the parser would take a file's text from the disk, once, and not the text given here.
    languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } },
  },
})

const lines = (count: number): string => 'export {}\n'.repeat(count)
const branches = Array.from({ length: 18 }, (_, index) => `if (n === ${index}) return ${index}\n`).join('')

const broken: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['@typescript-eslint/no-floating-promises', 'src/app/plan.ts', 'Promise.resolve(1)'],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    'src/app/plan.ts',
    "export function f(x: 'a' | 'b') { switch (x) { case 'a': return 1 } }",
  ],
  ['@typescript-eslint/no-explicit-any', 'src/model/plan.ts', 'export const x: any = 1'],
  [
    '@typescript-eslint/consistent-type-imports',
    'src/model/plan.ts',
    "import { Secret } from './secret.js'\nexport type A = Secret",
  ],
  ['no-console', 'src/cli/face.ts', "console.log('x')"],
  ['no-restricted-syntax', 'src/model/plan.ts', 'export default 1'],
  ['no-restricted-syntax', 'src/app/plan.ts', 'export const now = new Date()'],
  ['no-restricted-syntax', 'src/bitbucket/resources/banner.ts', 'export default new Date()'],
  ['no-restricted-properties', 'src/oauth/session.ts', 'export const now = Date.now()'],
  ['no-restricted-properties', 'src/bitbucket/retry.ts', 'export const chance = Math.random()'],
  ['no-restricted-globals', 'src/app/apply.ts', 'export const x = process.env'],
  ['no-restricted-globals', 'src/cli/commands/plan.ts', 'export const x = process.env'],
  ['complexity', 'src/model/plan.ts', `export function f(n: number) {\n${branches}return 0 }`],
  ['max-lines', 'src/model/plan.ts', lines(351)],
  ['max-lines-per-function', 'src/model/plan.ts', `export function f() {\n${'f()\n'.repeat(80)}}`],
]

test.each(broken)('%s holds %s', async (rule, filePath, text) => {
  const [result] = await eslint.lintText(text, { filePath })
  expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(rule)
})

test('a setting alone is exported by default, and the entry alone touches the process', async () => {
  const allowed = [
    ['src/bitbucket/resources/banner.ts', 'export default 1\n'],
    ['src/cli/main.ts', 'export const x = process.argv\n'],
  ] as const
  for (const [filePath, text] of allowed) {
    const [result] = await eslint.lintText(text, { filePath })
    expect(result?.messages).toEqual([])
  }
})
