/**
 * What every token store must do, held against each of them: the file, a real cluster of etcd, a Vault of its documented
 * API, the example helper behind `exec`, and an environment secret of GitHub. What a store cannot promise by its nature
 * (GitHub has no compare-and-set and no lock between jobs) is named by its capabilities, and then not asked for.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scrubber, Secret } from '../../src/model/secret.js'
import type { TokenStore } from '../../src/oauth/store.js'
import { hasEtcd } from '../etcd.js'
import { base, etcdPlace, generation, intent, locked, type Place, places } from '../stores.js'
import { failureOf } from '../token.js'
import { withVault } from '../vault-stand.js'

/** What each can promise. */
const promised: Readonly<Record<string, TokenStore['capabilities']>> = {
  file: { lock: 'kernel', compareAndSet: true },
  exec: { lock: 'lease', compareAndSet: true },
  github: { lock: 'none', compareAndSet: false },
  vault: { lock: 'lease', compareAndSet: true },
  etcd: { lock: 'lease', compareAndSet: true },
}

describe.each(Object.entries(places))('the %s store', (name, start) => {
  let place: Place
  let count = 0
  const open = (holder = 'one', key = `key-${count}`): TokenStore => place.open(key, holder)
  const fresh = (holder = 'one'): TokenStore => {
    count += 1
    return open(holder)
  }
  beforeAll(async () => {
    place = await start()
  }, 60_000)
  afterAll(() => place.close())

  test('has nothing at first, and keeps a record over the revision that is named, and over no other', async () => {
    const store = fresh()
    expect(await store.read()).toBeNull()
    await locked(store, async (held) => {
      const first = await held.compareAndSet(null, generation(1))
      expect(first).not.toBeNull()
      expect(await held.compareAndSet(null, generation(2))).toBeNull()
      expect(await store.read()).toMatchObject({ revision: first, isSealed: true, record: { generation: 1 } })
      const second = await held.compareAndSet(first, generation(2))
      expect(second).not.toBe(first)
      expect(await held.compareAndSet(first, generation(3))).toBeNull()
      expect((await held.read())?.record.generation).toBe(2)
    })
  })

  test('says what it can promise, and only a lock that ends by time is prolonged', async () => {
    const store = fresh()
    expect(store.capabilities).toEqual(promised[name])
    await locked(store, async (held) => {
      const isLease = store.capabilities.lock === 'lease'
      expect(held.prolong === undefined).toBe(!isLease)
      if (isLease) expect(await held.prolong?.()).toBeGreaterThan(60_000)
      expect(await held.remaining()).toBeGreaterThan(60_000)
    })
  })

  test('announces a rotation only while the lock is held, whatever the revision', async () => {
    const store = fresh()
    if (store.capabilities.lock === 'none') return
    const held = await store.lock(10_000)
    const first = await held.compareAndSet(null, generation(1))
    const second = await held.compareAndSet(first, intent(1))
    expect(second).not.toBeNull()
    await held.unlock()
    expect(await failureOf(held.compareAndSet(second, intent(2)))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await held.prolong?.()).toBe(store.capabilities.lock === 'lease' ? 0 : undefined)
    expect((await store.read())?.record.generation).toBe(1)
  })

  test('shows what one opener wrote to every other one', async () => {
    if (!fresh().capabilities.compareAndSet) return
    await locked(open('one'), (held) => held.compareAndSet(null, generation(4)))
    const found = await open('two').read()
    expect(found?.record.generation).toBe(4)
    expect(found?.record.refreshToken.reveal()).toBe('CANARY-refresh')
    await locked(open('two'), async (held) => {
      expect(await held.compareAndSet(found?.revision ?? null, generation(5))).not.toBeNull()
    })
    expect((await open('one').read())?.record.generation).toBe(5)
  })

  test('lets one of many in at a time, and the revision lets one of many win', async () => {
    fresh()
    let inside = 0
    let most = 0
    const write = (holder: string) =>
      locked(open(holder), async (held) => {
        inside += 1
        most = Math.max(most, inside)
        const found = await held.read()
        const number = (found?.record.generation ?? 0) + 1
        const written = await held.compareAndSet(found?.revision ?? null, generation(number))
        inside -= 1
        return written
      })
    const all = await Promise.all(['a', 'b', 'c', 'd'].map(write))
    expect(most).toBe(1)
    expect(all.every((revision) => revision !== null)).toBe(true)
    const found = await open('a').read()
    expect(found?.record.generation).toBe(4)
  }, 60_000)

  test('says who holds the lock, and lets nobody else write or free it', async () => {
    const held = await fresh('the first run').lock(10_000)
    expect(await held.remaining()).toBeGreaterThan(60_000)
    const refusal = await failureOf(open('the second run').lock(300))
    expect(refusal.code).toBe('BUSY_LOCK')
    expect(refusal.message).toContain('the first run')
    await held.unlock()
    await held.unlock()
    expect(await held.remaining()).toBe(0)
    const next = await open('the second run').lock(10_000)
    expect(await next.remaining()).toBeGreaterThan(60_000)
    await next.unlock()
  }, 60_000)

  test('is written over and emptied by a sign-in and a sign-out, whatever stands there', async () => {
    const store = fresh()
    await locked(store, async (held) => {
      expect(await held.discard()).toBe(false)
      await held.overwrite(generation(7))
      await held.overwrite({ ...generation(1), lineage: 'lineage-2' })
      expect((await held.read())?.record).toMatchObject({ lineage: 'lineage-2', generation: 1 })
      expect(await held.discard()).toBe(true)
      expect(await held.read()).toBeNull()
      expect(await held.compareAndSet(null, generation(1))).not.toBeNull()
    })
  })

  test('keeps a record of a hundred thousand characters', async () => {
    const store = fresh()
    if (!store.capabilities.compareAndSet) return
    const scopes = Array.from({ length: 5000 }, (_, index) => `SCOPE_OF_A_LONG_NAME_${index}`)
    await locked(store, (held) => held.compareAndSet(null, { ...base, scopes }))
    expect((await store.read())?.record.scopes).toHaveLength(5000)
  })
})

