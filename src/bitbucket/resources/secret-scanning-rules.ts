import { optional, readObject, readObjects, stringIn, integerIn, type Answered } from '../answer.js'
import { collection, instance } from '../kit.js'
import { tellApart } from '../tell-apart.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/secret-scanning/rules'

export default collection({
  kind: 'secretScanningRules',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'security',
    title: 'Rules of secret scanning',
    text: 'What is searched for in the commits of every repository, as regular expressions of Java: in lines, in the paths of files, or in both. The server allows several rules of one name; such rules are called name #number here. Rules that Bitbucket brings itself are not known to be listed.',
    rest: 'Security: Secret scanning rules, /api/latest/secret-scanning/rules (GET, POST), …/{id} (PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: [path, `${path}/{}`],
    since: '8.3',
  },
  schema: {
    type: 'object',
    description: 'What is searched for in commits.',
    required: ['name'],
    anyOf: ['lineRegex', 'pathRegex'],
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 255, description: 'The name of the rule.' },
      lineRegex: { type: 'string', minLength: 1, description: 'Regular expression of Java for a line of a file.' },
      pathRegex: { type: 'string', minLength: 1, description: 'Regular expression of Java for the path of a file.' },
    },
  },
  examples: [
    { name: 'Acme token', lineRegex: 'acme_[a-z0-9]{32}', pathRegex: '.*\\.ya?ml' },
    { name: 'Acme token', lineRegex: 'acme_[A-Za-z0-9]{40}' },
  ],
})({
  async list(api) {
    const rules = readObjects(path, (await api.list(path)) ?? [])
    return tellApart(rules, nameOf, idOf).map(({ name, one }) => ({
      value: { name, ...optional(one, 'lineRegex', stringIn), ...optional(one, 'pathRegex', stringIn) },
      raw: one.fields,
    }))
  },
  async create(api, _at, { after }) {
    // The server would take a second rule of the same name (I-24).
    const known = readObjects(path, (await api.list(path)) ?? [])
    if (known.some((rule) => nameOf(rule) === after.name)) return
    await api.send('POST', path, after)
  },
  async update(api, _at, { after, raw }) {
    // Whether a field that is left out is kept is not known (I-24): all three are sent.
    const rule = readObject(path, raw)
    const { lineRegex = null, pathRegex = null } = after
    await api.send('PUT', `${path}/${idOf(rule)}`, { name: nameOf(rule), lineRegex, pathRegex })
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', `${path}/${idOf(readObject(path, raw))}`))
  },
})

function nameOf(rule: Answered): string {
  return stringIn(rule, 'name')
}

function idOf(rule: Answered): number {
  return integerIn(rule, 'id')
}
