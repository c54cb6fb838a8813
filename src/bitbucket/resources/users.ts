import { readObjects, stringIn } from '../answer.js'
import { directory } from '../kit.js'

const path = '/api/latest/admin/users'

export default directory({
  kind: 'users',
  docs: {
    title: 'Users',
    text: 'The users of the server. bbstate looks names up, so that a wrong one is found before anything is written; it does not manage the users themselves yet.',
    rest: 'Permission Management: Users, /api/latest/admin/users (GET)',
    permission: 'LICENSED_USER',
  },
  canonical: (name) => name.toLowerCase(),
  async names(api) {
    return readObjects(path, (await api.list(path)) ?? []).map((user) => stringIn(user, 'name'))
  },
})