describe.skipIf(!hasEtcd)('etcd', () => {
  let place: Awaited<ReturnType<typeof etcdPlace>>
  beforeAll(async () => {
    place = await etcdPlace(3)
  }, 60_000)
  afterAll(() => place.close())

  test('goes on while one of three members is killed in the middle', async () => {
    const store = place.open('member', 'one')
    const held = await store.lock(10_000)
    let revision = await held.compareAndSet(null, generation(1))
    place.cluster.kill(0)
    for (let number = 2; number <= 6; number++) {
      revision = await held.compareAndSet(revision, generation(number))
      expect(revision).not.toBeNull()
    }
    expect(await held.remaining()).toBeGreaterThan(60_000)
    await held.unlock()
    expect((await place.open('member', 'two').read())?.record.generation).toBe(6)
  }, 60_000)

  test('does not take a write of a run whose lock is gone, though its revision is right', async () => {
    const store = place.open('lost', 'one')
    const held = await store.lock(10_000)
    const revision = await held.compareAndSet(null, generation(1))
    const [, second = ''] = place.cluster.endpoints
    const key = btoa('test/lost.lock')
    await fetch(`${second}/v3/kv/deleterange`, { method: 'POST', body: JSON.stringify({ key }) })
    expect(await held.remaining()).toBe(0)
    expect(await failureOf(held.compareAndSet(revision, intent(1)))).toMatchObject({ code: 'BUSY_LOCK' })
    const other = await place.open('lost', 'two').lock(10_000)
    expect(await failureOf(held.compareAndSet(revision, intent(1)))).toMatchObject({ code: 'BUSY_LOCK' })
    await held.unlock()
    expect(await other.remaining(), 'the unlock of a loser frees nobody else').toBeGreaterThan(60_000)
    await other.unlock()
  }, 60_000)

  test('says so where no majority answers, and the lock was not lost by it', async () => {
    const store = place.open('majority', 'one')
    const held = await store.lock(10_000)
    await place.cluster.pause(1)
    const refusal = await failureOf(held.compareAndSet(null, generation(1)))
    expect(refusal).toMatchObject({ code: 'AUTH_STORE', hint: expect.stringContaining('majority') as unknown })
    expect(refusal.message).not.toContain('CANARY')
    place.cluster.resume(1)
    await expect
      .poll(
        () =>
          store
            .read()
            .then(() => true)
            .catch(() => false),
        { timeout: 20_000 },
      )
      .toBe(true)
    // The write that nobody answered may have been done once the member came back; either way one of the two stands.
    const found = await held.read()
    const written = found === null ? await held.compareAndSet(null, generation(1)) : found.revision
    expect(written).not.toBeNull()
    await held.unlock()
  }, 120_000)
})

