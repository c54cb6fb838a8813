/** What is published holds together: types that need no package of ours, entries that exist, no dependency too many. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface PackageJson {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<'.' | './sandbox', { readonly types: string; readonly default: string }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly version: string
}
const metadata = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson
const compiler = resolve('node_modules/typescript/bin/tsc')
const typesDirectory = 'dist/types/'

let consumer: string
beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), 'bbstate-consumer-'))
  const args = [compiler, '-p', '.config/tsconfig.types.json', '--outDir', join(consumer, 'types')]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(`${status} ${stdout}`).toBe('0 ')
})
afterAll(() => rmSync(consumer, { recursive: true, force: true }))

test('the declarations import nothing that an installation does not bring', () => {
  const files = readdirSync(join(consumer, 'types'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  )
  expect(files.length).toBeGreaterThan(10)
  const foreign = files.flatMap((name) =>
    [...readFileSync(join(consumer, 'types', name), 'utf8').matchAll(/(?:from |import\()'([^.'][^']*)'/gu)]
      .map(([, module = '']) => `${name}: ${module}`)
      .filter((line) => !/: node:/u.test(line)),
  )
  expect(foreign).toEqual([])
})

test('a strict program compiles against them, every declaration checked', () => {
  const entry = join(consumer, metadata.exports['.'].types.replace(/^[.]\//u, '').replace(typesDirectory, 'types/'))
  expect(existsSync(entry)).toBe(true)
  writeFileSync(join(consumer, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(consumer, 'program.ts'),
    `import { loadConfiguration, makePlan, Settings, type Plan } from './types/index.js'
export const ready: readonly unknown[] = [loadConfiguration, makePlan, Settings]
export const count = (plan: Plan): number => plan.changes.length
`,
  )
  const args = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--noEmit', '--skipLibCheck', 'false']
  const types = ['--types', 'node', '--typeRoots', resolve('node_modules/@types'), join(consumer, 'program.ts')]
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...args, ...types], {
    cwd: consumer,
    encoding: 'utf8',
  })
  expect(`${status} ${stdout}`).toBe('0 ')
})

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
