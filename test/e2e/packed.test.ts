/** The sandbox as others get it: out of the packed tarball, as a library in their tests and as a container's command. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start } from './program.js'

const example = 'examples/sandbox-in-vitest/banner.test.mjs'
let directory: string
let tarball: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bbstate-pack-'))
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
  for (const name of ['fs-native-extensions', 'vitest']) symlinkSync(resolve('node_modules', name), join(home, name))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('the example runs against the packed library', () => {
  expect(existsSync(join(directory, 'node_modules/bbstate', example))).toBe(true)
  copyFileSync(example, join(directory, 'banner.test.mjs'))
  const vitest = resolve('node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', directory, '--reporter=json'],
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
