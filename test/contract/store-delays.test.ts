/**
 * Messages that arrive after the lock of their sender has ended, in a real etcd and in Vault: what announces a rotation is
 * refused by the store itself, whoever holds the lock by then; and locks live as long as their holder prolongs them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scrubber, Secret } from '../../src/model/secret.js'
import type { TokenStore } from '../../src/oauth/store.js'
import { createEtcdStore } from '../../src/oauth/stores/etcd.js'
import { createEtcdClient } from '../../src/oauth/stores/etcd-client.js'
import { createVaultStore } from '../../src/oauth/stores/vault.js'
import { createVaultClient } from '../../src/oauth/stores/vault-client.js'
import { createTransport, type Transport } from '../../src/transport.js'
import { hasEtcd, startEtcd } from '../etcd.js'
import { type LateAnswer, type SlowRoad, startSlowRoad } from '../slow-road.js'
import { generation, intent, parts } from '../stores.js'
import { failureOf } from '../token.js'
import { startVault } from '../vault.js'

/** Seconds; this etcd has no lease below 3. */
/** Of etcd's, which pass for real. */
const lockSeconds = 5
/** Of Vault's, whose clock is moved: longer than a slow machine takes. */
const vaultSeconds = 60

interface Ground {
  /** Of a run whose messages take the slow road. */
  slow(key: string): TokenStore
  /** Of every other run. */
  direct(key: string): TokenStore
  readonly road: SlowRoad
  readonly isWrite: (path: string) => boolean
  /** Seconds that a lock lives. */
  readonly life: number
  readonly isTaken: (answer: LateAnswer) => boolean
  /** Lets the given time pass for the store. */
  pass(milliseconds: number): Promise<void>
  /** Ends every lock, as time would. */
  endLocks(): Promise<void>
  close(): Promise<void>
}

const grounds: Readonly<Record<string, () => Promise<Ground>>> = {
  async Vault() {
    const vault = await startVault()
    const road = await startSlowRoad(vault.url)
    const transports: Transport[] = []
    const open = (baseUrl: string, holder: string, key: string): TokenStore => {
      const transport = createTransport({ baseUrl, connections: 2 })
      transports.push(transport)
      const location = 'Vault at a test'
      const signIn = { type: 'token', token: new Secret('root') } as const
      const client = createVaultClient({ location, transport, signIn, scrubber: new Scrubber(), now: Date.now })
      return createVaultStore({
        ...parts(key, holder),
        location,
        client,
        mount: 'secret',
        path: key,
        lockSeconds: vaultSeconds,
      })
    }
    return {
      slow: (key) => open(road.url, 'the slow one', key),
      direct: (key) => open(vault.url, 'the other one', key),
      road,
      life: vaultSeconds,
      isWrite: (path) => path.startsWith('/v1/secret/data/') && !path.endsWith('.lock'),
      isTaken: ({ status }) => status === 200,
      pass: async (milliseconds) => {
        vault.skew += milliseconds
      },
      endLocks: async () => {
        vault.skew += vaultSeconds * 1000 + 1000
      },
      close: async () => {
        await Promise.all(transports.map((transport) => transport.close()))
        await road.close()
        await vault.close()
      },
    }
  },
  ...(hasEtcd ? { etcd: etcdGround } : {}),
}

async function etcdGround(): Promise<Ground> {
  const cluster = await startEtcd(1)
  const [direct = ''] = cluster.endpoints
  const road = await startSlowRoad(direct)
  const transports: Transport[] = []
  const open = (baseUrl: string, holder: string, key: string): TokenStore => {
    const transport = createTransport({ baseUrl, connections: 2 })
    transports.push(transport)
    const location = 'etcd at a test'
    const client = createEtcdClient({ location, endpoints: [transport] })
    return createEtcdStore({ ...parts(key, holder), location, client, key, lockSeconds })
  }
  return {
    slow: (key) => open(road.url, 'the slow one', key),
    direct: (key) => open(direct, 'the other one', key),
    road,
    life: lockSeconds,
    isWrite: (path) => path === '/v3/kv/txn',
    isTaken: ({ status, body }) => status === 200 && body.includes('"succeeded":true'),
    pass: (milliseconds) => sleep(milliseconds),
    async endLocks() {
      const { leases } = await cluster.call(0, '/v3/lease/leases', {})
      for (const { ID } of leases as readonly { ID: string }[]) await cluster.call(0, '/v3/lease/revoke', { ID })
    },
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()))
      await road.close()
      await cluster.close()
    },
  }
}

describe.each(Object.entries(grounds))('in %s', (_name, start) => {
  let ground: Ground
  beforeAll(async () => {
    ground = await start()
  }, 60_000)
  afterAll(() => ground.close())

  test('a pending mark that arrives after the lock has ended is refused, and the next holder goes on', async () => {
    const { road } = ground
    const held = await ground.slow('late').lock(10_000)
    const revision = await held.compareAndSet(null, generation(1))
    road.hold((path, body) => ground.isWrite(path) && body !== '')
    expect(await failureOf(held.compareAndSet(revision, intent(1)))).toMatchObject({ code: 'AUTH_STORE' })
    await ground.endLocks()
    const next = await ground.direct('late').lock(10_000)
    const found = await next.read()
    expect(found?.record).toMatchObject({ generation: 1, pending: null })
    const late = await road.release()
    expect(late.length).toBeGreaterThan(0)
    expect(late.filter(ground.isTaken)).toEqual([])
    expect(await held.remaining(), 'nothing may be sent any more').toBe(0)
    expect(await failureOf(held.compareAndSet(found?.revision ?? '', intent(1)))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await next.compareAndSet(found?.revision ?? '', intent(1))).not.toBeNull()
    await next.unlock()
  }, 60_000)

  test('a pair that was granted is committed though the lock has ended, unless somebody wrote meanwhile', async () => {
    const held = await ground.slow('granted').lock(10_000)
    const first = await held.compareAndSet(null, generation(1))
    const pending = await held.compareAndSet(first, intent(1))
    await ground.endLocks()
    const next = await ground.direct('granted').lock(10_000)
    const seen = (await next.read())?.revision ?? ''
    const committed =
      (await held.compareAndSet(pending, generation(2))) ?? (await held.compareAndSet(seen, generation(2)))
    expect(committed).not.toBeNull()
    expect(await next.compareAndSet(seen, intent(1)), 'the next one finds it').toBeNull()
    expect((await next.read())?.record.generation).toBe(2)
    expect(await held.compareAndSet(seen, generation(3)), 'an old revision never wins').toBeNull()
    await next.unlock()
  }, 60_000)

  test('a lock lives on while it is prolonged, and ends soon once its holder is dead', async () => {
    const held = await ground.slow('prolonged').lock(10_000)
    for (let passed = 0; passed <= ground.life; passed += ground.life * 0.4) {
      await ground.pass(ground.life * 400)
      expect(await held.prolong?.()).toBeGreaterThan(0)
    }
    expect(await failureOf(ground.direct('prolonged').lock(0))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await held.remaining()).toBeGreaterThan(0)
    // From here on the holder says nothing any more.
    await ground.pass(ground.life * 1000 + 1000)
    const next = await ground.direct('prolonged').lock(5000)
    expect(await held.prolong?.()).toBe(0)
    expect(await held.remaining()).toBe(0)
    await held.unlock()
    expect(await next.remaining()).toBeGreaterThan(0)
    await next.unlock()
  }, 60_000)
})
