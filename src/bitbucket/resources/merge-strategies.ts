import { isAbsent, objectIn, optional, readObject, readObjects, stringIn, integerIn, type Answered } from '../answer.js'
import { collection, instance } from '../kit.js'

const path = '/api/latest/admin/pull-requests'
const strategies = ['no-ff', 'ff', 'ff-only', 'rebase-no-ff', 'rebase-ff-only', 'squash', 'squash-ff-only'] as const

/** Git is the only source control that Bitbucket Data Center has. */
const scms = ['git'] as const

export default collection({
  kind: 'mergeStrategies',
  parents: [instance],
  identity: ['scm'],
  docs: {
    area: 'repositories',
    title: 'Merge strategies',
    text: "How pull requests may be merged, for every project and repository that does not say it itself. Absent means Bitbucket's own default; null goes back to it.",
    rest: 'Pull Requests: Merge strategies, /api/latest/admin/pull-requests/{scmId} (GET, POST)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/pull-requests/{}'],
  },
  schema: {
    type: 'object',
    description: 'How pull requests of one sort of repository may be merged.',
    required: ['scm', 'defaultStrategy', 'strategies'],
    properties: {
      scm: { type: 'string', enum: scms, description: 'The sort of repository; there is only git.' },
      defaultStrategy: {
        type: 'string',
        enum: strategies,
        description: 'What the merge dialog offers first; one of the strategies.',
      },
      strategies: {
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', enum: strategies, description: 'A strategy, as the API names it.' },
        description: 'Every strategy that may be used.',
      },
      commitSummaries: {
        type: 'integer',
        minimum: 0,
        default: 20,
        description: 'How many subjects of the merged commits the message of the merge lists; 0 for none.',
      },
      commitMessageTemplate: {
        type: 'object',
        description: 'The message of the merge. Null goes back to that of Bitbucket.',
        properties: {
          title: { type: 'string', minLength: 1, description: 'The first line.' },
          body: { type: 'string', minLength: 1, description: 'What follows it.' },
        },
      },
    },
  },
  examples: [
    {
      scm: 'git',
      defaultStrategy: 'no-ff',
      strategies: ['no-ff', 'ff-only', 'squash'],
      commitSummaries: 20,
      commitMessageTemplate: { title: 'Merge pull request #${id}', body: '${title}' },
    },
    { scm: 'git', defaultStrategy: 'squash', strategies: ['squash', 'ff-only'], commitSummaries: 0 },
  ],
  canonical: {
    commitMessageTemplate: (template) =>
      Object.fromEntries(Object.entries(template).map(([part, text]) => [part, text?.replaceAll('\r\n', '\n')])),
  },
  async hazards({ after }) {
    if (after === null || after.strategies.includes(after.defaultStrategy)) return []
    const hint = `Add ${after.defaultStrategy} to strategies, or choose one of them.`
    return [{ message: `The default strategy ${after.defaultStrategy} is not among the strategies`, hint }]
  },
})({
  async list(api) {
    const scm = 'git'
    const where = `${path}/${scm}`
    const raw = await api.get(where)
    if (raw === null) return []
    const config = readObject(where, raw)
    // The type tells whose configuration it is, in either case (I-11); without one it is the server's own.
    const origin = isAbsent(config.fields['type']) ? 'GLOBAL' : stringIn(config, 'type').toUpperCase()
    return origin === 'DEFAULT' ? [] : [{ value: { scm, ...readConfig(config) }, raw }]
  },
  async create(api, _at, { after }) {
    await api.send('POST', `${path}/${after.scm}`, { mergeConfig: wireOf(after) })
  },
  async update(api, _at, { after }) {
    await api.send('POST', `${path}/${after.scm}`, { mergeConfig: wireOf(after) })
  },
  async delete(api, _at, { value }) {
    await api.send('POST', `${path}/${value.scm}`, { mergeConfig: {} })
  },
})

type Strategy = (typeof strategies)[number]

interface Config {
  readonly defaultStrategy: Strategy
  readonly strategies: readonly Strategy[]
  readonly commitSummaries?: number
  readonly commitMessageTemplate?: { readonly title?: string; readonly body?: string }
}

function readConfig(config: Answered): Config {
  const listed = readObjects(path, config.fields['strategies'], 'strategies')
  // Some versions leave `enabled` out; then what is listed is enabled (I-11).
  const enabled = listed.filter(({ fields }) => fields['enabled'] !== false)
  return {
    defaultStrategy: strategyIn(objectIn(config, 'defaultStrategy')),
    strategies: enabled.map(strategyIn),
    ...optional(config, 'commitSummaries', integerIn),
    ...optional(config, 'commitMessageTemplate', readTemplate),
  }
}

function strategyIn(strategy: Answered): Strategy {
  // A strategy that is not known here is kept as it is: it is the server's to say what it has.
  return stringIn(strategy, 'id') as Strategy
}

function readTemplate(config: Answered, field: string): { title?: string; body?: string } {
  const template = objectIn(config, field)
  return { ...optional(template, 'title', stringIn), ...optional(template, 'body', stringIn) }
}

function wireOf({ defaultStrategy, strategies: enabled, commitSummaries, commitMessageTemplate }: Config): unknown {
  return {
    defaultStrategy: { id: defaultStrategy },
    strategies: enabled.map((id) => ({ id })),
    ...(commitSummaries === undefined ? {} : { commitSummaries }),
    // Left out means unchanged, empty means removed (I-11).
    commitMessageTemplate: commitMessageTemplate ?? {},
  }
}
