import { readObject, stringIn } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/default-branch'

function shorten(name: string): string {
  return name.replace(/^refs\/heads\//u, '')
}

export default singleton({
  kind: 'defaultBranch',
  parents: [instance],
  docs: {
    area: 'repositories',
    title: 'Default branch of new repositories',
    text: 'The branch that a repository starts with when its creator names none. Repositories that exist keep theirs. Write null to return to the default of the server.',
    rest: 'System Maintenance: Default branch, /api/latest/admin/default-branch (GET, PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/default-branch'],
  },
  schema: {
    type: 'string',
    minLength: 1,
    description: 'The branch that new repositories start with. `refs/heads/` may be left out.',
  },
  examples: ['main', 'release/next'],
  canonical: shorten,
})({
  async read(api) {
    // 404 where none is set (I-05).
    const raw = await api.get(path)
    if (raw === null) return null
    return { value: shorten(stringIn(readObject(path, raw), 'id')), raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, { id: `refs/heads/${shorten(after)}` })
  },
  async clear(api) {
    await unlessGone(api.send('DELETE', path))
  },
})
