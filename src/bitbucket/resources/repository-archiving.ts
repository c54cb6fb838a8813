import { readObject, wordIn } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/policies/latest/admin/repos/archive'
const permissions = ['SYS_ADMIN', 'ADMIN', 'PROJECT_ADMIN', 'REPO_ADMIN'] as const

export default singleton({
  kind: 'repositoryArchiving',
  parents: [instance],
  docs: {
    area: 'repositories',
    title: 'Who may archive repositories',
    text: 'The permission that somebody needs to archive a repository; stronger permissions may as well. The policy cannot be reset; REPO_ADMIN is what a new server has.',
    rest: 'System Maintenance: Repository archive policy, /policies/latest/admin/repos/archive (GET, PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/policies/latest/admin/repos/archive'],
    since: '8.0',
  },
  schema: {
    type: 'object',
    description: 'Who may archive repositories.',
    required: ['permission'],
    properties: {
      permission: {
        type: 'string',
        enum: permissions,
        description: 'The weakest permission that may archive a repository.',
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
