import { readObject, wordIn } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/policies/latest/admin/repos/delete'
const permissions = ['SYS_ADMIN', 'ADMIN', 'PROJECT_ADMIN', 'REPO_ADMIN'] as const

export default singleton({
  kind: 'repositoryDeletion',
  parents: [instance],
  docs: {
    area: 'repositories',
    title: 'Who may delete repositories',
    text: 'The permission that somebody needs to delete a repository; stronger permissions may as well. The policy cannot be reset; REPO_ADMIN is what a new server has.',
    rest: 'System Maintenance: Repository delete policy, /policies/latest/admin/repos/delete (GET, PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/policies/latest/admin/repos/delete'],
    since: '8.0',
  },
  schema: {
    type: 'object',
    description: 'Who may delete repositories.',
    required: ['permission'],
    properties: {
      permission: {
        type: 'string',
        enum: permissions,
        description: 'The weakest permission that may delete a repository.',
      },
    },
  },
  examples: [{ permission: 'ADMIN' }, { permission: 'PROJECT_ADMIN' }],
})({
  async read(api) {
    const raw = await api.get(path)
    return { value: { permission: wordIn(readObject(path, raw), 'permission', permissions) }, raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, after)
  },
})
