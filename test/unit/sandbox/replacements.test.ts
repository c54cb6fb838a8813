/** What an estate says instead of what a server said. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { readPublicKey } from '../../../src/sandbox/openssh.js'
import { Replacements } from '../../../src/sandbox/replacements.js'

const users = [
  { name: 'J.Doe', slug: 'j.doe', displayName: 'Jo Doe', emailAddress: 'jo@example.org' },
  { name: 'lena', slug: 'lena', displayName: 'Léna Müller', emailAddress: 'lena@example.org' },
]
const replacements = new Replacements(users, [{ name: 'Staff' }], { hidesNames: false, salt: 'a salt' })
const [doe, lena] = ['J.Doe', 'lena'].map((name) => replacements.person(name))

test.each([
  ['a name in a sentence', 'ask j.doe, please', `ask ${doe?.name}, please`],
  ['both names', 'Jo Doe', doe?.displayName],
  ['one of both', 'the Doe file', `the ${doe?.name} file`],
  ['an address', 'mail LENA@example.org', `mail ${lena?.emailAddress}`],
  ['without its accents', 'muller_service', `${lena?.name}_service`],
  ['not within a word', 'Calena, Doering', 'Calena, Doering'],
  ['not the half of a name', 'Jo Doering', 'Jo Doering'],
  ['a credential in an address', 'https://u:p@host/x', 'https://host/x'],
  ['what a name says is one', 'password: hunter2; token=abc', 'password: replaced; token=replaced'],
  ['a long word and a long number', 'Donaudampfschifffahrtsgesellschaft 12345678901234567890', undefined],
])('replaces in texts: %s', (_, given, wanted) => {
  expect(replacements.text(given, 255)).toBe(wanted ?? given)
})

test.each(['BBDC-abc+/=', '0b0e7d5c-7c5f-4d6f-9d2a-0123456789ab', 'ghp16C7e42F292c6912E7710c838347Ae178B4a'])(
  'replaces what looks like a token: %s',
  (token) => expect(replacements.text(`use ${token}.`, 255)).toMatch(/^use secret-[\da-f]{10}\.$/u),
)

test('keeps branches branches, and of a webhook whom it calls', () => {
  expect(replacements.ref('refs/heads/lena/x')).toBe(`refs/heads/${lena?.name}/x`)
  const url = replacements.url('https://u:p@ci.example.com:8443/secret/path?token=1#x')
  expect(url).toMatch(/^https:\/\/ci\.example\.com:8443\/[\da-f]{10}$/u)
  expect(new URL(replacements.url('https://lena.example.com/')).hostname).not.toContain('lena')
})

test('keeps of settings what lets nobody in', () => {
  const given = {
    count: '2',
    on: true,
    mode: 'ALL_OF',
    note: 'a text',
    same: 'a text',
    apiKey: 7,
    inner: [{ password: 'WARN' }],
  }
  const { note, same, ...rest } = replacements.settings(given) as Record<string, unknown>
  expect([note === same, String(note)]).toEqual([true, expect.stringMatching(/^text-[\da-f]{10}$/u)])
  const text = expect.stringMatching(/^text-/u) as unknown
  expect(rest).toEqual({ count: '2', on: true, mode: 'ALL_OF', apiKey: text, inner: [{ password: text }] })
})

test('leaves out of settings what servers should not show, and nothing that only sounds like it', () => {
  const shown = {
    authType: 'OAUTH2',
    audience: 'ALL',
    authenticated: true,
    password: 'x',
    nested: { clientSecret: 'x' },
  }
  const kept = { authType: 'OAUTH2', audience: 'ALL', authenticated: true, nested: {} }
  expect(replacements.clean(shown)).toEqual(kept)
})

function sshText(type: string, ...fields: readonly Buffer[]): string {
  const all = [Buffer.from(type), ...fields].flatMap((field) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(field.length)
    return [length, field]
  })
  return `${type} ${Buffer.concat(all).toString('base64')}`
}

const modulus = (bits: number): Buffer => {
  const { n = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' })
  return Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')])
}

test.each([
  ['RSA', 1024, sshText('ssh-rsa', Buffer.from([1, 0, 1]), modulus(1024))],
  ['RSA', 2047, sshText('ssh-rsa', Buffer.from([3]), Buffer.concat([Buffer.from([0x7f]), randomBytes(255)]))],
  ['DSA', 1024, sshText('ssh-dss', modulus(1024), ...[20, 128, 128].map((size) => randomBytes(size)))],
  ['ECDSA', 521, sshText('ecdsa-sha2-nistp521', Buffer.from('nistp521'), randomBytes(133))],
  ['ED25519', 256, sshText('ssh-ed25519', randomBytes(32))],
])('makes up a key of the type %s and %i bits', (algorithm, bitLength, text) => {
  const madeUp = replacements.publicKey(`${text} lena@host`) ?? ''
  expect(readPublicKey(madeUp)).toMatchObject({ algorithm, bitLength, comment: '' })
  expect(madeUp.split(' ')[0]).toBe(text.split(' ')[0])
  expect(readPublicKey(madeUp)?.fingerprint).not.toBe(readPublicKey(text)?.fingerprint)
  expect(replacements.publicKey(text)).toBe(madeUp)
})
