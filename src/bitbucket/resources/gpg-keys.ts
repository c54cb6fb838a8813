import { readObject, readObjects, stringIn } from '../answer.js'
import { collection } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'
import users from './users.js'

const path = '/gpg/latest/keys'

export default collection({
  kind: 'gpgKeys',
  parents: [users],
  identity: ['fingerprint'],
  docs: {
    area: 'people',
    title: 'GPG keys of a user',
    text: 'The public keys by which the signatures of a user are known. A key is named by its declared fingerprint; its text is sent when it is created, never read back. They cost a request a user, so they are exported only where --include names them.',
    rest: 'Authentication: GPG keys of a user, /gpg/latest/keys?user= (GET, POST), /gpg/latest/keys/{fingerprintOrId} (DELETE)',
    permission: 'ADMIN',
    endpoints: [path, `${path}/{}`],
    dangers: ['Commits that were signed with a removed key are shown as unverified.'],
  },
  schema: {
    type: 'object',
    description: 'A public key by which the signatures of a user are known.',
    required: ['fingerprint', 'text'],
    properties: {
      fingerprint: {
        type: 'string',
        pattern: '^([0-9A-Fa-f][\\s:]*){32,64}$',
        description:
          'The fingerprint of the primary key, as gpg --fingerprint shows it; blanks, colons and case do not matter.',
      },
      text: { type: 'string', minLength: 1, writeOnly: true, description: 'The public key with its armour.' },
    },
  },
  examples: [
    {
      fingerprint: 'A13D12C43D3B18A54012F3105DC49204A10208B4',
      text: [
        '-----BEGIN PGP PUBLIC KEY BLOCK-----',
        '',
        'mDMEawTqKhYJKwYBBAHaRw8BAQdAvuFiZsK+RopKgQQ0sN1mfMJUlIv63ZFLjABZ',
        'MnKa8hO0FW9uZSA8b25lQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEoT0SxD07GKVA',
        'EvMQXcSSBKECCLQFAmsE6ioCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQ',
        'XcSSBKECCLTE1AEAj4Qrji2mEg9lunStSL1PgosQsOJMdhhEIEEAQ0I2B8gBANXa',
        'Dg3CeC6wnDaXHMeDMZW8Oxyyx62T1sj60AcyXoQN',
        '=JUvo',
        '-----END PGP PUBLIC KEY BLOCK-----',
      ].join('\n'),
    },
    {
      fingerprint: '7949C59F58D2692C0B3D000C29BF230F9A86F63C',
      text: [
        '-----BEGIN PGP PUBLIC KEY BLOCK-----',
        '',
        'mDMEawTqKhYJKwYBBAHaRw8BAQdA7EO4aACXGKUgWQP/monbbXwwQYlt1zf5fLEq',
        'FOYbUNW0FXR3byA8dHdvQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEeUnFn1jSaSwL',
        'PQAMKb8jD5qG9jwFAmsE6ioCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQ',
        'Kb8jD5qG9jwPsAD/ViG5Sdmmx2Ho2mwZ7VWBbQfWKDYoSxNX8rI1hiZxwWAA/1RQ',
        'as9iRthkSoIpxe0mzNZTO6n+6s0A/G28MVCULKcK',
        '=hnOM',
        '-----END PGP PUBLIC KEY BLOCK-----',
      ].join('\n'),
    },
  ],
  canonical: { fingerprint: (text) => text.replaceAll(/[\s:]/gu, '').toUpperCase() },
  isOnRequest: true,
})({
  async list(api, at) {
    const where = `${path}?user=${encodeURIComponent(at.users)}`
    const keys = await api.list(where)
    if (keys === null) return null
    return readObjects(where, keys).map((key) => ({
      value: { fingerprint: stringIn(key, 'fingerprint'), text: '' },
      raw: key.fields,
    }))
  },
  async create(api, at, { after }) {
    const where = `${path}?user=${encodeURIComponent(at.users)}`
    const keys = readObjects(where, (await api.list(where)) ?? [])
    const isThere = keys.some(
      (key) => stringIn(key, 'fingerprint').replaceAll(':', '').toUpperCase() === after.fingerprint,
    )
    if (!isThere) await api.send('POST', where, { text: after.text })
  },
  async delete(api, _at, { raw }) {
    const fingerprint = stringIn(readObject(path, raw), 'fingerprint')
    await unlessGone(api.send('DELETE', `${path}/${encodeURIComponent(fingerprint)}`))
  },
})
