/**
 * A lock that somebody frees by force: whoever held it announces, sends and prolongs nothing more, also with a message
 * that was on its way; and the one who takes it next is not disturbed.
 */
import { hostname } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { unlock } from '../../src/app/sign-in.js'
import type { MakeStore } from '../../src/host/store-parts.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import type { TokenStore } from '../../src/oauth/store.js'
import { createEtcdStore } from '../../src/oauth/stores/etcd.js'
import { createEtcdClient } from '../../src/oauth/stores/etcd-client.js'
import { createVaultStore } from '../../src/oauth/stores/vault.js'
import { createVaultClient } from '../../src/oauth/stores/vault-client.js'
import { rotateUnderLease } from '../../src/oauth/use-lease.js'
import { createTransport, type Transport } from '../../src/transport.js'
import { hasEtcd, startEtcd } from '../etcd.js'
import { generation, intent, locked, parts, places } from '../stores.js'
import { failureOf, startTokenBench } from '../token.js'
import { startVault } from '../vault.js'

/** A store whose writes of the record wait at a gate. */
interface Gated {
  open(holder: string): TokenStore
  /** From now on such a write is kept back. Returns how to wait for one, and how to let it go. */
  shut(): { readonly arrived: Promise<void>; release(): void }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function makeGate(): { pass(isWrite: boolean): Promise<void>; shut: Gated['shut'] } {
  let gate: { arrive(): void; readonly open: Promise<void> } | undefined
  return {
    async pass(isWrite) {
      const now = gate
      if (!isWrite || now === undefined) return
      gate = undefined
      now.arrive()
      await now.open
    },
    shut() {
      let arrive = (): void => undefined
      let release = (): void => undefined
      const arrived = new Promise<void>((done) => (arrive = done))
      const open = new Promise<void>((done) => (release = done))
      gate = { arrive, open }
      return { arrived, release }
    },
  }
}

const gated: Readonly<Record<string, () => Promise<Gated>>> = {
  async vault() {
    const vault = await startVault()
    const transport = createTransport({ baseUrl: vault.url, connections: 4 })
    closing.push(vault.close, transport.close)
    const { pass, shut } = makeGate()
    const location = 'Vault at a test'
    const signIn = { type: 'token', token: new Secret('root') } as const
    const plain = createVaultClient({ location, transport, signIn, scrubber: new Scrubber(), now: Date.now })
    const client: typeof plain = {
      ...plain,
      async call(method, path, ...rest) {
        await pass(method === 'POST' && path.endsWith('/record'))
        return plain.call(method, path, ...rest)
      },
    }
    const more = { location, client, mount: 'secret', path: 'bbstate/record' }
    return { shut, open: (holder) => createVaultStore({ ...parts('record', holder), ...more }) }
  },
  ...(hasEtcd
    ? {
        async etcd() {
          const cluster = await startEtcd(1)
          const transports = cluster.endpoints.map((baseUrl) => createTransport({ baseUrl, connections: 4 }))
          closing.push(cluster.close, ...transports.map((transport) => () => transport.close()))
          const { pass, shut } = makeGate()
          const location = 'etcd at a test'
          const plain = createEtcdClient({ location, endpoints: transports })
          const key = 'test/record'
          const encoded = Buffer.from(key).toString('base64')
          const client: typeof plain = {
            ...plain,
            async call(path, body, ...rest) {
              await pass(path.endsWith('/txn') && JSON.stringify(body).includes(`"requestPut":{"key":"${encoded}"`))
              return plain.call(path, body, ...rest)
            },
          }
          return { shut, open: (holder) => createEtcdStore({ ...parts('record', holder), location, client, key }) }
        },
      }
    : {}),
}

describe.each(Object.entries(gated))('%s', (_, start) => {
  it('names the holder, frees its lock, and takes nothing that needed it', async () => {
    const { open } = await start()
    const [one, two] = [open('the first run'), open('the second run')]
    expect(await two.lockView?.holder()).toBeNull()
    const held = await one.lock(1000)
    const first = await held.compareAndSet(null, generation(1))
    expect(await two.lockView?.holder()).toBe('the first run on this-host')
    await two.lockView?.free?.()
    expect(await two.lockView?.holder()).toBeNull()
    expect(await held.remaining()).toBe(0)
    expect(await held.prolong?.()).toBe(0)
    expect(await failureOf(held.compareAndSet(first, intent(1)))).toMatchObject({ code: 'BUSY_LOCK' })

    const next = await two.lock(0)
    // Late, and of no use: neither frees nor writes what is somebody else's by now.
    await held.unlock()
    expect(await failureOf(held.overwrite(generation(9)))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await failureOf(held.discard())).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await next.remaining()).toBeGreaterThan(60_000)
    const found = await next.read()
    expect(found?.record).toMatchObject({ generation: 1, pending: null })
    expect(await next.compareAndSet(found?.revision ?? null, intent(1))).not.toBeNull()
    await next.unlock()
  })

  it('lets nobody announce with a write that was on its way when the lock was freed', async () => {
    const { open, shut } = await start()
    const [one, two] = [open('the first run'), open('the second run')]
    const first = await locked(one, (held) => held.compareAndSet(null, generation(1)))
    const held = await one.lock(1000)
    const { arrived, release } = shut()
    const late = held.compareAndSet(first, intent(1)).then(
      (revision) => revision,
      (thrown: unknown) => (thrown as { code?: string }).code,
    )
    await arrived
    await two.lockView?.free?.()
    const next = await two.lock(0)
    const before = await next.read()
    release()
    expect([null, 'BUSY_LOCK']).toContain(await late)
    expect(await next.read()).toMatchObject({ revision: before?.revision, record: { pending: null } })
    expect(await next.compareAndSet(before?.revision ?? null, intent(1))).not.toBeNull()
    await next.unlock()
  })

  it('lets a pair that was granted before be written, since nobody else has it', async () => {
    const { open } = await start()
    const [one, two] = [open('the first run'), open('the second run')]
    const held = await one.lock(1000)
    const first = await held.compareAndSet(null, generation(1))
    await two.lockView?.free?.()
    expect(await held.compareAndSet(first, generation(2))).not.toBeNull()
  })
})

