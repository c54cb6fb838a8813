import { readObject, readObjects, stringIn } from '../answer.js'
import { collection } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'
import groups from './groups.js'

const admin = '/api/latest/admin'

export default collection({
  kind: 'members',
  parents: [groups],
  identity: ['user'],
  docs: {
    area: 'people',
    title: 'Members of a group',
    text: 'The users in a group, direct members only: groups inside groups are not visible to the API. Members of a read-only directory may be named but are never removed.',
    rest: 'Permission Management: Group members, /api/latest/admin/groups/more-members (GET), …/groups/add-users (POST), …/users/remove-group (POST)',
    permission: 'ADMIN',
    endpoints: [
      '/api/latest/admin/groups/more-members',
      '/api/latest/admin/groups/add-users',
      '/api/latest/admin/users/remove-group',
    ],
    dangers: [
      'Removing people from the group that makes them administrators can lock everybody out.',
      'A group that may use Bitbucket takes a licence seat for each new member.',
    ],
  },
  schema: {
    type: 'object',
    description: 'A user in a group.',
    required: ['user'],
    properties: {
      user: { type: 'string', minLength: 1, 'x-ref': 'users', description: 'The name of the user, in any case.' },
    },
  },
  examples: [{ user: 'alice' }, { user: 'bob' }],
  canonical: { user: (name) => name.toLowerCase() },
  access: 'membership',
  async hazards({ before, after }, { live }) {
    if (before !== null || after === null) return []
    // A user of a directory whose groups are its own cannot be put into others (I-19).
    const users = await live('users')
    const isFixed = users.some(({ raw }) => {
      const user = readObject(admin, raw)
      return user.fields['mutableGroups'] === false && stringIn(user, 'name').toLowerCase() === after.user
    })
    if (!isFixed) return []
    const hint = 'Change the membership in that directory.'
    return [{ message: `the groups of ${after.user} live in a read-only directory`, hint }]
  },
})({
  async list(api, at) {
    const path = `${admin}/groups/more-members?context=${encodeURIComponent(at.groups)}`
    const members = await api.list(path)
    if (members === null) return null
    return readObjects(path, members).map((member) => ({
      value: { user: stringIn(member, 'name') },
      raw: member.fields,
    }))
  },
  async create(api, at, { after }) {
    await api.send('POST', `${admin}/groups/add-users`, { group: at.groups, users: [after.user] })
  },
  async createMany(api, at, changes) {
    // All or nothing, and who is a member already does not matter (I-19).
    await api.send('POST', `${admin}/groups/add-users`, {
      group: at.groups,
      users: changes.map(({ after }) => after.user),
    })
  },
  async delete(api, at, { raw }) {
    const path = `${admin}/users/remove-group`
    // The context is the user and the item the group: the other way round than its name suggests (I-19).
    await unlessGone(api.send('POST', path, { context: stringIn(readObject(path, raw), 'name'), itemName: at.groups }))
  },
  isReadOnly({ raw }) {
    const isFixed = readObject(admin, raw).fields['mutableGroups'] === false
    return isFixed ? 'the groups of this user live in a read-only directory' : undefined
  },
  isInactive({ raw }) {
    return readObject(admin, raw).fields['active'] === false ? 'the user is deactivated' : undefined
  },
})
