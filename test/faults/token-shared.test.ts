/** Processes at one token in etcd and in Vault: they race, and they are killed between any two steps. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { openToken, type Token } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { type EtcdCluster, hasEtcd, startEtcd } from '../etcd.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import { type FakeVault, startVault } from '../vault.js'
import type { DeathPoint, WorkerTask } from './token-worker.js'

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }

let directory = ''
beforeAll(async () => {
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

/** A store that many machines share. */
interface Shared {
  readonly option: string
  /** Lets the lock of a dead run end, which it would by itself after two minutes. */
  endLocks(): Promise<void>
  close(): Promise<void>
}

async function sharedEtcd(): Promise<Shared> {
  const cluster: EtcdCluster = await startEtcd(1)
  const [endpoint = ''] = cluster.endpoints
  const call = async (path: string, body: object): Promise<{ leases?: readonly { ID: string }[] }> =>
    (await (await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as object
  return {
    option: `etcd:${endpoint}`,
    async endLocks() {
      const { leases = [] } = await call('/v3/lease/leases', {})
      for (const { ID } of leases) await call('/v3/lease/revoke', { ID })
    },
    close: () => cluster.close(),
  }
}

async function sharedVault(): Promise<Shared> {
  const vault: FakeVault = await startVault()
  return {
    option: `vault:${vault.url}/secret/bbstate`,
    endLocks: async () => {
      vault.skew += 121_000
    },
    close: () => vault.close(),
  }
}

const stores: readonly (readonly [string, () => Promise<Shared>])[] = [
  ['Vault', sharedVault],
  ...(hasEtcd ? [['etcd', sharedEtcd] as const] : []),
]

describe.each(stores)('one token in %s', (_name, startShared) => {
  let shared: Shared
  let bench: TokenBench
  const children: ChildProcess[] = []
  beforeAll(async () => {
    shared = await startShared()
  }, 60_000)
  afterAll(() => shared.close())
  beforeEach(async () => {
    process.env['BBSTATE_VAULT_TOKEN'] = 'root'
    bench = await startTokenBench({ latencyMilliseconds: 30 })
    const { sandbox, transport } = bench
    const request = { baseUrl: transport.baseUrl, clientId: sandbox.clientId, redirectUri: sandbox.redirectUri }
    const grant = await bench.consent()
    await (await open()).keep({ ...request, scope: 'SYSTEM_ADMIN' }, grant, { allowsNamelessServer: false })
    sandbox.forgetRequests()
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await bench.close()
    delete process.env['BBSTATE_VAULT_TOKEN']
  })

  async function open(lockTimeoutMilliseconds = 5000): Promise<Token> {
    const settings = new Settings({ 'token-store': shared.option }, connectionOptions, {})
    const choice = chooseStore(settings)
    if (choice.type === 'file') throw new Error('unreachable')
    const world = createWorld({ ...process.env }, new AbortController().signal, '0', false)
    const makeStore = await storeMaker(world, settings, choice)
    return openToken(bench.options({ keys, makeStore, lockTimeoutMilliseconds }))
  }

  async function runWorkers(count: number, more: Partial<WorkerTask> = {}): Promise<readonly string[]> {
    const { url, clientId, clientSecret } = bench.sandbox
    const started = Array.from({ length: count }, (_, index) => {
      const task: WorkerTask = {
        ...{ url, clientId, clientSecret, home: bench.home, key },
        name: `bbstate worker ${index}`,
        // The stored access token is due to be renewed, though the server still takes it.
        clockAhead: 3_590_000,
        store: { 'token-store': shared.option },
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
      const ended = new Promise<string>((done) => {
        child.on('close', (_code, signal) => done(signal ?? output.replace('ready\n', '').trim()))
      })
      return { child, ready, ended }
    })
    await Promise.all(started.map(({ ready }) => ready))
    for (const { child } of started) child.stdin.write('go\n')
    return Promise.all(started.map(({ ended }) => ended))
  }

  it('four processes that race present it once, and all end with the same one', async () => {
    const outputs = await runWorkers(4)
    expect(new Set(outputs).size).toBe(1)
    expect(outputs[0]).toMatch(/^generation 2 Bearer /u)
    expect(bench.tokenRequests()).toBe(1)
  }, 60_000)

  it.each([
    ['lock', 0, 1],
    ['pending', 0, 1],
    ['stage', 1, 0],
    ['commit', 1, 0],
  ] as const)(
    'a kill after the step "%s" holds others off, and then loses nothing',
    async (dieAt, before, further) => {
      expect(await runWorkers(1, { dieAt: dieAt as DeathPoint })).toEqual(['SIGKILL'])
      expect(bench.tokenRequests()).toBe(before)
      bench.clock.advance(3_590_000)
      const busy = await failureOf((await open(300)).vault.rotate())
      expect(busy).toMatchObject({ code: 'BUSY_LOCK', message: expect.stringContaining('bbstate worker 0') as unknown })
      await shared.endLocks()
      // Ten minutes after the dead run began, nothing of it can be on its way any more.
      bench.clock.advance(660_000)
      const { session } = await open()
      const header = await session.authorize()
      if ((await whoIs(bench, header)) === null) await session.renew(header)
      expect(await whoIs(bench, await session.authorize())).toBe('admin')
      expect(bench.tokenRequests()).toBe(before + further)
      const refused = bench.sandbox.requests.filter(({ path, status }) => path.endsWith('/token') && status !== 200)
      expect(refused).toEqual([])
    },
    60_000,
  )
})
