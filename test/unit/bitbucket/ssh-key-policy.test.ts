import { describe, expect, it } from 'vitest'
import sshKeyPolicy from '../../../src/bitbucket/resources/ssh-key-policy.js'
import { change, record } from './recording-server.js'

const plain = {
  maxExpiryDays: 30,
  keyTypeRestrictions: [
    { algorithm: 'Rsa', allowed: true, minKeyLength: 2048, note: 'kept' },
    { algorithm: 'DSA', allowed: false },
  ],
}
const leaked = {
  maxExpiryDays: { asInt: 30, present: true },
  keyTypeRestrictions: [
    { algorithm: 'Rsa', allowed: true, minKeyLength: { asInt: 2048, present: true }, note: 'kept' },
    { algorithm: 'DSA', allowed: false, minKeyLength: { asInt: 0, present: false } },
  ],
}
const value = {
  maxExpiryDays: 30,
  keyTypes: [
    { algorithm: 'RSA', allowed: true, minKeyLength: 2048 },
    { algorithm: 'DSA', allowed: false },
  ],
}

describe('sshKeyPolicy', () => {
  it.each([
    ['integers', plain],
    ['serialised optionals', leaked],
  ])('reads %s', async (_title, answer) => {
    expect((await sshKeyPolicy.read(record(() => answer).api, {}))?.value).toEqual(value)
  })

  it('reads a policy that says nothing', async () => {
    const answer = { maxExpiryDays: { asInt: 0, present: false } }
    expect((await sshKeyPolicy.read(record(() => answer).api, {}))?.value).toEqual({ keyTypes: [] })
  })

  it.each(['/ssh/latest/admin', '/keys/latest/admin', '/admin'])('is found at %s', async (mount) => {
    const { api, sent } = record((path) => (path === mount ? plain : undefined))
    expect((await sshKeyPolicy.read(api, {}))?.value).toEqual(value)
    await sshKeyPolicy.write(api, {}, change(value, plain))
    expect(sent.map(({ path }) => path)).toEqual([mount])
  })

  it('is unsupported where no mount answers, and says since when there is one', async () => {
    await expect(sshKeyPolicy.read(record(() => undefined).api, {})).rejects.toMatchObject({
      code: 'API_UNSUPPORTED',
      message: expect.stringContaining('came with Bitbucket 8.7'),
    })
  })

  it("sends every kind back, as integers, in the server's spelling, and nothing for what was cleared", async () => {
    const { api, sent } = record(() => leaked)
    const after = {
      keyTypes: [{ algorithm: 'RSA', allowed: true }, { algorithm: 'DSA', allowed: true }, { algorithm: 'ED25519' }],
    }
    await sshKeyPolicy.write(api, {}, change(after, leaked))
    expect(sent).toEqual([
      {
        method: 'PUT',
        path: '/ssh/latest/admin',
        body: {
          keyTypeRestrictions: [
            { algorithm: 'Rsa', allowed: true, note: 'kept' },
            { algorithm: 'DSA', allowed: true },
            { algorithm: 'ED25519', allowed: true },
          ],
        },
      },
    ])
  })

  it('spells algorithms alike on both sides: the list that is live and the map that is wanted', () => {
    expect(sshKeyPolicy.canonical({ keyTypes: [{ algorithm: 'rsa', allowed: true }] })).toEqual({
      keyTypes: [{ algorithm: 'RSA', allowed: true }],
    })
    expect(sshKeyPolicy.canonical({ keyTypes: { rsa: { minKeyLength: null }, Dsa: null } })).toEqual({
      keyTypes: { RSA: { minKeyLength: null }, DSA: null },
    })
    expect(sshKeyPolicy.canonical({ maxExpiryDays: null })).toEqual({ maxExpiryDays: null })
    expect(sshKeyPolicy.canonical(null)).toBeNull()
  })
})
