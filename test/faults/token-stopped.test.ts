/**
 * A process that holds the lock of a shared store and is stopped (SIGSTOP) in the middle of a rotation, until its lock has
 * ended and another run has refreshed the token: resumed, it sends nothing and writes over nothing. And a backup of the
 * store that is put back is refused by whoever has seen the newer token.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { openToken, type Token } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { hasEtcd, startEtcd } from '../etcd.js'
import { type SlowRoad, startSlowRoad } from '../slow-road.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import { startVault } from '../vault.js'
import { buildWorker, startWorker, type WorkerProgram } from './arrow-bench.js'

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }

let program: WorkerProgram
beforeAll(async () => {
  program = await buildWorker()
})
afterAll(() => program.remove())

interface Shared {
  /** Of the store, by way of the road or not. */
  option(isSlow: boolean): string
  readonly road: SlowRoad
  readonly isRecordWrite: (path: string) => boolean
  endLocks(): Promise<void>
  /** Takes a backup of the record; the result puts it back. */
  backUp(): Promise<() => Promise<void>>
  close(): Promise<void>
}

async function sharedVault(): Promise<Shared> {
  const vault = await startVault()
  const road = await startSlowRoad(vault.url)
  const headers = { 'x-vault-token': 'root', 'content-type': 'application/json' }
  return {
    option: (isSlow) => `vault:${isSlow ? road.url : vault.url}/secret/bbstate`,
    road,
    isRecordWrite: (path) => path.includes('/data/') && !/\.lock$|\.use/u.test(path),
    endLocks: async () => {
      vault.skew += 121_000
    },
    async backUp() {
      const found = vault.requests.find(({ path }) => path.includes('/data/') && !/\.lock$|\.use/u.test(path))
      const url = `${vault.url}${found?.path}`
      const answer = (await (await fetch(url, { headers })).json()) as { data: { data: object } }
      const body = JSON.stringify({ data: answer.data.data })
      return async () => void (await fetch(url, { method: 'POST', headers, body }))
    },
    close: async () => {
      await road.close()
      await vault.close()
    },
  }
}

async function sharedEtcd(): Promise<Shared> {
  const cluster = await startEtcd(1)
  const [endpoint = ''] = cluster.endpoints
  const road = await startSlowRoad(endpoint)
  return {
    option: (isSlow) => `etcd:${isSlow ? road.url : endpoint}`,
    road,
    isRecordWrite: (path) => path === '/v3/kv/txn',
    async endLocks() {
      const { leases } = await cluster.call(0, '/v3/lease/leases', {})
      for (const { ID } of (leases ?? []) as readonly { ID: string }[]) {
        await cluster.call(0, '/v3/lease/revoke', { ID })
      }
    },
    async backUp() {
      const all = { key: btoa('bbstate/'), range_end: btoa('bbstate0') }
      const { kvs } = await cluster.call(0, '/v3/kv/range', all)
      const records = (kvs as readonly { key: string; value: string }[]).filter(
        (each) => !atob(each.key).endsWith('.lock'),
      )
      expect(records).toHaveLength(1)
      return async () => void (await cluster.call(0, '/v3/kv/put', { key: records[0]?.key, value: records[0]?.value }))
    },
    close: async () => {
      await road.close()
      await cluster.close()
    },
  }
}

const stores: readonly (readonly [string, () => Promise<Shared>])[] = [
  ['Vault', sharedVault],
  ...(hasEtcd ? [['etcd', sharedEtcd] as const] : []),
]

describe.each(stores)('a token in %s', (_name, startShared) => {
  let shared: Shared
  let bench: TokenBench
  let child: ChildProcess | undefined
  beforeEach(async () => {
    process.env['BBSTATE_VAULT_TOKEN'] = 'root'
    shared = await startShared()
    bench = await startTokenBench()
    const { sandbox, transport } = bench
    const request = { baseUrl: transport.baseUrl, clientId: sandbox.clientId, redirectUri: sandbox.redirectUri }
    const grant = await bench.consent()
    await (await open()).keep({ ...request, scope: 'SYSTEM_ADMIN' }, grant, { allowsNamelessServer: false })
    sandbox.forgetRequests()
  }, 60_000)
  afterEach(async () => {
    child?.kill('SIGKILL')
    await bench.close()
    await shared.close()
    delete process.env['BBSTATE_VAULT_TOKEN']
  })

  async function open(): Promise<Token> {
    const settings = new Settings({ 'token-store': shared.option(false) }, connectionOptions, {})
    const choice = chooseStore(settings)
    if (choice.type === 'file') throw new Error('unreachable')
    const world = createWorld({ ...process.env }, new AbortController().signal, '0', false)
    return openToken(bench.options({ keys, makeStore: await storeMaker(world, settings, choice) }))
  }

  it('is not presented by a run that was stopped until its lock had ended', async () => {
    const { url, clientId, clientSecret } = bench.sandbox
    const worker = startWorker(program, {
      ...{ url, clientId, clientSecret, home: join(bench.home, 'elsewhere'), key, name: 'bbstate stopped' },
      // By its clock the stored access token has expired: it cannot go on with that one.
      ...{ clockAhead: 3_601_000, host: 'this-host', quarantineMilliseconds: 60_000, patienceMilliseconds: 30_000 },
      ...{ store: { 'token-store': shared.option(true) }, waits: true },
    })
    child = worker.child
    await worker.ready
    // Stopped at the moment its pending mark is on its way, which arrives all the same.
    let writes = 0
    shared.road.watch((path, body) => {
      if (!shared.isRecordWrite(path) || !body.includes(shared.option(true).startsWith('etcd') ? 'MOD' : 'cas')) return
      writes += 1
      if (writes === 1) worker.child.kill('SIGSTOP')
    })
    worker.go()
    await expect.poll(() => writes, { timeout: 20_000 }).toBe(1)
    await expect.poll(() => /\) T /u.test(readFileSync(`/proc/${worker.child.pid}/stat`, 'utf8'))).toBe(true)
    await shared.endLocks()
    // Ten minutes after the stopped run began, it counts as dead.
    bench.clock.advance(3_590_000 + 660_000)
    const { session } = await open()
    expect((await session.rotate()).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
    worker.child.kill('SIGCONT')
    const told = await worker.ended
    expect(['BUSY_LOCK', 'AUTH_STORE'], told.output).toContain(told.code)
    expect(bench.tokenRequests(), 'the resumed run presented nothing').toBe(1)
    const again = await (await open()).session.authorize()
    expect(await whoIs(bench, again)).toBe('admin')
  }, 90_000)

  it('that comes back from a backup is refused, and nothing is presented', async () => {
    const restore = await shared.backUp()
    expect((await (await open()).session.rotate()).generation).toBe(2)
    await restore()
    bench.sandbox.forgetRequests()
    const { session } = await open()
    for (const use of [() => session.authorize(), () => session.rotate()]) {
      const error = await failureOf(use())
      expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
      expect(error.message).toContain('generation 1; 2 was seen here')
    }
    expect(bench.sandbox.requests).toEqual([])
  }, 60_000)
})
