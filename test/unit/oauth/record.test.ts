import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/host/crypto.js'
import { Secret } from '../../../src/model/secret.js'
import {
  digestToken,
  formatRecord,
  formatStage,
  parseRecord,
  parseStage,
  type TokenRecord,
} from '../../../src/oauth/record.js'
import { isAccessUsable } from '../../../src/oauth/session.js'

const record: TokenRecord = {
  version: 1,
  lineage: 'l1',
  baseUrl: 'https://git.example.com',
  clientId: 'id',
  redirectUri: 'http://localhost:34106/',
  scopes: ['SYSTEM_ADMIN'],
  account: 'bot',
  generation: 3,
  accessToken: new Secret('CANARY-access'),
  accessExpiresAt: 7_200_000,
  refreshToken: new Secret('CANARY-refresh'),
  authorizedAt: 1,
  rotatedAt: 3_600_000,
  pending: {
    attempt: 'a',
    holder: 'bbstate apply',
    host: 'h',
    ephemeral: false,
    startedAt: 5,
    refreshDigest: 'd',
    replayed: false,
    refused: false,
  },
  last: { refreshDigest: 'e', rotatedAt: 4, holder: 'bbstate plan' },
}
const revealed = (each: TokenRecord): unknown => [each, each.accessToken.reveal(), each.refreshToken.reveal()]

describe('the record', () => {
  it('survives being written and read', () => {
    expect(revealed(parseRecord(formatRecord(record), 'f'))).toEqual(revealed(record))
    const stage = parseStage(formatStage({ attempt: 'a', record }), 'f')
    expect(stage.attempt).toBe('a')
    expect(revealed(stage.record)).toEqual(revealed(record))
    const bare = { ...record, pending: null, last: null, account: null }
    expect(parseRecord(formatRecord(bare), 'f')).toEqual(bare)
  })

  it('shows no token in memory', () => {
    expect(JSON.stringify(record) + inspect(record, { depth: 9, showHidden: true })).not.toContain('CANARY')
  })

  const data = JSON.parse(formatRecord(record)) as Record<string, unknown>
  const wrongs: readonly (readonly [string, unknown])[] = [
    ...Object.keys(data).map((name) => [`without ${name}`, { ...data, [name]: undefined }] as const),
    ...Object.keys(data).map((name) => [`with ${name} of a wrong type`, { ...data, [name]: { CANARY: 1 } }] as const),
    ['with an unknown field', { ...data, extra: 'CANARY' }],
    ['with an unknown field of pending', { ...data, pending: { ...record.pending, extra: 'CANARY' } }],
    ['of a later version', { ...data, version: 2 }],
    ['that is an array', [data]],
  ]
  it.each(wrongs)('is refused %s, and the message holds no value', (_, wrong) => {
    try {
      parseRecord(JSON.stringify(wrong), 'the file')
    } catch (error) {
      expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
      expect(inspect(error)).toContain('the file')
      expect(inspect(error)).not.toContain('CANARY')
      return
    }
    throw new Error('It was accepted')
  })

  it('quotes nothing of what is no JSON', () => {
    expect(() => parseRecord('{"refreshToken":"CANARY', 'f')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('CANARY') as string }),
    )
  })

  it('tells tokens apart by a salted digest', () => {
    const digest = digestToken('l1', record.refreshToken, nodeCrypto)
    expect(digest).toMatch(/^[0-9a-f]{12}$/u)
    expect(digestToken('l1', new Secret('CANARY-refresh'), nodeCrypto)).toBe(digest)
    expect(digestToken('l2', record.refreshToken, nodeCrypto)).not.toBe(digest)
    expect(digestToken('l1', record.accessToken, nodeCrypto)).not.toBe(digest)
  })
})

describe('an access token is used while more is left than', () => {
  it.each([
    ['a twentieth of 2 hours', 7200, 360],
    ['a minute of 10 minutes', 600, 60],
    ['a minute of 20 minutes', 1200, 60],
    ['half of 2 minutes', 120, 60],
    ['half of 10 seconds', 10, 5],
  ])('%s', (_, lifeSeconds, marginSeconds) => {
    const rotatedAt = 1_000_000
    const accessExpiresAt = rotatedAt + lifeSeconds * 1000
    const living = { ...record, rotatedAt, accessExpiresAt }
    expect(isAccessUsable(living, accessExpiresAt - marginSeconds * 1000 - 1)).toBe(true)
    expect(isAccessUsable(living, accessExpiresAt - marginSeconds * 1000)).toBe(false)
    expect(isAccessUsable(living, accessExpiresAt + 1)).toBe(false)
  })
  it('a token that never lived is never used', () => {
    expect(isAccessUsable({ ...record, accessExpiresAt: record.rotatedAt }, record.rotatedAt)).toBe(false)
  })
})
