/**
 * The rules of the house can fail: each is broken once on purpose, in a house made for it, and nothing else is reported
 * there. A rule without a case here fails too.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const config = resolve('.config/dependency-cruiser.cjs')
const { forbidden } = createRequire(import.meta.url)(config) as { forbidden: readonly { readonly name: string }[] }

let house: string
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'bbstate-house-'))
  symlinkSync(resolve('node_modules'), join(house, 'node_modules'))
  writeFileSync(join(house, 'package.json'), '{"type":"module"}')
  writeFileSync(join(house, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext","target":"es2023"}}')
})
afterAll(() => rmSync(house, { recursive: true, force: true }))

/** What breaks which rules: a file below `src`, and what it imports. */
const broken: readonly (readonly [file: string, imported: string, ...rules: string[]])[] = [
  ['model/a.ts', '../app/target.js', 'house-model'],
  ['transport.ts', './app/target.js', 'house-transport'],
  ['report/a.ts', '../app/target.js', 'house-report'],
  ['config/a.ts', '../app/target.js', 'house-config'],
  ['bitbucket/a.ts', '../oauth/target.js', 'house-bitbucket'],
  ['oauth/a.ts', '../bitbucket/target.js', 'house-oauth'],
  ['github/a.ts', '../oauth/target.js', 'house-github'],
  ['action/a.ts', '../github/target.js', 'house-action'],
  ['app/a.ts', '../bitbucket/target.js', 'house-app'],
  ['host/a.ts', '../report/target.js', 'house-host'],
  ['cli/a.ts', '../bitbucket/target.js', 'house-cli'],
  ['cli/commands/plan.ts', '../../sandbox/target.js', 'house-cli'],
  ['cli/commands/demo.ts', '../../oauth/target.js', 'sandbox-starters'],
  ['sandbox/a.ts', '../model/target.js', 'house-sandbox'],
  ['index.ts', './bitbucket/target.js', 'house-index'],
  ['host/b.ts', '../generate/target.js', 'house-host'],
  ['attic/a.ts', '../model/target.js', 'no-import-outside-the-house'],
  ['generate/a.ts', '../attic/target.js', 'no-room-outside-the-house'],
  ['model/one.ts', './two.js', 'no-circle'],
  ['model/b.ts', './index.js', 'no-barrel'],
  ['model/c.ts', './utils.js', 'no-junk-drawer'],
  ['model/d.ts', './helpers/target.js', 'no-junk-drawer'],
  ['app/b.ts', 'node:fs', 'side-effects-in-host'],
  ['model/e.ts', 'fs', 'side-effects-in-host'],
  ['transport.ts', 'node:fs', 'transport-opens-connections-only'],
  ['model/f.ts', './missing.js', 'no-unresolved'],
  ['app/c.ts', 'vitest', 'library-without-owner'],
  ['app/d.ts', 'json-diff-ts', 'library-json-diff-ts'],
  ['report/c.ts', 'get-east-asian-width', 'library-get-east-asian-width'],
  ['report/b.ts', 'chalk', 'library-chalk'],
  ['bitbucket/b.ts', 'undici', 'library-undici'],
  ['host/c.ts', 'ajv', 'library-ajv'],
  ['host/d.ts', 'js-yaml', 'library-js-yaml'],
  ['host/e.ts', 'yargs', 'library-yargs'],
  ['host/f.ts', 'fs-native-extensions', 'library-fs-native-extensions'],
  ['host/i.ts', 'libsodium-wrappers', 'library-libsodium-wrappers'],
  ['cli/b.ts', 'open', 'library-open'],
  ['cli/c.ts', 'env-paths', 'library-env-paths'],
  ['host/g.ts', 'esbuild', 'library-esbuild'],
]

/** What the rules let pass; none of it may be reported. */
const sound: readonly (readonly [file: string, imported: string])[] = [
  ['model/two.ts', './one.js'], // the way back of a circle, which is reported once
  ['cli/commands/sandbox.ts', '../../sandbox/target.js'],
  ['host/lock.ts', 'fs-native-extensions'],
  ['host/sealed-box.ts', 'libsodium-wrappers'],
  ['host/h.ts', '../bitbucket/target.js'],
  ['model/compare.ts', 'json-diff-ts'],
  ['report/terminal.ts', 'chalk'],
  ['sandbox/b.ts', 'node:http'],
  ['transport.ts', 'undici'],
]

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

/** Every violation below `src` of a folder, as `file: rule`. */
function cruise(cwd: string): readonly string[] {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const args = [program, '--config', config, '--output-type', 'json', 'src']
  const { stdout } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
  const { summary } = JSON.parse(stdout) as Cruise
  return [...new Set(summary.violations.map(({ from, rule }) => `${from.replace(/^src\//u, '')}: ${rule.name}`))].sort()
}

function build(imports: readonly (readonly [file: string, imported: string, ...rest: string[]])[], word: string): void {
  rmSync(join(house, 'src'), { recursive: true, force: true })
  const texts = new Map<string, string>()
  for (const [file, imported] of imports) {
    const line = word === 'type' ? `export type * from '${imported}'\n` : `import '${imported}'\n`
    texts.set(file, (texts.get(file) ?? '') + line)
    const target = join(dirname(file), imported).replace(/js$/u, 'ts')
    if (imported.startsWith('.') && !imported.includes('missing') && !texts.has(target)) texts.set(target, '')
  }
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(house, 'src', file)), { recursive: true })
    writeFileSync(join(house, 'src', file), `${text}export {}\n`)
  }
}

const expected = [...new Set(broken.flatMap(([file, , ...rules]) => rules.map((rule) => `${file}: ${rule}`)))].sort()

test('every rule catches what it forbids, and nothing more', () => {
  build([...broken, ...sound], 'value')
  expect(cruise(house)).toEqual(expected)
})

test('an import of types alone is an import', () => {
  build([...broken, ...sound], 'type')
  expect(cruise(house)).toEqual(expected)
})

test('no rule stands here unbroken', () => {
  const names = new Set(broken.flatMap(([, , ...rules]) => rules))
  expect(forbidden.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([])
})

test('the house as it stands breaks none', () => {
  expect(cruise('.')).toEqual([])
})
