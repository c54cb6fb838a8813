import { objectIn, readObjects, stringIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { unlessGone, unlessThere } from '../repeated-verbs.js'

const path = '/api/latest/secret-scanning/exempt'

export default collection({
  kind: 'secretScanningExemptions',
  parents: [instance],
  identity: ['project', 'repository'],
  docs: {
    area: 'security',
    title: 'Repositories exempt from secret scanning',
    text: 'Repositories whose commits are not searched for secrets. The repositories must exist.',
    rest: 'Security: Secret scanning exempt repositories, /api/latest/secret-scanning/exempt (GET, POST), /api/latest/projects/{projectKey}/repos/{repositorySlug}/secret-scanning/exempt (DELETE)',
    permission: 'ADMIN',
    endpoints: [path, '/api/latest/projects/{}/repos/{}/secret-scanning/exempt'],
    since: '8.6',
    dangers: ['Nothing searches an exempt repository for secrets.'],
  },
  schema: {
    type: 'object',
    description: 'A repository whose commits are not searched for secrets.',
    required: ['project', 'repository'],
    properties: {
      project: { type: 'string', minLength: 1, description: 'The key of the project, in any case.' },
      repository: { type: 'string', minLength: 1, description: 'The slug of the repository, in any case.' },
    },
  },
  examples: [
    { project: 'PLAT', repository: 'api' },
    { project: 'PLAT', repository: 'legacy-billing' },
  ],
  canonical: { project: (key) => key.toUpperCase(), repository: (slug) => slug.toLowerCase() },
})({
  async list(api) {
    return readObjects(path, (await api.list(path)) ?? []).map((repository) => ({
      value: { project: stringIn(objectIn(repository, 'project'), 'key'), repository: stringIn(repository, 'slug') },
      raw: repository.fields,
    }))
  },
  async create(api, _at, { after }) {
    // 409 says that it is exempt already (I-25).
    await unlessThere(api.send('POST', path, [wireOf(after)]))
  },
  async delete(api, _at, { value }) {
    const { project, repository } = value
    const where = `/api/latest/projects/${encodeURIComponent(project)}/repos/${encodeURIComponent(repository)}`
    await unlessGone(api.send('DELETE', `${where}/secret-scanning/exempt`))
  },
})

function wireOf({ project, repository }: { readonly project: string; readonly repository: string }): unknown {
  return { projectKey: project, slug: repository }
}
