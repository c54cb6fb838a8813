import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/host/crypto.js'
import { type Binding, createSealer, parseStoreKey, type Sealer, type StoreKeys } from '../../../src/oauth/seal.js'

const binding = { location: 'file:/a', baseUrl: 'https://git.example.com', clientId: 'id' }
const text = JSON.stringify({ refreshToken: 'CANARY-refresh' })
const makeKey = (): Uint8Array => new Uint8Array(randomBytes(32))
const current = makeKey()

function sealer(keys: StoreKeys | null = { current }, more: Partial<Binding> = {}): Sealer {
  return createSealer({ ...binding, ...more }, keys, nodeCrypto)
}
const storeError = expect.objectContaining({ code: 'AUTH_STORE' }) as unknown

describe('sealing', () => {
  it('gives back what was sealed, and shows nothing of it', () => {
    const sealed = sealer().seal(text, 'lineage-1')
    expect(sealed).not.toContain('CANARY')
    expect(sealed).not.toContain(Buffer.from('CANARY-refresh').toString('base64').slice(4, 12))
    expect(sealer().open(sealed)).toEqual({ text, lineage: 'lineage-1', isSealed: true })
  })

  it('never uses one subkey twice', () => {
    const envelopes = Array.from({ length: 50 }, () => JSON.parse(sealer().seal(text, 'l')) as Record<string, string>)
    expect(new Set(envelopes.map(({ salt }) => salt)).size).toBe(50)
    expect(new Set(envelopes.map(({ data }) => data)).size).toBe(50)
  })

  it.each([
    ['place', { location: 'file:/b' }],
    ['server', { baseUrl: 'https://git.example.org' }],
    ['client', { clientId: 'other' }],
  ])('does not open for another %s', (_, more) => {
    const sealed = sealer().seal(text, 'l')
    expect(() => sealer({ current }, more).open(sealed)).toThrow(storeError)
  })

  it('does not open once a byte of it or its lineage was changed', () => {
    const envelope = JSON.parse(sealer().seal(text, 'l')) as Record<string, string>
    expect(() => sealer().open(JSON.stringify({ ...envelope, lineage: 'other' }))).toThrow(storeError)
    for (const field of ['salt', 'nonce', 'data']) {
      const bytes = Buffer.from(envelope[field] ?? '', 'base64')
      bytes[3] = (bytes[3] ?? 0) ^ 1
      const changed = JSON.stringify({ ...envelope, [field]: bytes.toString('base64') })
      expect(() => sealer().open(changed), field).toThrow(storeError)
    }
  })

  it('is read with the previous key and written with the current one', () => {
    const sealed = sealer().seal(text, 'l')
    const next = makeKey()
    expect(() => sealer({ current: next }).open(sealed)).toThrow(/another key/u)
    const both = sealer({ current: next, previous: current })
    expect(both.open(sealed).text).toBe(text)
    expect(sealer({ current: next }).open(both.seal(text, 'l')).text).toBe(text)
  })

  it('keeps plain text only without a key, and mixes the two up in neither direction', () => {
    const plain = sealer(null).seal(text, 'l')
    expect(plain).toContain('CANARY-refresh')
    expect(sealer(null).open(plain)).toEqual({ text, lineage: 'l', isSealed: false })
    expect(() => sealer().open(plain)).toThrow(/not sealed/u)
    expect(() => sealer(null).open(sealer().seal(text, 'l'))).toThrow(/no key/u)
  })

  it.each(['', '{', '[]', 'null', '{"format":"x"}', '{"format":"bbstate-sealed-1"}', '{"format":"bbstate-plain-1"}'])(
    'refuses %j without quoting it',
    (damaged) => {
      expect(() => sealer().open(damaged)).toThrow(storeError)
      expect(() => sealer(null).open(`${damaged}CANARY`)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('CANARY') as string }),
      )
    },
  )
})

describe('a key', () => {
  it('is 32 bytes in Base64 or hexadecimal', () => {
    const bytes = Buffer.from(current)
    expect(parseStoreKey(`${bytes.toString('base64')}\n`, 'X')).toEqual(current)
    expect(parseStoreKey(bytes.toString('hex'), 'X')).toEqual(current)
  })
  it.each(['', 'a passphrase', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('hex'), 'zz'.repeat(32)])(
    'is not %j',
    (wrong) => {
      expect(() => parseStoreKey(wrong, 'BBSTATE_STORE_KEY')).toThrow(/BBSTATE_STORE_KEY holds no key/u)
    },
  )
})
