/** Merge strategies: I-11 of the catalogue. GET answers unwrapped, POST wants `mergeConfig`. */
import { absent, invalid, ok, type Reply } from '../answers.js'
import type { MergeConfig } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const known = ['no-ff', 'ff', 'ff-only', 'rebase-no-ff', 'rebase-ff-only', 'squash', 'squash-ff-only']

const factory: MergeConfig = { defaultStrategy: 'no-ff', strategies: ['no-ff'], commitSummaries: 20 }

function show({ state }: Context): Reply {
  const { mergeConfig } = state.instance
  const config = mergeConfig ?? factory
  const strategy = (id: string): unknown => ({
    id,
    name: id,
    description: `Merges by ${id}`,
    flag: `--${id}`,
    enabled: config.strategies.includes(id),
  })
  return ok({
    type: mergeConfig === null ? 'DEFAULT' : 'GLOBAL',
    defaultStrategy: strategy(config.defaultStrategy),
    strategies: known.map(strategy),
    commitSummaries: config.commitSummaries,
    ...(config.commitMessageTemplate === undefined ? {} : { commitMessageTemplate: config.commitMessageTemplate }),
  })
}

function post(context: Context): Reply {
  const { instance } = context.state
  const { mergeConfig } = fieldsOf(context.body)
  // An empty one goes back to the factory default; none at all is a mistake.
  if (typeof mergeConfig !== 'object' || mergeConfig === null || Array.isArray(mergeConfig)) {
    return invalid('An object is needed', 'mergeConfig')
  }
  const config = fieldsOf(mergeConfig)
  if (Object.keys(config).length === 0) {
    instance.mergeConfig = null
    return show(context)
  }
  const listed = Array.isArray(config['strategies']) ? config['strategies'] : []
  const strategies = listed.map((one) => String(fieldsOf(one)['id']))
  const defaultStrategy = String(fieldsOf(config['defaultStrategy'])['id'])
  const stranger = [...strategies, defaultStrategy].find((id) => !known.includes(id))
  if (stranger !== undefined) return invalid(`Unknown strategy ${stranger}`, 'strategies')
  if (!strategies.includes(defaultStrategy)) {
    return invalid('The default strategy must be among the enabled ones', 'defaultStrategy')
  }
  const summaries = config['commitSummaries'] ?? instance.mergeConfig?.commitSummaries ?? factory.commitSummaries
  if (!Number.isInteger(summaries) || Number(summaries) < 0) return invalid('A number from 0 on', 'commitSummaries')
  if (!isTemplate(config['commitMessageTemplate'])) return invalid('Title and body are text', 'commitMessageTemplate')
  const template = templateOf(config['commitMessageTemplate'], instance.mergeConfig?.commitMessageTemplate)
  instance.mergeConfig = {
    defaultStrategy,
    strategies: known.filter((id) => strategies.includes(id)),
    commitSummaries: Number(summaries),
    ...(template === undefined ? {} : { commitMessageTemplate: template }),
  }
  return show(context)
}

function isTemplate(given: unknown): boolean {
  if (given === undefined) return true
  const { title = '', body = '' } = fieldsOf(given)
  return typeof given === 'object' && given !== null && typeof title === 'string' && typeof body === 'string'
}

/** Left out means unchanged, empty means removed. */
function templateOf(
  given: unknown,
  current: MergeConfig['commitMessageTemplate'],
): MergeConfig['commitMessageTemplate'] {
  if (given === undefined) return current
  const { title, body } = fieldsOf(given)
  const template = {
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof body === 'string' ? { body } : {}),
  }
  return Object.keys(template).length === 0 ? undefined : template
}

const ofGit = (handle: Route['handle']): Route['handle'] => {
  return (context) => (context.path['scm'] === 'git' ? handle(context) : absent('No such SCM'))
}

export const mergeRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/admin/pull-requests/{scm}', needs: 'LICENSED_USER', handle: ofGit(show) },
  { method: 'POST', path: '/api/{version}/admin/pull-requests/{scm}', needs: 'ADMIN', handle: ofGit(post) },
]