it('exec names the holder, and only time frees its lock', async () => {
  const place = await (places['exec'] ?? (() => Promise.reject(new Error('no exec'))))()
  closing.push(() => place.close())
  const held = await place.open('record', 'the first run').lock(5000)
  const view = place.open('record', 'the second run').lockView
  expect(await view?.holder()).toContain('the first run on this-host')
  expect(view?.free).toBeUndefined()
  await held.unlock()
  expect(await view?.holder()).toBeNull()
}, 30_000)

it('the file names process, command and since when; by force it frees nothing, and says what does', async () => {
  const bench = await startTokenBench()
  closing.push(() => bench.close())
  const run = { holder: 'bbstate apply, process 4711', host: hostname(), ephemeral: false }
  await bench.signIn()
  const { session } = await bench.open({ run })
  const { vault } = await bench.open()
  expect(await unlock(vault, true)).toEqual([])
  const hold = await session.hold()
  const words = /the use lease is held by bbstate apply, process 4711 on .+, since 2\d{3}-.+Z \(process \d+: .*node/u
  const refusal = await failureOf(unlock(vault, false))
  expect(refusal).toMatchObject({ code: 'USAGE', message: expect.stringMatching(words) })
  expect(refusal.hint).toContain('bbstate auth unlock --force')
  const firm = await failureOf(unlock(vault, true))
  expect(firm).toMatchObject({ code: 'BUSY_LOCK', message: expect.stringMatching(words) })
  expect(firm.message).toContain(`(process ${process.pid}: `)
  expect(firm.hint).toContain('End the process (kill PID), never delete the lock file')
  expect((await vault.locks()).find(({ name }) => name === 'use lease')?.holder).not.toBeNull()
  await hold.release()
  expect(await unlock(vault, true)).toEqual([])
})

it('whoever is in the middle of a refresh when its lock is freed sends nothing', async () => {
  const vault = await startVault()
  const bench = await startTokenBench()
  const road = createTransport({ baseUrl: vault.url, connections: 4 })
  closing.push(vault.close, () => bench.close(), road.close)
  const location = 'Vault at a test'
  const signIn = { type: 'token', token: new Secret('root') } as const
  const client = createVaultClient({ location, transport: road, signIn, scrubber: new Scrubber(), now: Date.now })
  const makeStore: MakeStore = ({ name, makeSealer, ...rest }) => {
    const place = { location, client, mount: 'secret', path: name, sealer: makeSealer('vault') }
    return Promise.resolve(createVaultStore({ ...rest, ...place }))
  }
  const more = { makeStore }
  await bench.signIn(more)
  const [{ tools }, other] = [await bench.open(more), await bench.open(more)]
  const stored = await tools.store.read()
  const before = bench.tokenRequests()
  let freed = 0
  // The preflight asks the server, with lease and lock in hand.
  const transport: Transport = {
    ...bench.transport,
    async request(asked) {
      if (freed === 0) freed = (await other.vault.force()).filter(({ holder }) => holder !== null).length
      return bench.transport.request(asked)
    },
  }
  if (stored === null) throw new Error('nobody signed in')
  const rotation = rotateUnderLease({ ...tools, transport }, stored.record)
  expect(await failureOf(rotation)).toMatchObject({ code: 'BUSY_LOCK' })
  expect(freed).toBe(2)
  expect(bench.tokenRequests()).toBe(before)
  expect((await other.vault.rotate()).generation).toBe(2)
  expect(bench.tokenRequests()).toBe(before + 1)
})
