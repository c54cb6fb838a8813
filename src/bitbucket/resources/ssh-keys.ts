import { integerIn, optional, readObject, readObjects, stringIn } from '../answer.js'
import { collection } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'
import users from './users.js'

const path = '/ssh/latest/keys'

export default collection({
  kind: 'sshKeys',
  parents: [users],
  identity: ['key'],
  docs: {
    area: 'people',
    title: 'SSH keys of a user',
    text: 'The public keys with which a user signs in to Git over SSH. A key is its algorithm and material; the comment behind it does not count. A key cannot be changed, only replaced, and belongs to one user at most. They cost a request a user, so they are exported only where --include names them.',
    rest: 'Authentication: SSH keys of a user, /ssh/latest/keys?user= (GET, POST), /ssh/latest/keys/{keyId} (DELETE)',
    permission: 'ADMIN',
    endpoints: [path, `${path}/{}`],
    dangers: ['A removed key stops whatever signs in with it.'],
  },
  schema: {
    type: 'object',
    description: 'A public key with which a user signs in.',
    required: ['key'],
    properties: {
      key: {
        type: 'string',
        minLength: 16,
        pattern: '^\\s*(ssh-|ecdsa-|sk-)[\\w@.-]+\\s+[A-Za-z0-9+/=]+(\\s.*)?$',
        description: 'The public key as ssh-keygen writes it; the comment may be left out.',
      },
      label: { type: 'string', minLength: 1, maxLength: 255, description: 'The name that the user sees.' },
      expiryDays: {
        type: 'integer',
        minimum: 1,
        'x-since': '8.7',
        description: 'Days after its creation until it expires.',
      },
    },
  },
  examples: [
    { key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDpqWqVu9bCaZQhqWEXNAe0o+zHk6Q6x8yZf8d0T3m2h', label: 'laptop' },
    { key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDpqWqVu9bCaZQhqWEXNAe0o+zHk6Q6x8yZf8d0T3m2h', label: 'desktop' },
  ],
  canonical: { key: (text) => text.trim().split(/\s+/u).slice(0, 2).join(' ') },
  isOnRequest: true,
})({
  async list(api, at) {
    const where = `${path}?user=${encodeURIComponent(at.users)}`
    const keys = await api.list(where)
    if (keys === null) return null
    return readObjects(where, keys).map((key) => ({
      value: {
        key: stringIn(key, 'text'),
        ...optional(key, 'label', stringIn),
        ...optional(key, 'expiryDays', integerIn),
      },
      raw: key.fields,
    }))
  },
  async create(api, at, { after }) {
    const { key: text, label, expiryDays } = after
    const where = `${path}?user=${encodeURIComponent(at.users)}`
    // A 409 may mean another user's key, so whether it is this user's must be looked up (U-01).
    const keys = readObjects(where, (await api.list(where)) ?? [])
    if (keys.some((key) => stringIn(key, 'text').startsWith(text))) return
    await api.send('POST', where, {
      text,
      ...(label === undefined ? {} : { label }),
      ...(expiryDays === undefined ? {} : { expiryDays }),
    })
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', `${path}/${integerIn(readObject(path, raw), 'id')}`))
  },
})
