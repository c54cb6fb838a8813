/** What is published holds together: entries that exist, no dependency too many (test/e2e/packed.test.ts has the types). */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

interface PackageJson {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<'.' | './sandbox', { readonly types: string; readonly default: string }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly version: string
}
const metadata = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson

test('bin and exports name what the build writes, and the bundle imports no package but the dependencies', async () => {
  const entries = [...Object.values(metadata.bin), metadata.exports['.'].default, metadata.exports['./sandbox'].default]
  for (const entry of entries) expect(existsSync(entry), entry).toBe(true)
  const options = { bundle: true, packages: 'external', platform: 'node', format: 'esm', metafile: true } as const
  const { metafile } = await build({
    ...options,
    entryPoints: entries,
    write: false,
    outdir: 'dist',
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.filter(({ external }) => external))
  const packages = new Set(imports.map(({ path }) => path).filter((path) => !isBuiltin(path)))
  expect([...packages]).toEqual(Object.keys(metadata.dependencies))
})

test('the program answers version and help from static text', () => {
  const run = (option: string): string =>
    spawnSync(process.execPath, ['dist/bbstate.js', option], { encoding: 'utf8' }).stdout
  expect(run('--version')).toBe(`${metadata.version}\n`)
  expect(run('--help')).toContain('bbstate plan')
  const [, helpModule = ''] = /import\("\.\/(help-text-[^"]+)"\)/u.exec(readFileSync('dist/bbstate.js', 'utf8')) ?? []
  expect(readFileSync(join('dist', helpModule), 'utf8')).toContain('bbstate plan')
})
