import { objectIn, readObjects, stringIn, wordIn } from '../answer.js'
import { type GlobalPermission, globalPermissions, permissionPath, permissionToGrant } from '../global-permission.js'
import { collection, instance } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/permissions/groups'

export default collection({
  kind: 'groupPermissions',
  parents: [instance],
  identity: ['group'],
  docs: {
    area: 'people',
    title: 'Global permissions of groups',
    text: 'What groups may do on the whole server. A group has one entry, its highest permission. The group must exist, or be created by the same plan.',
    rest: 'Permission Management: Global permissions of groups, /api/latest/admin/permissions/groups (GET, PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/permissions/groups'],
    dangers: [
      'Taking SYS_ADMIN from the last who has it locks everybody out of the administration.',
      'Without any global permission people cannot sign in; every one of them takes a licence seat.',
      'Only a SYS_ADMIN may grant or revoke SYS_ADMIN.',
    ],
  },
  schema: {
    type: 'object',
    description: 'The global permission of one group.',
    required: ['group', 'permission'],
    properties: {
      group: { type: 'string', minLength: 1, 'x-ref': 'groups', description: 'The name of the group, in any case.' },
      permission: {
        type: 'string',
        enum: globalPermissions,
        description:
          'The highest permission, which includes all weaker ones: LICENSED_USER (may sign in), PROJECT_CREATE, ADMIN, SYS_ADMIN.',
      },
    },
  },
  examples: [
    { group: 'developers', permission: 'LICENSED_USER' },
    { group: 'developers', permission: 'PROJECT_CREATE' },
  ],
  canonical: { group: (name) => name.toLowerCase() },
  access: 'grant',
  needs: permissionToGrant,
})({
  async list(api) {
    const grants = await api.list(path)
    return readObjects(path, grants ?? []).map((grant) => {
      const permission: GlobalPermission = wordIn(grant, 'permission', globalPermissions)
      return { value: { group: stringIn(objectIn(grant, 'group'), 'name'), permission }, raw: grant.fields }
    })
  },
  async create(api, _at, { after }) {
    await api.send('PUT', permissionPath(path, after.group, after.permission))
  },
  async update(api, _at, { after }) {
    // One PUT sets the level both up and down (I-15), so nobody is without a permission in between.
    await api.send('PUT', permissionPath(path, after.group, after.permission))
  },
  async delete(api, _at, { value }) {
    await unlessGone(api.send('DELETE', permissionPath(path, value.group)))
  },
})
