/** Which branches something is about: one, a pattern, a category or a branch of the branching model, or any. */
import type { Matcher } from './code-state.js'
import { fieldsOf } from './routes/settings.js'

const names = {
  ANY_REF: 'Any branch',
  BRANCH: 'Branch',
  PATTERN: 'Pattern',
  MODEL_CATEGORY: 'Branching model category',
  MODEL_BRANCH: 'Branching model branch',
} as const

export const matcherTypes = Object.keys(names)
/** What an endpoint takes that has no use for any branch. */
export const narrowTypes = matcherTypes.filter((type) => type !== 'ANY_REF')

const categories = ['BUGFIX', 'FEATURE', 'HOTFIX', 'RELEASE']
const modelBranches = ['development', 'production']
const anyId = 'ANY_REF_MATCHER_ID'

/** A matcher `{id, type: {id}}`; `undefined` for what is none. Any branch has an id of its own, whatever was sent. */
export function readMatcher(given: unknown, types: readonly string[]): Matcher | undefined {
  const { id, type } = fieldsOf(given)
  const kind = String(fieldsOf(type)['id'])
  if (!types.includes(kind)) return undefined
  if (kind === 'ANY_REF') return { id: anyId, type: kind }
  if (typeof id !== 'string' || id === '' || id.length > 255) return undefined
  if (kind === 'MODEL_CATEGORY' && !categories.includes(id)) return undefined
  if (kind === 'MODEL_BRANCH' && !modelBranches.includes(id)) return undefined
  const isShort = kind === 'BRANCH' && !id.startsWith('refs/')
  return { id: isShort ? `refs/heads/${id}` : id, type: kind }
}

export function showMatcher({ id, type }: Matcher): Record<string, unknown> {
  const displayId = type === 'BRANCH' ? id.replace(/^refs\/heads\//u, '') : id
  return { id, displayId, type: { id: type, name: names[type as keyof typeof names] } }
}

export function isSameMatcher(a: Matcher, b: Matcher): boolean {
  return a.id === b.id && a.type === b.type
}
