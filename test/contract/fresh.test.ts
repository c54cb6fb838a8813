/** Derived files are current, a stale one is named, and one run follows a setting that comes or goes. */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.js'

const copies: string[] = []
let copy: string
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'bbstate-fresh-'))
  copies.push(copy)
  for (const part of [
    '.config',
    'src',
    'schemas',
    'docs',
    'action.yml',
    'package.json',
    'tsconfig.json',
    'test/contract',
  ]) {
    cpSync(part, join(copy, part), { recursive: true })
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
})
afterAll(() => copies.forEach((one) => rmSync(one, { recursive: true, force: true })))

function generate(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const command = ['.config/run.mjs', 'src/generate/generate.ts', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: copy, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

test('the files of this checkout are current', () => {
  expect(generate('--check')).toEqual({ status: 0, said: '' })
})

test.each([
  'schemas/bbstate.schema.json',
  'schemas/plan.schema.json',
  'schemas/report.schema.json',
  'schemas/undo.schema.json',
  'docs/reference/commands.md',
  'docs/reference/exit-codes.md',
  'docs/reference/action.md',
  'action.yml',
  'docs/reference/settings/banner.md',
  'src/bitbucket/registry.ts',
])('a stale %s is named and mended', (path) => {
  const current = readFileSync(join(copy, path), 'utf8')
  writeFileSync(join(copy, path), `${current}\n`)
  const { status, said } = generate('--check')
  expect(status).toBe(1)
  expect(said).toContain(path)
  expect(readFileSync(join(copy, path), 'utf8')).toBe(`${current}\n`)
  expect(generate().status).toBe(0)
  expect(readFileSync(join(copy, path), 'utf8')).toBe(current)
})

test('one run takes a new setting in, and one takes it out again', () => {
  const resources = join(copy, 'src/bitbucket/resources')
  const twin = readFileSync(join(resources, 'repository-deletion.ts'), 'utf8').replace(
    "kind: 'repositoryDeletion'",
    "kind: 'twin'",
  )
  writeFileSync(join(resources, 'twin.ts'), twin)
  const schema = join(copy, 'schemas/bbstate.schema.json')
  const before = readFileSync(schema, 'utf8')

  expect(generate().said).toContain('docs/reference/settings/twin.md')
  expect(readFileSync(schema, 'utf8')).toContain('"twin"')
  expect(generate('--check')).toEqual({ status: 0, said: '' })

  rmSync(join(resources, 'twin.ts'))
  expect(generate().status).toBe(0)
  expect(readFileSync(schema, 'utf8')).toBe(before)
  expect(generate('--check')).toEqual({ status: 0, said: '' })
})

const toy = `
import { booleanIn, readObject } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/acme-notifier/latest/settings'

export default singleton({
  kind: 'toyNotifier',
  parents: [instance],
  docs: {
    area: 'server',
    title: 'A toy that notifies',
    text: 'Stands for any setting that somebody adds.',
    rest: 'Toys: Notifier, /acme-notifier/latest/settings (GET, PUT)',
    permission: 'ADMIN',
    endpoints: [path],
  },
  schema: {
    type: 'object',
    description: 'Whether it notifies.',
    required: ['enabled'],
    properties: { enabled: { type: 'boolean', description: 'Whether anybody is told.' } },
  },
  examples: [{ enabled: true }, { enabled: false }],
})({
  async read(api) {
    const raw = await api.get(path)
    return raw === null ? null : { value: { enabled: booleanIn(readObject(path, raw), 'enabled') }, raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, after)
  },
})
`

test('a setting of one file is in the command line, the schema, the documentation, a plan, an apply and an export', async () => {
  writeFileSync(join(copy, 'src/bitbucket/resources/toy-notifier.ts'), toy)
  expect(generate().status).toBe(0)
  expect(readFileSync(join(copy, 'docs/reference/coverage.md'), 'utf8')).toContain('instance.toyNotifier')
  const sandbox = await startSandbox({ port: 0 })
  const environment = {
    ...process.env,
    BBSTATE_HOME: join(copy, 'home'),
    BBSTATE_URL: sandbox.url,
    BBSTATE_USERNAME: sandbox.username,
    BBSTATE_PASSWORD: sandbox.password,
  }
  const run = async (...args: readonly string[]): Promise<string> => {
    const command = ['.config/run.mjs', 'src/cli/main.ts', ...args]
    return (await promisify(execFile)(process.execPath, command, { cwd: copy, env: environment })).stdout
  }
  try {
    writeFileSync(join(copy, 'toy.yaml'), 'instance:\n  toyNotifier: { enabled: true }\n')
    expect(await run('explain', 'toyNotifier')).toContain('A toy that notifies')
    expect(await run('plan', '-f', 'toy.yaml')).toContain('+ instance.toyNotifier')
    await run('apply', '-f', 'toy.yaml', '--auto-approve')
    expect(sandbox.state.instance.app).toEqual({ enabled: true })
    expect(await run('export', '--include', 'instance.toyNotifier')).toContain('toyNotifier:\n')
    expect(await run('doctor')).toContain('toyNotifier')
  } finally {
    await sandbox.close()
  }
})
