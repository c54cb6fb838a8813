/** Processes at one token behind a helper: they race, they are killed between any two steps, and the helper is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { openToken, type Token } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import type { WorkerTask } from './token-worker.js'

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }

let directory = ''
beforeAll(async () => {
  // Below node_modules, where the packages are found that stay outside of the bundle.
  directory = mkdtempSync(resolve('node_modules', '.bbstate-worker-'))
  await build({
    entryPoints: ['test/faults/token-worker.ts'],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let bench: TokenBench
let helper = ''
const children: ChildProcess[] = []
beforeEach(async () => {
  bench = await startTokenBench({ latencyMilliseconds: 30 })
  helper = join(bench.home, 'helper.mjs')
  writeHelper()
  await (
    await open()
  ).keep({ ...requestOf(), scope: 'SYSTEM_ADMIN' }, await bench.consent(), { allowsNamelessServer: false })
  bench.sandbox.forgetRequests()
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await bench.close()
})

const requestOf = (): { baseUrl: string; clientId: string; redirectUri: string } => ({
  baseUrl: bench.transport.baseUrl,
  clientId: bench.sandbox.clientId,
  redirectUri: bench.sandbox.redirectUri,
})

/** The example, with a clock that is ahead, and with what else is changed in it. */
function writeHelper(ahead = 0, changes: readonly (readonly [from: string, to: string])[] = []): void {
  const source = readFileSync('examples/exec-store/helper.mjs', 'utf8').replaceAll(
    'Date.now()',
    `(Date.now() + ${ahead})`,
  )
  const text = changes.reduce((changed, [from, to]) => {
    expect(changed, 'the example has changed').toContain(from)
    return changed.replace(from, () => to)
  }, source)
  writeFileSync(helper, text)
  chmodSync(helper, 0o755)
}

const storeOptions = (): Readonly<Record<string, unknown>> => ({
  'token-store': `exec:${helper}`,
  'store-argument': [join(bench.home, 'records')],
})

async function open(lockTimeoutMilliseconds = 5000): Promise<Token> {
  const settings = new Settings(storeOptions(), connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') throw new Error('unreachable')
  const world = createWorld({ ...process.env }, new AbortController().signal, '0', false)
  const makeStore = await storeMaker(world, settings, choice)
  return openToken(bench.options({ keys, makeStore, lockTimeoutMilliseconds }))
}

interface Worker {
  readonly ready: Promise<void>
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly signal: NodeJS.Signals | null; readonly output: string }>
}

function startWorker(more: Partial<WorkerTask> = {}): Worker {
  const { url, clientId, clientSecret } = bench.sandbox
  const task: WorkerTask = {
    ...{ url, clientId, clientSecret, home: bench.home, key },
    name: 'bbstate worker',
    // The stored access token is due to be renewed, though the server still takes it.
    clockAhead: 3_590_000,
    store: storeOptions(),
    ...more,
  }
  const args = [join(directory, 'token-worker.mjs'), JSON.stringify(task)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  let output = ''
  const ready = new Promise<void>((done) => {
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString()
      if (output.includes('ready\n')) done()
    })
    child.on('close', () => done())
  })
  const ended = new Promise<{ signal: NodeJS.Signals | null; output: string }>((done) => {
    child.on('close', (_, signal) => done({ signal, output: output.replace('ready\n', '').trim() }))
  })
  return { ready, child, ended }
}

async function run(...workers: readonly Worker[]): Promise<readonly Awaited<Worker['ended']>[]> {
  await Promise.all(workers.map(({ ready }) => ready))
  for (const { child } of workers) child.stdin?.write('go\n')
  return Promise.all(workers.map(({ ended }) => ended))
}

it('four processes that race present the token once, and all end with the same one', async () => {
  const ended = await run(...[1, 2, 3, 4].map((index) => startWorker({ name: `bbstate worker ${index}` })))
  expect(new Set(ended.map(({ output }) => output)).size).toBe(1)
  expect(ended[0]?.output).toMatch(/^generation 2 Bearer /u)
  expect(bench.tokenRequests()).toBe(1)
})

describe('a process killed with -9', () => {
  it.each([
    ['lock', 0, 1],
    ['stage', 1, 0],
    ['commit', 1, 0],
    ['stage-removed', 1, 0],
  ] as const)('after the step "%s": others wait for its lock to end, then go on', async (dieAt, before, further) => {
    const [ended] = await run(startWorker({ dieAt, name: 'bbstate doomed' }))
    expect(ended).toEqual({ signal: 'SIGKILL', output: '' })
    expect(bench.tokenRequests()).toBe(before)
    bench.clock.advance(3_590_000)
    if (dieAt === 'lock' || dieAt === 'stage') {
      const { session } = await open(0)
      // The old token lives on for seconds, which is good enough while somebody seems to be at work with it.
      expect(await session.current()).toMatchObject({ generation: 1 })
      const error = await failureOf(session.rotate())
      expect(error).toMatchObject({ code: 'BUSY_LOCK' })
      expect(error.message).toContain('bbstate doomed on this-host')
    }
    writeHelper(121_000)
    const token = await open()
    expect(await token.session.current()).toMatchObject({ generation: 2, pending: null })
    expect(bench.tokenRequests()).toBe(before + further)
    expect(await whoIs(bench, await token.session.authorize())).toBe('admin')
    expect((await token.session.rotate()).generation).toBe(3)
  })
})

describe('a helper that dies', () => {
  const kill = "process.kill(process.pid, 'SIGKILL')"
  const write = '    return { written: true,'

  it('after it has written, each time, does not stop the refresh: what it wrote is read', async () => {
    writeHelper(0, [[write.trim(), `${kill}\n${write}`]])
    const token = await open()
    expect((await token.session.rotate()).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
    writeHelper()
    expect((await (await open()).session.current()).generation).toBe(2)
  })

  it('before it writes the pending mark costs no token', async () => {
    writeHelper(0, [['async write({', `async write() { ${kill} },\n  async unused({`]])
    expect(await failureOf((await open()).session.rotate())).toMatchObject({ code: 'AUTH_STORE' })
    expect(bench.tokenRequests()).toBe(0)
    writeHelper()
    expect((await (await open()).session.rotate()).generation).toBe(2)
  })

  it('before it writes the new token leaves it staged, and the next run commits it', async () => {
    writeHelper(0, [
      [
        'async write({ key, ifRevision, record }) {',
        `async write({ key, ifRevision, record }) {\n    if (ifRevision !== '2') ${kill}`,
      ],
    ])
    // Revision 1 is the sign-in and 2 the account's name; 3 is the pending mark.
    const error = await failureOf((await open()).session.rotate())
    expect(error).toMatchObject({ code: 'AUTH_RECOVERABLE' })
    expect(bench.tokenRequests()).toBe(1)
    writeHelper()
    expect((await (await open()).session.rotate()).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
  })
})
