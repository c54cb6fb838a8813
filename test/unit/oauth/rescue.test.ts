/** Lines that were not made by the run that refreshed the token do not open. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/host/crypto.js'
import { makeBoxKeys, makeSealedBox, openSealedBox } from '../../../src/host/sealed-box.js'
import { Secret } from '../../../src/model/secret.js'
import type { TokenRecord } from '../../../src/oauth/record.js'
import { handOut, makeRescueKey, openLine, takePair } from '../../../src/oauth/rescue.js'

const record: TokenRecord = {
  version: 1,
  lineage: 'lineage',
  baseUrl: 'https://git.example.com',
  clientId: 'client',
  redirectUri: 'http://localhost:34106/',
  scopes: [],
  account: 'admin',
  generation: 4,
  accessToken: new Secret('access-4'),
  accessExpiresAt: 0,
  refreshToken: new Secret('refresh-4'),
  authorizedAt: 0,
  rotatedAt: 0,
  pending: {
    attempt: 'attempt',
    holder: 'bbstate apply',
    host: 'runner',
    ephemeral: true,
    startedAt: 0,
    refreshDigest: '',
    replayed: false,
    refused: false,
    rescueKey: makeRescueKey(nodeCrypto),
  },
  last: null,
}
const next = { ...record, generation: 5, refreshToken: new Secret('refresh-5'), pending: null }

async function lineFor(key: Secret, stage = { attempt: 'attempt', record: next }) {
  const { publicKey, privateKey } = await makeBoxKeys()
  let line = ''
  const sink = {
    seal: (plain: Uint8Array) => makeSealedBox(plain, publicKey),
    hand: async (text: string) => {
      line = text
      return { where: 'a file', command: 'a command' }
    },
  }
  const pending = record.pending && { ...record.pending, rescueKey: key }
  expect(await handOut(stage, pending, sink, nodeCrypto)).not.toBeNull()
  expect(line).not.toContain('refresh-5')
  return openLine(`noise\n${line}\n`, 'a file', (box) => openSealedBox(box, privateKey))
}

const ownKey = record.pending?.rescueKey ?? new Secret('')

it('the line of the very attempt brings its pair back', async () => {
  const stage = takePair(await lineFor(ownKey), record, 'a file', nodeCrypto)
  expect(stage?.record.refreshToken.reveal()).toBe('refresh-5')
})

it('a forged one does not, though it opens with the recovery key', async () => {
  const forged = await lineFor(new Secret(randomBytes(32).toString('base64')))
  expect(() => takePair(forged, record, 'a file', nodeCrypto)).toThrow('was not made by the run')
})

it('nor one of another generation, server or attempt', async () => {
  const line = await lineFor(ownKey, { attempt: 'attempt', record: { ...next, generation: 6 } })
  expect(() => takePair(line, record, 'a file', nodeCrypto)).toThrow('was not made by the run')
  const own = await lineFor(ownKey)
  const foreign = { ...record, baseUrl: 'https://other.example.com' }
  expect(() => takePair(own, foreign, 'a file', nodeCrypto)).toThrow(expect.objectContaining({ code: 'AUTH_ORIGIN' }))
  const later = { ...record, pending: record.pending && { ...record.pending, attempt: 'later' } }
  expect(() => takePair(own, later, 'a file', nodeCrypto)).toThrow('does not wait')
  expect(takePair(own, { ...next }, 'a file', nodeCrypto)).toBeNull()
})
