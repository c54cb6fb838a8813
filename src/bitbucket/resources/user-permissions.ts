import { objectIn, readObject, readObjects, stringIn, wordIn } from '../answer.js'
import { type GlobalPermission, globalPermissions, permissionPath, permissionToGrant } from '../global-permission.js'
import { collection, instance } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/permissions/users'

export default collection({
  kind: 'userPermissions',
  parents: [instance],
  identity: ['user'],
  docs: {
    area: 'people',
    title: 'Global permissions of users',
    text: 'What single users may do on the whole server, apart from what their groups give them. A user has one entry, their highest permission.',
    rest: 'Permission Management: Global permissions of users, /api/latest/admin/permissions/users (GET, PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/permissions/users'],
    dangers: [
      'Taking SYS_ADMIN from the last who has it locks everybody out of the administration.',
      'Without any global permission people cannot sign in; every one of them takes a licence seat.',
      'Only a SYS_ADMIN may grant or revoke SYS_ADMIN.',
    ],
  },
  schema: {
    type: 'object',
    description: 'The global permission of one user.',
    required: ['user', 'permission'],
    properties: {
      user: { type: 'string', minLength: 1, 'x-ref': 'users', description: 'The name of the user, in any case.' },
      permission: {
        type: 'string',
        enum: globalPermissions,
        description:
          'The highest permission, which includes all weaker ones: LICENSED_USER (may sign in), PROJECT_CREATE, ADMIN, SYS_ADMIN.',
      },
    },
  },
  examples: [
    { user: 'alice', permission: 'LICENSED_USER' },
    { user: 'alice', permission: 'PROJECT_CREATE' },
  ],
  canonical: { user: (name) => name.toLowerCase() },
  access: 'grant',
  needs: permissionToGrant,
})({
  async list(api) {
    const grants = await api.list(path)
    return readObjects(path, grants ?? []).map((grant) => {
      const permission: GlobalPermission = wordIn(grant, 'permission', globalPermissions)
      return { value: { user: stringIn(objectIn(grant, 'user'), 'name'), permission }, raw: grant.fields }
    })
  },
  async create(api, _at, { after }) {
    await api.send('PUT', permissionPath(path, after.user, after.permission))
  },
  async update(api, _at, { after }) {
    // One PUT sets the level both up and down (I-15), so nobody is without a permission in between.
    await api.send('PUT', permissionPath(path, after.user, after.permission))
  },
  async delete(api, _at, { value }) {
    await unlessGone(api.send('DELETE', permissionPath(path, value.user)))
  },
  isInactive({ raw }) {
    const user = objectIn(readObject(path, raw), 'user')
    return user.fields['active'] === false ? 'the user is deactivated' : undefined
  },
})
