import { optional, readObject, readObjects, stringIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/users'

export default collection({
  kind: 'users',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'people',
    title: 'Users',
    text: 'The users of the internal directory. Those of read-only directories (LDAP, Crowd) may be named by other settings but are not managed. A user is renamed in place by renamedFrom. Whether a user is active cannot be changed by the API. A new user is in no group, the default one included: declare the memberships.',
    rest: 'Permission Management: Users, /api/latest/admin/users (GET, POST, PUT, DELETE), …/users/rename (POST), …/users/credentials (PUT)',
    permission: 'ADMIN',
    endpoints: [path, `${path}/rename`, `${path}/credentials`],
    lost: { what: 'its permissions, keys and tokens in projects and repositories, and its personal repositories' },
    dangers: [
      'Deleting a user takes away every permission, membership and key of that user, in projects and repositories too.',
      'From 10.0 on the permissions of a deleted user are removed seven days later (REST document of 10.0); whether a user created with that name before then has them is not documented.',
      'A user without a declared password is created with one that nobody knows.',
    ],
  },
  schema: {
    type: 'object',
    description: 'A user of the internal directory.',
    required: ['name', 'displayName', 'emailAddress'],
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 255, description: 'The name of the user, in any case.' },
      displayName: { type: 'string', minLength: 1, maxLength: 255, description: 'The name that people see.' },
      emailAddress: { type: 'string', minLength: 3, maxLength: 255, description: 'Where mail for the user goes.' },
      password: {
        type: 'string',
        secret: true,
        description: 'The first password. It is changed later only under --update-secrets.',
      },
    },
  },
  examples: [
    {
      name: 'build-bot',
      displayName: 'Build Bot',
      emailAddress: 'build-bot@example.com',
      password: '${secret:build-bot}',
    },
    { name: 'build-bot', displayName: 'The Build Bot', emailAddress: 'builds@example.com' },
  ],
  canonical: { name: (name) => name.toLowerCase() },
  access: 'people',
})({
  async list(api) {
    return readObjects(path, (await api.list(path)) ?? []).map((user) => ({
      value: {
        name: stringIn(user, 'name'),
        displayName: stringIn(user, 'displayName'),
        // Users of some directories have no address; it cannot be written as absent.
        emailAddress: optional(user, 'emailAddress', stringIn).emailAddress ?? '',
      },
      raw: user.fields,
    }))
  },
  async create(api, _at, { after }) {
    const { name, displayName, emailAddress, password } = after
    // Everything travels in the URL, which servers and proxies log (I-18): the password there is one that holds for a
    // moment only. The real one, or one more that nobody knows, follows in a body.
    const query = new URLSearchParams({
      name,
      displayName,
      emailAddress,
      password: api.secretText(),
      addToDefaultGroup: 'false',
      notify: 'false',
    })
    // A 409 may also mean that another user has the mail address.
    const known = readObjects(path, (await api.list(path)) ?? [])
    const isThere = known.some((user) => stringIn(user, 'name').toLowerCase() === name)
    if (!isThere) await api.send('POST', `${path}?${query.toString().replaceAll('+', '%20')}`)
    await api.send('PUT', `${path}/credentials`, credentials(name, password ?? api.secretText()))
  },
  async update(api, _at, { after, changed }) {
    const { name, displayName, emailAddress, password } = after
    if (changed.has('displayName') || changed.has('emailAddress')) {
      // Written as `email`, read as `emailAddress` (I-18).
      await api.send('PUT', path, { name, displayName, email: emailAddress })
    }
    if (changed.has('password') && password !== undefined) {
      await api.send('PUT', `${path}/credentials`, credentials(name, password))
    }
  },
  async rename(api, _at, { before, after }) {
    await api.send('POST', `${path}/rename`, { name: before.name, newName: after.name })
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', `${path}?name=${encodeURIComponent(stringIn(readObject(path, raw), 'name'))}`))
  },
  isReadOnly({ raw }) {
    const { fields } = readObject(path, raw)
    const isFixed = fields['mutableDetails'] === false || fields['deletable'] === false
    return isFixed ? 'the user lives in a read-only directory' : undefined
  },
  isInactive({ raw }) {
    return readObject(path, raw).fields['active'] === false ? 'the user is deactivated' : undefined
  },
})

function credentials(name: string, password: string): unknown {
  return { name, password, passwordConfirm: password }
}
