/** bbstate as others get it: out of the packed tarball, as a library, as a sandbox in tests and as a container's command. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start } from './program.js'

const installed = 'node_modules/bbstate'
const example = 'examples/sandbox-in-vitest/banner.test.mjs'
let directory: string
let tarball: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bbstate-pack-'))
  // What prepack does after the build.
  expect(compile(['-p', '.config/tsconfig.types.json'], '.')).toBe('0 ')
  const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory], {
    encoding: 'utf8',
  })
  expect(packed.status).toBe(0)
  tarball = packed.stdout.trim()
  const home = join(directory, 'node_modules')
  mkdirSync(home)
  expect(spawnSync('tar', ['-xf', tarball, '-C', home], { cwd: directory, encoding: 'utf8' }).stderr).toBe('')
  spawnSync('mv', [join(home, 'package'), join(home, 'bbstate')])
  // The one dependency, and the consumer's own test runner.
  mkdirSync(join(home, '@types'))
  for (const name of ['fs-native-extensions', 'vitest', '@types/node', 'undici-types'])
    symlinkSync(resolve('node_modules', name), join(home, name))
}, 300_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** What the TypeScript compiler says, after its exit code. */
function compile(args: readonly string[], cwd: string): string {
  const compiler = resolve('node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...args], { cwd, encoding: 'utf8' })
  return `${status} ${stdout}`
}

describe('the library', () => {
  test('the example plans, applies, sees the drift, and is refused what was not approved', () => {
    cpSync('examples/library', join(directory, 'library'), { recursive: true })
    const environment = { PATH: process.env['PATH'], CI: 'true', BBSTATE_URL: 'https://elsewhere.example.com' }
    const args = [join(directory, 'library/nightly.mjs')]
    const run = spawnSync(process.execPath, args, {
      cwd: directory,
      encoding: 'utf8',
      env: environment as NodeJS.ProcessEnv,
    })
    // Nothing but what the example prints, and nothing taken from its environment.
    expect(`${run.status} ${run.stderr}`).toBe('0 ')
    expect(run.stdout.split('\n')).toEqual([
      'declared: instance.banner, instance.defaultBranch',
      'create instance.banner',
      'create instance.defaultBranch',
      expect.stringMatching(/^done instance[.](?:banner|defaultBranch)$/u),
      expect.stringMatching(/^done instance[.](?:banner|defaultBranch)$/u),
      'converged: true',
      'drift of instance.banner; live is:',
      'instance:',
      '  banner:',
      '    message: Party in the canteen',
      'refused: PLAN_STALE: The plan is no longer what would happen',
      '',
    ])
  })

  test('the declarations import nothing that an installation does not bring', () => {
    const types = join(directory, installed, 'dist/types')
    const files = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'))
    expect(files.length).toBeGreaterThan(10)
    const foreign = files.flatMap((name) =>
      [...readFileSync(join(types, name), 'utf8').matchAll(/(?:from |import\()'([^'.][^']*)'/gu)]
        .map(([, module = '']) => `${name}: ${module}`)
        .filter((line) => !/: node:/u.test(line)),
    )
    expect(foreign).toEqual([])
  })

  test('a strict program compiles against them, every declaration checked, and a wrong one does not', () => {
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(directory, 'program.ts'),
      `import { apply, ApplyError, type ApplyReport, BbstateError, drift, type Drift, plan, type Plan, validate } from 'bbstate'
import { startSandbox } from 'bbstate/sandbox'
const server = { url: 'https://bitbucket.example.com', credentials: { clientId: 'a', clientSecret: 'b' } }
export const planned: Promise<Plan> = plan({ ...server, files: ['a.yaml'], targets: ['instance.groups[*]'] })
export const applied: Promise<ApplyReport> = apply('digest', { ...server, keepUndo: async ({ items }) => void items })
export const drifted: Promise<Drift> = drift({ ...server, listen: (event) => event.type === 'waiting' && event.seconds })
export const declared: Promise<readonly string[]> = validate().then(({ addresses }) => addresses)
export const done = (error: unknown): number | undefined =>
  error instanceof ApplyError ? error.report.summary.done : error instanceof BbstateError ? error.exitCode : undefined
export const sandbox = startSandbox
// @ts-expect-error a plan of a snapshot cannot be applied
export const refused = apply('digest', { snapshot: 'snapshot.json' })
// @ts-expect-error validate reaches no server
export const nowhere = validate({ url: 'https://bitbucket.example.com' })
`,
    )
    const args = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--noEmit', '--skipLibCheck', 'false']
    expect(compile([...args, '--exactOptionalPropertyTypes', '--types', 'node', 'program.ts'], directory)).toBe('0 ')
  }, 300_000)
})

test('the sandbox example runs against the packed library', () => {
  expect(existsSync(join(directory, installed, example))).toBe(true)
  copyFileSync(example, join(directory, 'banner.test.mjs'))
  const vitest = resolve('node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', directory, '--reporter=json', 'banner.test.mjs'],
    {
      cwd: directory,
      encoding: 'utf8',
    },
  )
  expect(`${status} ${stderr}`).toBe('0 ')
  expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 2, numFailedTests: 0 })
})

test('the container file takes what is packed, and its command starts a sandbox that is careful', async () => {
  const lines = readFileSync('examples/sandbox-container/Containerfile', 'utf8').split('\n')
  const [, pattern = ''] = /^COPY (\S+) /u.exec(lines.find((line) => line.startsWith('COPY')) ?? '') ?? []
  expect([pattern, /^bbstate-.*\.tgz$/u.test(tarball)]).toEqual(['bbstate-*.tgz', true])
  const read = (word: string): readonly string[] =>
    JSON.parse(lines.find((line) => line.startsWith(`${word} `))?.slice(word.length) ?? '[]') as string[]
  const [program, ...words] = [...read('ENTRYPOINT'), ...read('CMD')]
  expect(program).toBe('bbstate')
  const data = join(directory, 'data')
  const args = words.map((word) => (word === '/data' ? data : word))
  const sandbox = start([...args, '--port', '0', '--json'])
  try {
    const { url, controlToken } = JSON.parse(await sandbox.waitFor(/^\{.*\}$/mu)) as Record<
      'url' | 'controlToken',
      string
    >
    const ask = (path: string): Promise<Response> =>
      fetch(url + path, { redirect: 'manual', headers: { 'x-control-token': controlToken } })
    expect((await ask('/status')).status).toBe(200)
    expect((await ask('/')).headers.get('location')).toBe('/login?next=%2F')
    expect((await ask('/__control/state')).status).toBe(404)
    expect(readdirSync(data)).toContain('sandbox.json')
  } finally {
    sandbox.kill('SIGTERM')
    expect((await sandbox.ended).code).toBe(0)
  }
})
