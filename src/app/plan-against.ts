/**
 * Plans a configuration against another one: what a pull request would change if live were as the other one says.
 *
 * No server is asked, so nothing that only a server knows is judged: neither names, nor access, nor limits.
 */
import type { Desired, DesiredCollection, DesiredItem } from '../model/desired.js'
import type { Plan, Stand } from '../model/plan.js'
import { propose } from '../model/propose.js'
import type { Live } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { changedScope } from './changed-scope.js'
import { draftDeclared, draftPruned } from './draft-plan.js'
import type { LiveItem } from './live-state.js'
import { finishPlan, focus, type PlanInput } from './plan.js'
import { requireTargets } from './patterns.js'
import type { Declared } from './read-declared.js'
import { ignoredBy } from './waivers.js'

/** What such a plan is made of. */
export interface AgainstInput extends Omit<PlanInput, 'server'> {
  readonly base: Desired
  readonly stand: Extract<Stand, { type: 'configuration' }>
}

/**
 * Plans against the configuration of a commit.
 * @throws ConfigError; PlanError `PLAN_UNSAFE` where pruning would empty a collection.
 */
export function planAgainst(input: AgainstInput): Plan {
  const { base, stand, clock, options = {} } = input
  requireTargets(options, input.desired)
  const desired = focus(input.desired, options, clock)
  const declared = declaredBy(base, desired)
  const drafts = draftDeclared(desired, declared, () => false)
  const pruning = draftPruned(desired, declared, ignoredBy(desired.policy.ignore))
  const { warnings } = changedScope(base, input.desired, stand)
  const identity = { url: input.desired.server?.url ?? '', version: '', account: '' }
  const server = { identity, requests: () => 0 }
  const judged = { desired, drafts: [...drafts, ...pruning.drafts], pruning, access: undefined, warnings }
  return { ...finishPlan({ ...input, server }, judged), stand }
}

/** A declaration, taken for what is live. */
function declaredBy(base: Desired, desired: Desired): Declared {
  const items = new Map(base.items.map((item) => [item.address, item]))
  const live = new Map<string, Live | null>()
  const renamed = new Map<string, string>()
  for (const item of desired.items) {
    const earlier = item.renamedFrom === undefined ? undefined : findEarlier(base, item)
    const found = items.get(item.address) ?? earlier
    if (found !== undefined && found === earlier) renamed.set(item.address, found.address)
    live.set(item.address, found === undefined ? null : liveOf(found))
  }
  const listOf = ({ address }: DesiredCollection): ReadonlyMap<string, LiveItem> =>
    new Map(base.items.filter(({ section }) => section === address).flatMap((item) => liveEntry(item)))
  return { live, renamed, collections: new Map(desired.collections.map((one) => [one, listOf(one)])) }
}

function findEarlier(base: Desired, { section, resource, renamedFrom }: DesiredItem): DesiredItem | undefined {
  const [name] = resource.form === 'collection' ? resource.identity : ['']
  return base.items.find((item) => item.section === section && item.identity[name] === renamedFrom)
}

function liveOf({ resource, want, identity }: DesiredItem): Live | null {
  if (want === null) return null
  const whole = isObject(want) ? { ...want, ...identity } : want
  const start = resource.schema.type === 'object' ? {} : undefined
  const value = propose(resource.schema, start, whole)
  return value === undefined ? null : { value, raw: value }
}

function liveEntry(item: DesiredItem): readonly (readonly [string, LiveItem])[] {
  const live = liveOf(item)
  const { resource, at, section, address, identity } = item
  if (live === null || resource.form !== 'collection') return []
  return [[address, { ...live, resource, at, section, address, identity }]]
}
