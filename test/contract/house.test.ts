/** The rules of the house can fail: each is broken once on purpose, in a house made for it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

let house: string
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'bbstate-house-'))
  symlinkSync(resolve('node_modules'), join(house, 'node_modules'))
  writeFileSync(join(house, 'package.json'), '{"type":"module"}')
  writeFileSync(join(house, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext","target":"es2023"}}')
})
afterAll(() => rmSync(house, { recursive: true, force: true }))

const broken: readonly (readonly [rule: string, files: Readonly<Record<string, string>>])[] = [
  ['house-model', { 'model/a.ts': "import '../app/b.js'", 'app/b.ts': 'export {}' }],
  [
    'house-config',
    { 'config/a.ts': "import type { B } from '../app/b.js'\nexport type A = B", 'app/b.ts': 'export type B = 1' },
  ],
  ['house-bitbucket', { 'bitbucket/a.ts': "import '../oauth/b.js'", 'oauth/b.ts': 'export {}' }],
  ['house-sandbox', { 'sandbox/a.ts': "import '../model/b.js'", 'model/b.ts': 'export {}' }],
  ['house-cli', { 'cli/a.ts': "import '../sandbox/b.js'", 'sandbox/b.ts': 'export {}' }],
  ['sandbox-starters', { 'cli/commands/demo.ts': "import '../../oauth/b.js'", 'oauth/b.ts': 'export {}' }],
  ['no-circle', { 'model/a.ts': "import './b.js'", 'model/b.ts': "import './a.js'" }],
  ['no-barrel', { 'model/a.ts': "import './index.js'", 'model/index.ts': 'export {}' }],
  ['no-junk-drawer', { 'model/a.ts': "import './utils.js'", 'model/utils.ts': 'export {}' }],
  ['side-effects-in-host', { 'app/a.ts': "import 'node:fs'" }],
  ['library-chalk', { 'model/a.ts': "import 'chalk'" }],
  ['library-undici', { 'bitbucket/a.ts': "import 'undici'" }],
  ['library-json-diff-ts', { 'app/a.ts': "import 'json-diff-ts'" }],
]

test('every rule catches what it forbids', () => {
  for (const [rule, files] of broken) {
    rmSync(join(house, 'src'), { recursive: true, force: true })
    for (const [name, text] of Object.entries(files)) {
      const path = join(house, 'src', name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${text}\n`)
    }
    const config = resolve('.config/dependency-cruiser.cjs')
    const args = [resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs'), '--config', config, 'src']
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8' })
    expect(`${stdout}${stderr}`, rule).toContain(`error ${rule}`)
  }
})
