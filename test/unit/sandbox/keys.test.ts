/** SSH and GPG keys of users over real HTTP: whose they are, what is a key, and how keys are told apart. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import gpgExamples from '../../../src/bitbucket/resources/gpg-keys.js'
import { fingerprintOf } from '../../../src/sandbox/openpgp.js'
import { readPublicKey } from '../../../src/sandbox/openssh.js'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, exceptions, openSandbox, password, send } from './visitor.js'

const ssh = '/rest/ssh/latest/keys'
const gpg = '/rest/gpg/latest/keys'

// Made by ssh-keygen, fingerprints and lengths as it shows them.
const edwards = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH8G5chGTkHB8rh2tcC+TvD6yiI4J/K+jufLoRju6hEF a@b'
const small =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDeIh0Re5Xfdqrsch7i/oKuGGWIuvqZB1+X0OYsb+5ORvdF7j6UjiShW8IiWAX6ncIwKFnxNNaLTgL7VU4J6AcB5RrO+LU9PsYes4PSUOdIN6znBcnk/KBvdWa8reAqy9HChaXMd3fzU5UgWuMEkRFXZOmEeCXXA6szbH5VVzW1nw== small one'
const curve =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBv1CZ8SOd5nv4DqwE9NCFZV1my3u5GmLJze7j6GofWBLpMtRDX2i509lc+LCM9O/gvFSDIOCGIIPI2SNHxf0lo= curve'

const add = (sandbox: Sandbox, user: string, body: unknown, as?: string): Promise<Answer> =>
  send(sandbox, 'POST', `${ssh}?user=${user}`, { body, ...(as === undefined ? {} : { as }) })

async function keysOf(sandbox: Sandbox, user: string): Promise<Answer['json']['values']> {
  return (await send(sandbox, 'GET', `${ssh}?user=${user}`)).json.values
}

describe('an SSH key', () => {
  it.each([
    [edwards, 'ED25519', 256, 'P1lw8xg0miYUZeH6ORrIiaZcibYCddrpNkIe6Zhsjl4', 'a@b'],
    [small, 'RSA', 1024, '/ffRioHXmAq1IxoKoT0SJ6QYYbZFh84HACRYA7WVodg', 'small one'],
    [curve, 'ECDSA', 256, '7Qo1g4WzAyF4X7h+x2MZWwZWyoLytjcGVpzu9DNAOGc', 'curve'],
  ])('is read as ssh-keygen reads it: %s', (text, algorithm, bitLength, fingerprint, comment) => {
    expect(readPublicKey(`  ${text}\n`)).toMatchObject({ algorithm, bitLength, fingerprint, comment })
  })

  it.each([
    ['no text', undefined],
    ['a word', 'key'],
    ['a type without key', 'ssh-ed25519'],
    ['a key of another type', edwards.replace('ssh-ed25519', 'ssh-rsa')],
    ['a key that is cut', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH8G5chGTkHB8rh2'],
    ['a key with a tail', `${edwards.split(' ').slice(0, 2).join(' ')}AAAA`],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ])('is not %s', async (_what, text) => {
    const sandbox = await openSandbox()
    const refused = await add(sandbox, 'alice', { text })
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, 'text'])
  })

  it('is shown with what it is; its comment is its label where none is given', async () => {
    const sandbox = await openSandbox()
    expect((await add(sandbox, 'alice', { text: edwards })).status).toBe(201)
    expect((await add(sandbox, 'alice', { text: curve, label: 'office', expiryDays: 30 })).status).toBe(201)
    expect(await keysOf(sandbox, 'alice')).toMatchObject([
      { text: edwards, label: 'a@b', algorithmType: 'ED25519', bitLength: 256 },
      { text: curve, label: 'office', expiryDays: 30, algorithmType: 'ECDSA' },
    ])
    const [first] = await keysOf(sandbox, 'alice')
    expect(first).not.toHaveProperty('expiryDays')
  })

  it('belongs to one user at most, whatever its comment', async () => {
    const sandbox = await openSandbox()
    await add(sandbox, 'alice', { text: edwards })
    const twin = await add(sandbox, 'bob', { text: edwards.replace('a@b', 'c@d') })
    expect([twin.status, exceptions(twin)]).toEqual([409, ['IntegrityException']])
  })

  it('obeys the policy: types and lengths', async () => {
    const sandbox = await openSandbox()
    expect((await add(sandbox, 'alice', { text: small })).json.errors[0]?.message).toContain('at least 2048 bits')
    sandbox.state.sshPolicy.keyTypeRestrictions = [{ algorithm: 'ED25519', allowed: false }]
    expect((await add(sandbox, 'alice', { text: edwards })).status).toBe(400)
    expect((await add(sandbox, 'alice', { text: small })).status).toBe(201)
    expect((await add(sandbox, 'alice', { text: curve, expiryDays: 0 })).status).toBe(400)
  })

  it('never expires on a server before 8.7, which drops the field', async () => {
    const sandbox = await openSandbox({ bitbucket: '7.21' })
    expect((await add(sandbox, 'alice', { text: edwards, expiryDays: 30 })).status).toBe(201)
    expect((await keysOf(sandbox, 'alice'))[0]).not.toHaveProperty('expiryDays')
  })

  it('is its owner’s and the administrators’ business', async () => {
    const sandbox = await openSandbox()
    const [alice, bob] = [password(sandbox, 'alice'), password(sandbox, 'bob')]
    const { text } = await add(sandbox, 'alice', { text: edwards }, alice)
    const { id } = JSON.parse(text) as { id: number }
    expect((await add(sandbox, 'alice', { text: curve }, bob)).status).toBe(401)
    for (const method of ['GET', 'DELETE']) {
      expect((await send(sandbox, method, `${ssh}/${id}`, { as: bob })).status).toBe(401)
      expect((await send(sandbox, method, `${ssh}?user=alice`, { as: bob })).status).toBe(401)
    }
    expect((await send(sandbox, 'GET', `${ssh}/${id}`, { as: alice })).status).toBe(200)
    expect((await send(sandbox, 'GET', `${ssh}/${id}`)).status).toBe(200)
    expect((await send(sandbox, 'DELETE', `${ssh}/${id}`, { as: alice })).status).toBe(204)
    expect((await send(sandbox, 'DELETE', `${ssh}/${id}`)).status).toBe(204)
    expect((await send(sandbox, 'GET', `${ssh}/${id}`)).status).toBe(404)
  })

  it.each(['user', 'userName'])('goes with all of its user’s, whom %s names', async (parameter) => {
    const sandbox = await openSandbox()
    for (const text of [edwards, curve]) await add(sandbox, 'alice', { text })
    sandbox.state.instance.sshKeys.push({ id: 1, user: 'bob', text: small })
    expect((await send(sandbox, 'GET', `${ssh}?${parameter}=ALICE`)).json.values).toHaveLength(2)
    expect((await send(sandbox, 'DELETE', `${ssh}?${parameter}=ALICE`)).status).toBe(204)
    expect([await keysOf(sandbox, 'alice'), (await keysOf(sandbox, 'bob')).length]).toEqual([[], 1])
    expect((await send(sandbox, 'DELETE', `${ssh}?${parameter}=stranger`)).status).toBe(404)
  })
})

const [first, second] = gpgExamples.examples as readonly { fingerprint: string; text: string }[]
const spaced = (fingerprint = ''): string => fingerprint.toLowerCase().match(/../gu)?.join(':') ?? ''

describe('a fingerprint of a GPG key', () => {
  const armour = (...packets: readonly Buffer[]): string => {
    const body = Buffer.concat(packets).toString('base64')
    return `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${body}\n-----END PGP PUBLIC KEY BLOCK-----\n`
  }
  const packet = (header: readonly number[], body: Buffer): Buffer => Buffer.concat([Buffer.from(header), body])
  const key = (length: number): Buffer => Buffer.alloc(length, 4)
  const expected = (body: Buffer): string =>
    createHash('sha1')
      .update(Buffer.from([0x99, body.length >> 8, body.length & 0xff]))
      .update(body)
      .digest('hex')

  it('is the one that gpg shows', () => {
    expect(fingerprintOf(first?.text ?? '')?.toUpperCase()).toBe(first?.fingerprint)
    const commented = first?.text.replace('BLOCK-----\n', 'BLOCK-----\nComment: of a test\n')
    expect(fingerprintOf(commented ?? '')?.toUpperCase()).toBe(first?.fingerprint)
  })

  it.each([
    ['old format, one byte of length', [0x98, 100], 100],
    ['old format, two bytes', [0x99, 1, 44], 300],
    ['old format, four bytes', [0x9a, 0, 0, 1, 44], 300],
    ['new format, one byte', [0xc6, 100], 100],
    ['new format, two bytes', [0xc6, 192, 108], 300],
    ['new format, five bytes', [0xc6, 255, 0, 0, 1, 44], 300],
  ])('is found in a packet of the %s', (_format, header, length) => {
    expect(fingerprintOf(armour(packet(header, key(length))))).toBe(expected(key(length)))
  })

  it('is that of the first key, whatever stands before it', () => {
    const marker = packet([0xca, 3], Buffer.from('PGP'))
    const text = armour(marker, packet([0x98, 100], key(100)), packet([0x98, 90], key(90)))
    expect(fingerprintOf(text)).toBe(expected(key(100)))
  })

  it.each([
    ['a packet that is cut', armour(packet([0x98, 100], key(99)))],
    ['a packet without end', armour(packet([0x9b], key(100)))],
    ['another packet', armour(packet([0xca, 3], Buffer.from('PGP')))],
    ['a key of version 3', armour(packet([0x98, 100], Buffer.alloc(100, 3)))],
    ['no packet', armour(Buffer.from([0x18, 1, 4]))],
    ['a private key', (first?.text ?? '').replaceAll('PUBLIC', 'PRIVATE')],
    ['nothing', ''],
  ])('is not to be had of %s', (_what, text) => {
    expect(fingerprintOf(text)).toBeUndefined()
  })
})

describe('a GPG key', () => {
  const give = (sandbox: Sandbox, user: string, text: unknown, as?: string): Promise<Answer> =>
    send(sandbox, 'POST', `${gpg}?user=${user}`, { body: { text }, ...(as === undefined ? {} : { as }) })

  it('is taken with its text and shown without, once on a server', async () => {
    const sandbox = await openSandbox()
    expect((await give(sandbox, 'alice', first?.text)).status).toBe(200)
    expect((await give(sandbox, 'bob', first?.text)).status).toBe(400)
    expect((await give(sandbox, 'bob', 'no key')).status).toBe(400)
    const { json } = await send(sandbox, 'GET', `${gpg}?user=alice`)
    const id = first?.fingerprint.toLowerCase().slice(-16)
    expect(json.values).toEqual([{ id, fingerprint: spaced(first?.fingerprint), subKeys: [] }])
  })

  it.each([
    ['its fingerprint', (fingerprint: string) => fingerprint],
    ['its fingerprint with colons', (fingerprint: string) => encodeURIComponent(spaced(fingerprint))],
    ['its id', (fingerprint: string) => fingerprint.slice(-16)],
  ])('is removed by %s, and by its owner or an administrator alone', async (_what, nameOf) => {
    const sandbox = await openSandbox()
    const alice = password(sandbox, 'alice')
    await give(sandbox, 'alice', first?.text, alice)
    const path = `${gpg}/${nameOf(first?.fingerprint ?? '')}`
    expect((await send(sandbox, 'DELETE', path, { as: password(sandbox, 'bob') })).status).toBe(401)
    expect((await send(sandbox, 'DELETE', path, { as: alice })).status).toBe(204)
    expect(sandbox.state.instance.gpgKeys).toEqual([])
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
  })

  it('goes with all of its user’s', async () => {
    const sandbox = await openSandbox()
    await give(sandbox, 'alice', first?.text)
    await give(sandbox, 'bob', second?.text)
    const path = `${gpg}?user=alice`
    expect((await send(sandbox, 'DELETE', path, { as: password(sandbox, 'bob') })).status).toBe(401)
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect(sandbox.state.instance.gpgKeys.map(({ user }) => user)).toEqual(['bob'])
    expect((await send(sandbox, 'DELETE', `${gpg}?user=stranger`)).status).toBe(404)
  })
})
