/**
 * Makes a plan: desired and live in, data out.
 *
 * The server handed in can only read. Steps: leave out what is ignored, read what is declared, draft what differs, add
 * what prune deletes and what goes with deletions, check references and guards, order, and finish as data.
 */
import type { Desired } from '../model/desired.js'
import { type Draft, digestOfPlan, finishChange } from '../model/draft.js'
import type { Listener } from '../model/event.js'
import { type Allowances, guardDrafts, refuse } from '../model/guard.js'
import { orderChanges } from '../model/order.js'
import {
  type Change,
  type FieldChange,
  type Loosening,
  type Plan,
  type Scope,
  summarise,
  type Warning,
} from '../model/plan.js'
import { coversAddress } from '../model/policy.js'
import type { Registry } from '../model/resource.js'
import { draftDeclared, draftPruned, findEmptied, type Pruning } from './draft-plan.js'
import { type Access, judgeAccess } from './access.js'
import type { ChangedScope } from './changed-scope.js'
import { markLast } from './dependencies.js'
import { checkCreations, checkRemovals, checkVersions, findReadOnly } from './draft-checks.js'
import { checkEntrances } from './entrances.js'
import { draftGoneWith } from './gone-with.js'
import { type LiveState, startLiveState } from './live-state.js'
import { judgeLimits } from './judge-limits.js'
import { judgeHazards } from './outlook.js'
import { type GivenPattern, requireTargets } from './patterns.js'
import type { Clock, LiveServer, Sha256 } from './ports.js'
import { leaveOutUnknown } from './principals.js'
import { type Declared, readDeclared } from './read-declared.js'
import { findUnknown } from './references.js'
import { checkWaivers, endingWaivers, ignoredBy } from './waivers.js'

/** What a plan is made of. */
export interface PlanInput {
  readonly registry: Registry
  readonly desired: Desired
  readonly server: LiveServer
  readonly clock: Clock
  readonly sha256: Sha256
  /** The version of bbstate. */
  readonly version: string
  readonly listen: Listener
  readonly options?: PlanOptions
}

/** What the command line adds. */
export interface PlanOptions {
  /** Address patterns; only what they cover is read and planned. */
  readonly targets?: readonly string[]
  /** Patterns of items whose declared secrets are written again. */
  readonly updateSecrets?: readonly string[]
  readonly allow?: Allowances
  /** The part that differs from another configuration: only that is read and planned. */
  readonly changed?: ChangedScope
  /** Guards that the configuration has less strictly than another one. */
  readonly loosened?: readonly Loosening[]
  /** What is found is never written, so no guard refuses it. */
  readonly onlyLooks?: boolean
  /** Further patterns that must name something declared: the addresses of `--allow`. */
  readonly patterns?: readonly GivenPattern[]
}

/**
 * Plans. Sends GETs only.
 * @throws ConfigError where the configuration does not fit the server; PlanError `PLAN_UNSAFE` where a guard refuses;
 * ApiError and AuthError from the reading.
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { registry, server, listen, options = {} } = input
  const { allow = noAllowances } = options
  requireTargets(options, input.desired)
  const focused = focus(input.desired, options, input.clock)
  checkEntrances(registry, focused, allow)
  checkVersions(focused, server.identity.version)
  const state = startLiveState(server.reading())
  const declared = await readDeclared(focused, state, (done, total, what) =>
    listen({ type: 'reading', done, total, what }),
  )
  const asked = await draftAll(input, focused, declared, state)
  const unknown = await findUnknown(registry, focused, asked.drafts, state)
  const { desired, warnings } = leaveOutUnknown(registry, focused, unknown)
  const { drafts, pruning } = unknown.length === 0 ? asked : await draftAll(input, desired, declared, state)
  checkCreations(desired, drafts)
  const judging = { registry, desired, drafts, state, server, allow }
  const hazards = await judgeHazards(judging)
  const { account } = server.identity
  const access = await judgeAccess({ ...judging, account, administrators: desired.policy.administrators })
  const refused = [
    ...(access?.refused ?? []),
    ...guardDrafts(drafts, desired, allow),
    ...hazards.refused,
    ...findReadOnly(desired, declared, drafts),
    ...findEmptied(desired, declared, drafts),
    ...(await judgeLimits({ desired, declared, drafts, state, access, allow })),
  ]
  if (refused.length > 0 && options.onlyLooks !== true) throw refuse('The plan is refused', refused)
  const remarks = [
    ...(options.changed?.warnings ?? []),
    ...hazards.warnings,
    ...warnings,
    ...endingWaivers(desired.policy.ignore, input.clock),
  ]
  return finishPlan(input, { desired, drafts, pruning, access, warnings: remarks })
}

const noAllowances: Allowances = { allows: () => false, allowsPath: () => false }

/** What the files ask for, what prune adds, and what goes with deletions. */
async function draftAll(
  { registry, options = {} }: PlanInput,
  desired: Desired,
  declared: Declared,
  state: LiveState,
): Promise<{ readonly drafts: readonly Draft[]; readonly pruning: Pruning }> {
  const updatesSecrets = (address: string): boolean =>
    (options.updateSecrets ?? []).some((pattern) => coversAddress(pattern, address))
  const drafted = draftDeclared(desired, declared, updatesSecrets)
  checkRemovals(desired, drafted)
  const pruning = draftPruned(desired, declared, ignoredBy(desired.policy.ignore))
  const wanted = new Set(desired.items.filter(({ want }) => want !== null).map(({ address }) => address))
  const gone = await draftGoneWith(registry, state, [...drafted, ...pruning.drafts], (address) => wanted.has(address))
  return { drafts: [...drafted, ...pruning.drafts, ...gone], pruning }
}

