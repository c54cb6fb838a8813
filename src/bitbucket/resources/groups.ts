import { readObject, readObjects, stringIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { unlessGone, unlessThere } from '../repeated-verbs.js'

const path = '/api/latest/admin/groups'

function groupPath(name: string): string {
  return `${path}?name=${encodeURIComponent(name)}`
}

export default collection({
  kind: 'groups',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'people',
    title: 'Groups',
    text: 'The groups of the server. A group that bbstate creates lives in the internal directory; groups of a read-only directory (LDAP, Crowd) may be named but are never deleted. Names are compared without regard to case. The API has no rename.',
    rest: 'Permission Management: Groups, /api/latest/admin/groups (GET, POST, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/groups'],
    lost: { what: 'its permissions in projects and repositories' },
    dangers: ['Deleting a group takes away every permission that was granted to it, in projects and repositories too.'],
  },
  schema: {
    type: 'object',
    description: 'A group of users.',
    required: ['name'],
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 255, description: 'The name of the group, in any case.' },
    },
  },
  examples: [{ name: 'platform-admins' }, { name: 'contractors' }],
  canonical: { name: (name) => name.toLowerCase() },
  access: 'groups',
})({
  async list(api) {
    const groups = await api.list(path)
    return readObjects(path, groups ?? []).map((group) => ({
      value: { name: stringIn(group, 'name') },
      raw: group.fields,
    }))
  },
  async create(api, _at, { after }) {
    // The only 409 of this POST says that the group exists (I-17).
    await unlessThere(api.send('POST', groupPath(after.name)))
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', groupPath(stringIn(readObject(path, raw), 'name'))))
  },
  isReadOnly({ raw }) {
    return readObject(path, raw).fields['deletable'] === false ? 'it lives in a read-only directory' : undefined
  },
})