describe('Vault', () => {
  test.each([
    ['AppRole', { type: 'approle', mount: 'approle', roleId: 'role', secretId: new Secret('CANARY-secret-id') }],
    ['JWT', { type: 'jwt', mount: 'jwt', role: 'ci', jwt: new Secret('CANARY-jwt') }],
  ] as const)('is signed in to by %s, in a namespace, and again when the token ends', async (_name, signIn) => {
    const scrubber = new Scrubber()
    await withVault(
      async ({ vault, open }) => {
        const store = open()
        await locked(store, (held) => held.compareAndSet(null, generation(1)))
        vault.tokens.clear()
        expect((await store.read())?.record.generation).toBe(1)
        expect(vault.requests.every(({ namespace }) => namespace === 'team')).toBe(true)
        expect(JSON.stringify(vault.requests)).not.toContain('CANARY')
        const [token = ''] = vault.tokens
        expect(scrubber.scrub(token)).toBe('(sensitive)')
      },
      { signIn, namespace: 'team', scrubber },
    )
  })

  test('a lost answer is read back, a deleted version is written over, and a wrong version is no error', async () => {
    await withVault(async ({ vault, open }) => {
      const store = open()
      await locked(store, async (held) => {
        vault.dropAnswers = 1
        const first = await held.compareAndSet(null, generation(1))
        expect(first).toBe('1')
        expect(await held.compareAndSet('7', generation(2))).toBeNull()
        vault.softDelete('bbstate/k')
        expect(await held.read()).toBeNull()
        expect(await held.compareAndSet(null, generation(2))).toBe('2')
      })
      vault.isSealed = true
      expect(await failureOf(store.read())).toMatchObject({
        code: 'AUTH_STORE',
        hint: expect.stringContaining('unseal') as unknown,
      })
      vault.isSealed = false
      vault.tokens.clear()
      expect(await failureOf(store.read())).toMatchObject({
        code: 'AUTH_STORE',
        message: 'Vault at a test refuses (status 403)',
      })
    })
  })

  test("a lock ends by the store's clock, not by this machine's", async () => {
    await withVault(async ({ vault, open }) => {
      const held = await open('one').lock(1000)
      expect((await failureOf(open('two').lock(10))).code).toBe('BUSY_LOCK')
      vault.skew = 10 * 60_000
      expect(await held.remaining()).toBe(0)
      const next = await open('two').lock(1000)
      expect(await failureOf(held.compareAndSet(null, intent(1)))).toMatchObject({ code: 'BUSY_LOCK' })
      expect(await next.compareAndSet(null, generation(1))).toBe('1')
      await held.unlock()
      expect(await next.remaining()).toBeGreaterThan(60_000)
    })
  })

  test.each([
    ['a mount that is not there', 'nowhere', undefined, 'nowhere'],
    ['an engine of version 1', 'old', undefined, '"old/" is no key-value engine of version 2'],
    ['a namespace that is not there', 'secret', 'nobodys', '404'],
  ])('%s does not read as "nobody is signed in"', async (_what, mount, namespace, says) => {
    await withVault(
      async ({ open }) => {
        const store = open()
        for (const attempt of [store.read(), store.lock(0)]) {
          const refusal = await failureOf(attempt)
          expect(refusal).toMatchObject({ code: 'AUTH_STORE', hint: expect.stringContaining('NAMESPACE') as unknown })
          expect(refusal.message).toContain(says)
        }
      },
      { mount, location: `Vault at a test, ${mount}/bbstate/k`, ...(namespace === undefined ? {} : { namespace }) },
    )
  })

  test('a lock that is won, prolonged and freed with lost answers is known for what it is', async () => {
    await withVault(async ({ vault, open }) => {
      vault.dropAnswers = 1
      const held = await open('one').lock(0)
      expect(vault.dropAnswers, 'the answer was lost').toBe(0)
      vault.dropAnswers = 1
      expect(await held.prolong?.()).toBeGreaterThan(60_000)
      expect(await held.compareAndSet(null, intent(1))).toBe('1')
      vault.dropAnswers = 1
      await held.unlock()
      const next = await open('two').lock(0)
      expect(await next.remaining()).toBeGreaterThan(60_000)
    })
  })
})
