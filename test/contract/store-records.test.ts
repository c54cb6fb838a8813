/**
 * What stands in a store and is not what was put there: damaged, of another version, key, server or client. Every store
 * refuses it with what it is, hands nothing of it out, and takes a new sign-in over it.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/host/crypto.js'
import type { TokenRecord } from '../../src/oauth/record.js'
import { createSealer, type Sealer, type StoreKeys } from '../../src/oauth/seal.js'
import type { RecordOwner } from '../../src/oauth/sealed-record.js'
import { base, generation, intent, keys, locked, owner, type Place, places } from '../stores.js'
import { failureOf } from '../token.js'

const others = { current: new Uint8Array(randomBytes(32)) }
const evil = 'https://evil.example.com'
const sealerOf = (key: string, ours: StoreKeys | null, more: Partial<typeof owner> = {}): Sealer =>
  createSealer({ ...owner, location: key, ...more }, ours, nodeCrypto)

/** A sealer whose texts are changed on their way. */
function spoiling(sealer: Sealer, spoil: (text: string) => string): Sealer {
  return { ...sealer, seal: (text, lineage) => spoil(sealer.seal(text, lineage)) }
}

/** Who writes what, and as whom it is then read. */
interface Planted {
  readonly record?: TokenRecord
  writer(key: string): Partial<RecordOwner>
  reader?(key: string): Partial<RecordOwner>
  readonly code: string
  readonly says: RegExp
}

const planted: Readonly<Record<string, Planted>> = {
  'is no text of bbstate': {
    writer: (key) => ({ sealer: spoiling(sealerOf(key, keys), () => 'CANARY not JSON') }),
    code: 'AUTH_STORE',
    says: /is damaged/u,
  },
  'has lost its end': {
    writer: (key) => ({ sealer: spoiling(sealerOf(key, keys), (text) => text.slice(0, -40)) }),
    code: 'AUTH_STORE',
    says: /is damaged/u,
  },
  'was changed in one character': {
    writer: (key) => ({
      sealer: spoiling(sealerOf(key, keys), (text) =>
        text.replace(/("data":".{20})(.)/u, (_, before: string, one: string) => before + (one === 'A' ? 'B' : 'A')),
      ),
    }),
    code: 'AUTH_STORE',
    says: /does not open/u,
  },
  'carries the lineage of another sign-in': {
    writer: (key) => ({ sealer: spoiling(sealerOf(key, keys), (text) => text.replace('lineage-1', 'lineage-2')) }),
    code: 'AUTH_STORE',
    says: /does not open/u,
  },
  'is of an older version': {
    record: { ...base, version: 0 as 1 },
    writer: () => ({}),
    code: 'AUTH_STORE',
    says: /record of version 0/u,
  },
  'is of a newer version': {
    record: { ...base, version: 2 as 1 },
    writer: () => ({}),
    code: 'AUTH_STORE',
    says: /record of version 2/u,
  },
  'is of a newer version, being refreshed': {
    record: { ...intent(1), version: 2 as 1 },
    writer: () => ({}),
    code: 'AUTH_STORE',
    says: /record of version 2/u,
  },
  'is sealed with another key': {
    writer: (key) => ({ sealer: sealerOf(key, others) }),
    code: 'AUTH_STORE',
    says: /another key/u,
  },
  'is sealed, and no key is given': {
    writer: () => ({}),
    reader: (key) => ({ sealer: sealerOf(key, null) }),
    code: 'AUTH_STORE',
    says: /no key is given/u,
  },
  'is plain, though a key is given': {
    writer: (key) => ({ sealer: sealerOf(key, null) }),
    code: 'AUTH_STORE',
    says: /is not sealed/u,
  },
  'was made under another name': {
    writer: (key) => ({ sealer: sealerOf(`${key}-other`, keys) }),
    code: 'AUTH_STORE',
    says: /does not open/u,
  },
  'was swapped with that of another client': {
    record: { ...base, clientId: 'other' },
    writer: (key) => ({ clientId: 'other', sealer: sealerOf(key, keys, { clientId: 'other' }) }),
    code: 'AUTH_STORE',
    says: /does not open/u,
  },
  'was forged with the key for another server': {
    record: { ...base, baseUrl: evil },
    writer: (key) => ({ baseUrl: evil, sealer: sealerOf(key, keys, { baseUrl: evil }) }),
    code: 'AUTH_STORE',
    says: /does not open/u,
  },
  'was forged with the key, sealed for this server, and names another one': {
    record: { ...base, baseUrl: evil },
    writer: () => ({ baseUrl: evil }),
    code: 'AUTH_ORIGIN',
    says: /belongs to https:\/\/evil/u,
  },
  'was forged with the key, sealed for this client, and names another one': {
    record: { ...base, clientId: 'other' },
    writer: () => ({ clientId: 'other' }),
    code: 'AUTH_ORIGIN',
    says: /belongs to/u,
  },
  'was forged in plain text for another server': {
    record: { ...base, baseUrl: evil },
    writer: (key) => ({ baseUrl: evil, sealer: sealerOf(key, null) }),
    reader: (key) => ({ sealer: sealerOf(key, null) }),
    code: 'AUTH_ORIGIN',
    says: /belongs to https:\/\/evil/u,
  },
}

describe.each(Object.entries(places))('what stands in the %s store', (_name, start) => {
  let place: Place
  let count = 0
  beforeAll(async () => {
    place = await start()
  }, 60_000)
  afterAll(() => place.close())

  test.each(Object.entries(planted))('and %s, is refused, and mended by a sign-in', async (_what, each) => {
    count += 1
    const key = `record-${count}`
    const writer = place.open(key, 'one', each.writer(key))
    await locked(writer, (held) => held.overwrite(each.record ?? base))
    const reader = place.open(key, 'two', each.reader?.(key))
    const refusal = await failureOf(reader.read())
    expect(refusal).toMatchObject({ code: each.code, exitCode: 6, hint: expect.stringMatching(/\w/u) as unknown })
    expect(refusal.message).toMatch(each.says)
    expect(JSON.stringify([refusal, refusal.message, refusal.hint])).not.toContain('CANARY')
    await locked(reader, (held) => held.overwrite(generation(9)))
    expect((await reader.read())?.record.generation).toBe(9)
  })

  test('is read with the key before, and sealed with the new one by the next write', async () => {
    const key = 'record-keys'
    await locked(place.open(key, 'one'), (held) => held.overwrite(generation(1)))
    const changed = { current: others.current, previous: keys.current }
    const store = place.open(key, 'two', { sealer: sealerOf(key, changed) })
    const found = await store.read()
    expect(found?.record.generation).toBe(1)
    await locked(store, (held) => held.compareAndSet(found?.revision ?? null, generation(2)))
    const after = place.open(key, 'three', { sealer: sealerOf(key, others) })
    expect((await after.read())?.record.generation).toBe(2)
    expect(await failureOf(place.open(key, 'one').read())).toMatchObject({ code: 'AUTH_STORE' })
  })
})
