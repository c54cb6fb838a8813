/** Merge strategies: I-11 of the catalogue. GET answers unwrapped, POST wants `mergeConfig`. */
import { absent, invalid, ok, type Reply } from '../answers.js'
import type { MergeConfig } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const known = ['no-ff', 'ff', 'ff-only', 'rebase-no-ff', 'rebase-ff-only', 'squash', 'squash-ff-only']

const factory: MergeConfig = { defaultStrategy: 'no-ff', strategies: ['no-ff'], commitSummaries: 20 }

/** @param type where the configuration comes from: DEFAULT, GLOBAL, PROJECT or REPOSITORY */
export function showMergeConfig(config: MergeConfig | null, type: string): Record<string, unknown> {
  const { defaultStrategy, strategies, commitSummaries, commitMessageTemplate } = config ?? factory
  const strategy = (id: string): unknown => ({
    id,
    name: id,
    description: `Merges by ${id}`,
    flag: `--${id}`,
    enabled: strategies.includes(id),
  })
  return {
    type,
    defaultStrategy: strategy(defaultStrategy),
    strategies: known.map(strategy),
    commitSummaries,
    ...(commitMessageTemplate === undefined ? {} : { commitMessageTemplate }),
  }
}

/**
 * The configuration that a body asks for; `null` for the way back to the one above.
 *
 * @param current what is kept of where nothing is said
 */
export function readMergeConfig(given: unknown, current: MergeConfig | null): MergeConfig | null | Reply {
  // An empty one goes back to the factory default; none at all is a mistake.
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return invalid('An object is needed', 'mergeConfig')
  }
  const config = fieldsOf(given)
  if (Object.keys(config).length === 0) return null
  const listed = Array.isArray(config['strategies']) ? config['strategies'] : []
  const strategies = listed.map((one) => String(fieldsOf(one)['id']))
  const defaultStrategy = String(fieldsOf(config['defaultStrategy'])['id'])
  const stranger = [...strategies, defaultStrategy].find((id) => !known.includes(id))
  if (stranger !== undefined) return invalid(`Unknown strategy ${stranger}`, 'strategies')
  if (!strategies.includes(defaultStrategy)) {
    return invalid('The default strategy must be among the enabled ones', 'defaultStrategy')
  }
  const summaries = config['commitSummaries'] ?? current?.commitSummaries ?? factory.commitSummaries
  if (!Number.isInteger(summaries) || Number(summaries) < 0) return invalid('A number from 0 on', 'commitSummaries')
  if (!isTemplate(config['commitMessageTemplate'])) return invalid('Title and body are text', 'commitMessageTemplate')
  const template = templateOf(config['commitMessageTemplate'], current?.commitMessageTemplate)
  return {
    defaultStrategy,
    strategies: known.filter((id) => strategies.includes(id)),
    commitSummaries: Number(summaries),
    ...(template === undefined ? {} : { commitMessageTemplate: template }),
  }
}

function show({ state: { instance } }: Context): Reply {
  return ok(showMergeConfig(instance.mergeConfig, instance.mergeConfig === null ? 'DEFAULT' : 'GLOBAL'))
}

function post(context: Context): Reply {
  const { instance } = context.state
  const config = readMergeConfig(fieldsOf(context.body)['mergeConfig'], instance.mergeConfig)
  if (config !== null && 'status' in config) return config
  instance.mergeConfig = config
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

/** There is no other. */
export const ofGit = (handle: Route['handle']): Route['handle'] => {
  return (context) => (context.path['scm'] === 'git' ? handle(context) : absent('No such SCM'))
}

export const mergeRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/admin/pull-requests/{scm}', needs: 'LICENSED_USER', handle: ofGit(show) },
  { method: 'POST', path: '/api/{version}/admin/pull-requests/{scm}', needs: 'ADMIN', handle: ofGit(post) },
]