/** The part of the configuration that is planned: the targets and what changed, less what is ignored. */
export function focus(desired: Desired, { targets = [], changed }: PlanOptions, clock: Clock): Desired {
  checkWaivers(desired.policy.ignore, clock)
  const isTarget = (address: string): boolean =>
    targets.length === 0 || targets.some((target) => coversAddress(target, address))
  const isChanged = ({ address }: { readonly address: string }): boolean =>
    changed === undefined || changed.items.has(address) || changed.collections.has(address)
  const isIgnored = ignoredBy(desired.policy.ignore)
  const items = desired.items.filter((item) => !isIgnored(item.address) && isTarget(item.address) && isChanged(item))
  const collections = desired.collections.filter(
    (one) => !isIgnored(one.address) && isTarget(one.address) && isChanged(one),
  )
  const isWhole = targets.length === 0 && changed === undefined
  return { ...desired, items: isWhole ? items : withAncestors(desired, items), collections }
}

/** A targeted item is planned with its ancestors: it cannot be written where they are missing. */
function withAncestors(desired: Desired, items: Desired['items']): Desired['items'] {
  const chosen = new Set(items)
  return desired.items.filter((item) => {
    const below = `${item.address}.`
    return chosen.has(item) || items.some(({ address }) => address.startsWith(below))
  })
}

type FinishInput = Omit<PlanInput, 'server' | 'desired'> & {
  readonly server: Pick<LiveServer, 'identity' | 'requests'>
}

/** What a plan is finished from. */
export interface Judged {
  readonly desired: Desired
  readonly drafts: readonly Draft[]
  readonly pruning: Pruning
  readonly access: Access | undefined
  readonly warnings: readonly Warning[]
}

/** The drafts as data, in the order of the apply. */
export function finishPlan(input: FinishInput, { desired, drafts, pruning, access, warnings }: Judged): Plan {
  const { registry, server, clock, sha256, version, options = {} } = input
  const scope = scopeOf(options)
  const items = new Map(desired.items.map((item) => [item.address, item]))
  const finish = (draft: Draft): Change => {
    const change = finishChange(draft, sha256)
    const item = items.get(draft.address)
    if (item === undefined) return change
    const locate = (field: FieldChange): FieldChange => ({ ...field, source: item.locate(field.path) })
    return { ...change, source: item.locate(), fields: change.fields.map(locate) }
  }
  const finished = markLast(registry, drafts.map(finish), access?.own ?? new Set())
  const changes = orderChanges(registry, finished).flat()
  const touched = new Set(changes.map(({ address }) => address))
  const unchanged = desired.items.filter(({ address }) => !touched.has(address)).length
  return {
    formatVersion: 1,
    bbstate: version,
    server: server.identity,
    createdAt: new Date(clock.now()).toISOString(),
    changes,
    ...(options.loosened === undefined || options.loosened.length === 0 ? {} : { loosened: options.loosened }),
    ...(scope === undefined ? {} : { scope }),
    ...(access === undefined ? {} : { access: access.shifts }),
    unmanaged: pruning.unmanaged.map(({ address }) => address).sort(),
    kept: pruning.kept.map(({ address }) => address).sort(),
    warnings,
    summary: summarise(changes, unchanged, pruning.unmanaged.length),
    requests: server.requests(),
    digest: digestOfPlan(server.identity.url, changes, scope, sha256),
  }
}

/** What was left out by the command line; `undefined` where nothing was. */
function scopeOf({ targets = [], changed }: PlanOptions): Scope | undefined {
  if (targets.length === 0 && changed === undefined) return undefined
  if (changed === undefined) return { targets: [...targets].sort() }
  return { targets: [...targets].sort(), changedSince: { ref: changed.ref, commit: changed.commit } }
}
