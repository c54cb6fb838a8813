/**
 * Makes a plan: desired and live in, data out.
 *
 * The server handed in can only read. Steps: leave out what is ignored, read what is declared, draft what differs, add
 * what prune deletes and what goes with deletions, check references and guards, order, and finish as data.
 */
import type { Desired, Ignore } from '../model/desired.js'
import { type Draft, finishChange } from '../model/draft.js'
import { ConfigError, type Finding, PlanError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { type Allowances, guardDrafts, refuse } from '../model/guard.js'
import { serialise } from '../model/normal.js'
import { orderChanges } from '../model/order.js'
import { type Change, type FieldChange, type Plan, summarise, type Warning } from '../model/plan.js'
import { coversAddress } from '../model/policy.js'
import { findMissing } from '../model/propose.js'
import type { Registry } from '../model/resource.js'
import { draftDeclared, draftPruned, findEmptied, type Pruning } from './draft-plan.js'
import { draftGoneWith } from './gone-with.js'
import { startLiveState } from './live-state.js'
import type { Clock, LiveServer, Sha256 } from './ports.js'
import { readDeclared } from './read-declared.js'
import { checkReferences } from './references.js'

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
}

/**
 * Plans. Sends GETs only.
 * @throws ConfigError where the configuration does not fit the server; PlanError `PLAN_UNSAFE` where a guard refuses;
 * ApiError and AuthError from the reading.
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { registry, server, listen, options = {} } = input
  const desired = focus(input.desired, options.targets ?? [], input.clock)
  const state = startLiveState(server.reading())
  const declared = await readDeclared(desired, state, (done, total, what) =>
    listen({ type: 'reading', done, total, what }),
  )
  const isIgnored = ignoredBy(desired.policy.ignore)
  const updatesSecrets = (address: string): boolean =>
    (options.updateSecrets ?? []).some((pattern) => coversAddress(pattern, address))
  const drafted = draftDeclared(desired, declared, updatesSecrets)
  checkResets(desired, drafted)
  const pruning = draftPruned(desired, declared, isIgnored)
  const wanted = new Set(desired.items.filter(({ want }) => want !== null).map(({ address }) => address))
  const gone = await draftGoneWith(registry, state, [...drafted, ...pruning.drafts], (address) => wanted.has(address))
  const drafts = [...drafted, ...pruning.drafts, ...gone]
  await checkReferences(registry, desired, drafts, state)
  checkCreations(desired, drafts)
  const guarded = guardDrafts(drafts, desired, options.allow ?? noAllowances)
  const refused = [...guarded, ...findEmptied(desired, declared, drafts)]
  if (refused.length > 0) throw refuse('The plan is refused', refused)
  return finishPlan(input, desired, drafts, pruning)
}

const noAllowances: Allowances = { allows: () => false }

/** The part of the configuration that is planned: the targets, less what is ignored. */
function focus(desired: Desired, targets: readonly string[], clock: Clock): Desired {
  checkWaivers(desired.policy.ignore, clock)
  const isTarget = (address: string): boolean =>
    targets.length === 0 || targets.some((target) => coversAddress(target, address))
  const isIgnored = ignoredBy(desired.policy.ignore)
  const items = desired.items.filter(({ address }) => !isIgnored(address) && isTarget(address))
  const collections = desired.collections.filter(({ address }) => !isIgnored(address) && isTarget(address))
  for (const target of targets) requireMatch(target, desired)
  return { ...desired, items: targets.length === 0 ? items : withAncestors(desired, items), collections }
}

/** A targeted item is planned with its ancestors: it cannot be written where they are missing. */
function withAncestors(desired: Desired, items: Desired['items']): Desired['items'] {
  const chosen = new Set(items)
  return desired.items.filter((item) => {
    const below = `${item.address}.`
    return chosen.has(item) || items.some(({ address }) => address.startsWith(below))
  })
}

function requireMatch(target: string, desired: Desired): void {
  const addresses = [...desired.items, ...desired.collections].map(({ address }) => address)
  if (addresses.some((address) => coversAddress(target, address))) return
  throw new PlanError('PLAN_UNSAFE', `--target ${target} matches nothing that the configuration declares`, {
    hint: 'Addresses look like instance.banner or instance.groups[devs]; * stands for any name inside brackets.',
  })
}

