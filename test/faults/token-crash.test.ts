/** Two processes at one token, and a process killed between any two steps: nothing is presented twice, nothing is lost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import type { DeathPoint, WorkerTask } from './token-worker.js'

let worker = ''
let directory = ''
beforeAll(async () => {
  // Below node_modules, where the packages are found that stay outside of the bundle.
  directory = mkdtempSync(resolve('node_modules', '.bbstate-worker-'))
  worker = join(directory, 'worker.mjs')
  await build({
    entryPoints: ['test/faults/token-worker.ts'],
    outfile: worker,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let bench: TokenBench
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await bench.close()
})

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }

async function begin(latencyMilliseconds = 0): Promise<void> {
  bench = await startTokenBench({ latencyMilliseconds })
  await bench.signIn({ keys })
  bench.sandbox.forgetRequests()
}

interface Worker {
  readonly ready: Promise<void>
  go(): void
  readonly ended: Promise<{ readonly signal: NodeJS.Signals | null; readonly output: string }>
}

function startWorker(more: Partial<WorkerTask> = {}): Worker {
  const { url, clientId, clientSecret } = bench.sandbox
  // The clock is so far ahead that the stored access token is due to be renewed, though the server still takes it.
  const task: WorkerTask = {
    url,
    clientId,
    clientSecret,
    home: bench.home,
    key,
    name: 'bbstate worker',
    clockAhead: 3_590_000,
    ...more,
  }
  const child = spawn(process.execPath, [worker, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  let output = ''
  let setReady = (): void => undefined
  const ready = new Promise<void>((done) => {
    setReady = done
  })
  child.stdout?.on('data', (piece: Buffer) => {
    output += piece.toString()
    if (output.includes('ready\n')) setReady()
  })
  const ended = new Promise<{ signal: NodeJS.Signals | null; output: string }>((done) => {
    child.on('close', (_, signal) => {
      setReady()
      done({ signal, output: output.replace('ready\n', '').trim() })
    })
  })
  return { ready, ended, go: () => void child.stdin?.write('go\n') }
}

async function race(count: number): Promise<readonly string[]> {
  const workers = Array.from({ length: count }, (_, index) => startWorker({ name: `bbstate worker ${index}` }))
  await Promise.all(workers.map((each) => each.ready))
  for (const each of workers) each.go()
  return (await Promise.all(workers.map((each) => each.ended))).map(({ output }) => output)
}

async function dieAt(point: DeathPoint): Promise<void> {
  const doomed = startWorker({ dieAt: point, name: `bbstate doomed at ${point}` })
  await doomed.ready
  doomed.go()
  expect(await doomed.ended).toEqual({ signal: 'SIGKILL', output: '' })
}

/** What the API client does: use the token; where the server does not know it, renew it and use the next. */
async function useToken(): Promise<string | null> {
  const { session } = await bench.open({ keys })
  const header = await session.authorize()
  const name = await whoIs(bench, header)
  if (name !== null) return name
  await session.renew(header)
  return whoIs(bench, await session.authorize())
}

describe('processes that race for one refresh', () => {
  it.each([2, 5])('%i of them send it once, and all end with the same token', async (count) => {
    await begin(50)
    const outputs = await race(count)
    expect(new Set(outputs).size).toBe(1)
    expect(outputs[0]).toMatch(/^generation 2 Bearer /u)
    expect(bench.tokenRequests()).toBe(1)
  })
})

describe('a process killed with -9', () => {
  it.each([
    // Its own refresh never left, or it did and the pair was safe: one refresh in all, and it is generation 2.
    ['lock', 1],
    ['pending', 1],
    ['stage', 0],
    ['commit', 0],
    ['stage-removed', 0],
  ] as const)('after the step "%s": the next run goes on', async (point, further) => {
    await begin()
    await dieAt(point)
    const before = bench.tokenRequests()
    expect(before).toBe(1 - further)
    bench.clock.advance(3_590_000)
    expect(await useToken()).toBe('admin')
    expect(bench.tokenRequests() - before).toBe(further)
    // Only where the dead run's request might still be on its way, that is waited out.
    expect(bench.clock.slept.includes(60_000)).toBe(point === 'pending')
    const { vault } = await bench.open({ keys })
    expect(await vault.read()).toMatchObject({ generation: 2, account: 'admin', pending: null })
    // The token that was saved is whole: it can be refreshed again.
    expect(await vault.rotate()).toMatchObject({ generation: 3 })
    expect(Object.keys(bench.files()).filter((name) => name.includes('stage'))).toEqual([])
    expect(bench.sandbox.requests.filter(({ path, status }) => path.endsWith('/token') && status !== 200)).toEqual([])
  })

  it('between the answer and the stage: what was lost is said, with run and time, and the old token is presented once more at most', async () => {
    await begin()
    await dieAt('answer')
    expect(bench.tokenRequests()).toBe(1)
    const error = await failureOf(useToken())
    expect(error).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED', exitCode: 6 })
    expect(error.message).toMatch(/its new token is lost: bbstate doomed at answer on this-host, begun 20\d\d-/u)
    expect(error.hint).toContain('bbstate auth login')
    // Once more, since the server might not have got so far; that is noted, and nothing is presented a third time.
    expect(bench.tokenRequests()).toBe(2)
    expect((await failureOf(useToken())).message).toBe(error.message)
    expect(bench.tokenRequests()).toBe(2)
    await bench.signIn({ keys })
    expect(await useToken()).toBe('admin')
  })
})