function ignoredBy(ignore: readonly Ignore[]): (address: string) => boolean {
  return (address) => ignore.some((waiver) => coversAddress(waiver.address, address))
}

const day = 86_400_000

function daysLeft(waiver: Ignore, clock: Clock): number {
  return Math.floor((Date.parse(`${waiver.until}T23:59:59Z`) - clock.now()) / day)
}

function checkWaivers(ignore: readonly Ignore[], clock: Clock): void {
  const ended = ignore
    .filter((waiver) => daysLeft(waiver, clock) < 0)
    .map((waiver): Finding => ({
      code: 'PLAN_UNSAFE',
      message: `The waiver for ${waiver.address} ended on ${waiver.until} (${waiver.reason})`,
      address: waiver.address,
      source: waiver.source,
      hint: 'Remove it from policy.ignore, or give it a new end date.',
    }))
  if (ended.length > 0) throw refuse('Waivers in policy.ignore have ended', ended)
}

function endingWaivers(ignore: readonly Ignore[], clock: Clock): readonly Warning[] {
  return ignore
    .filter((waiver) => daysLeft(waiver, clock) < 30)
    .map((waiver) => ({
      code: 'WAIVER_ENDS',
      message: `The waiver for ${waiver.address} ends on ${waiver.until}; after that every plan fails until somebody decides`,
      address: waiver.address,
      source: waiver.source,
    }))
}

function checkResets(desired: Desired, drafts: readonly Draft[]): void {
  const stuck = drafts.filter(
    ({ action, resource }) => action === 'delete' && resource.form === 'singleton' && resource.clear === undefined,
  )
  throwFindings(
    stuck.map(({ address, resource }) => ({
      code: 'CONFIG_SCHEMA',
      message: `${address} cannot be reset: the server offers no way to`,
      address,
      ...sourceOf(desired, address),
      hint: `Write the value that it shall have (bbstate explain ${resource.kind}).`,
    })),
  )
}

function checkCreations(desired: Desired, drafts: readonly Draft[]): void {
  throwFindings(
    drafts
      .filter(({ action }) => action !== 'delete')
      .flatMap(({ address, resource, after }) =>
        findMissing(resource.schema, after).map((path): Finding => ({
          code: 'CONFIG_SCHEMA',
          message: `${address} needs ${path} to be created`,
          address,
          ...sourceOf(desired, address),
          hint: `Add it (bbstate explain ${resource.kind} shows an example).`,
        })),
      ),
  )
}

function sourceOf(desired: Desired, address: string): Pick<Finding, 'source'> {
  const item = desired.items.find((declared) => declared.address === address)
  return item === undefined ? {} : { source: item.locate() }
}

function throwFindings(findings: readonly Finding[]): void {
  const [first, ...rest] = findings
  if (first !== undefined) throw new ConfigError([first, ...rest])
}

function finishPlan(input: PlanInput, desired: Desired, drafts: readonly Draft[], pruning: Pruning): Plan {
  const { registry, server, clock, sha256, version } = input
  const items = new Map(desired.items.map((item) => [item.address, item]))
  const finish = (draft: Draft): Change => {
    const change = finishChange(draft, sha256)
    const item = items.get(draft.address)
    if (item === undefined) return change
    const locate = (field: FieldChange): FieldChange => ({ ...field, source: item.locate(field.path) })
    return { ...change, source: item.locate(), fields: change.fields.map(locate) }
  }
  const ordered = orderChanges(
    registry,
    drafts.map((draft) => ({ kind: draft.resource.kind, action: draft.action, address: draft.address, draft })),
  )
  const changes = ordered.flat().map(({ draft }) => finish(draft))
  const touched = new Set(changes.map(({ address }) => address))
  const unchanged = desired.items.filter(({ address }) => !touched.has(address)).length
  const digests = changes.map((change) => change.digest).sort()
  return {
    formatVersion: 1,
    bbstate: version,
    server: server.identity,
    createdAt: new Date(clock.now()).toISOString(),
    changes,
    unmanaged: pruning.unmanaged.map(({ address }) => address).sort(),
    kept: pruning.kept.map(({ address }) => address).sort(),
    warnings: endingWaivers(desired.policy.ignore, clock),
    summary: summarise(changes, unchanged, pruning.unmanaged.length),
    requests: server.requests(),
    digest: sha256(serialise({ server: server.identity.url, changes: digests })),
  }
}
