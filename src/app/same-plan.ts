/**
 * Holds a fresh plan against the one that was approved.
 *
 * What counts is what the changes mean, never the digests that a file states: whatever is edited in a saved plan, what
 * is written is the fresh plan or nothing.
 */
import { compare } from '../model/compare.js'
import { type Finding, PlanError } from '../model/errors.js'
import { serialise } from '../model/normal.js'
import type { Change, Plan, Scope, Warning } from '../model/plan.js'
import { type Registry, resourceOf } from '../model/resource.js'
import { secretsIn } from '../model/secret-reference.js'
import { refuseStand } from './apply.js'
import type { LiveServer } from './ports.js'
import { readTouched } from './read-touched.js'
import { movedWords } from './stale.js'

/** What is compared. */
export interface SamePlanInput {
  readonly expected: Plan
  /** The fresh plan. */
  readonly plan: Plan
  readonly registry: Registry
  readonly server: LiveServer
  /** Goes on too where the fresh plan lacks changes whose result is live already. */
  readonly replans?: boolean
}

/**
 * Goes on only where the fresh plan is the expected one.
 * @throws PlanError `PLAN_FORMAT` where the file is for another server or was made against none; `PLAN_STALE` naming
 * every change that is new, gone or different.
 */
export async function requireSamePlan(input: SamePlanInput): Promise<readonly Warning[]> {
  const { expected, plan } = input
  if (expected.server.url !== plan.server.url) {
    throw new PlanError('PLAN_FORMAT', `The plan is for ${expected.server.url}, this run is on ${plan.server.url}`, {
      hint: 'Use the plan of this server.',
    })
  }
  refuseStand(expected)
  requireSameScope(expected.scope, plan.scope)
  const findings = await differences(input)
  if (findings.length > 0) {
    throw new PlanError('PLAN_STALE', 'The plan is no longer what would happen', { findings, hint })
  }
  const [planned, applied] = [expected.server.account, plan.server.account]
  if (planned === applied) return []
  const message = `The plan was made as ${planned}, and is applied as ${applied}`
  return [{ code: 'OTHER_ACCOUNT', message }]
}

const hint = 'Plan again, and have the new plan reviewed.'

function requireSameScope(expected: Scope | undefined, fresh: Scope | undefined): void {
  if (serialise(expected ?? null) === serialise(fresh ?? null)) return
  const words = (scope: Scope | undefined): string => {
    const targets = (scope?.targets ?? []).map((target) => `--target '${target}'`)
    const since = scope?.changedSince === undefined ? [] : [`--changed-since ${scope.changedSince.ref}`]
    const options = [...targets, ...since]
    return options.length === 0 ? 'for the whole configuration' : `with ${options.join(' ')}`
  }
  throw new PlanError('PLAN_STALE', `The plan was made ${words(expected)}, this run is ${words(fresh)}`, {
    hint: 'Give apply the same options, and where a commit is named, the same commit.',
  })
}

/** All that a change does. Neither lines nor times, nor whether it comes last, which other people's rights decide. */
function meaningOf(change: Change): string {
  const { address, kind, at, identity, action, before, after, renamedFrom, destination, precondition, cause } = change
  const fields = change.fields.map((field) => ({ path: field.path, before: field.before, after: field.after }))
  const reason = cause?.reason === 'goes-with' ? cause : cause?.reason
  const essence = { address, kind, at, identity, action, before, after, renamedFrom, destination, precondition }
  return serialise({ ...essence, reason, fields })
}

async function differences(input: SamePlanInput): Promise<readonly Finding[]> {
  const { expected, plan, registry } = input
  const before = new Map(expected.changes.map((change) => [change.address, change]))
  const after = new Map(plan.changes.map((change) => [change.address, change]))
  const added = plan.changes.filter(({ address }) => !before.has(address))
  const gone = expected.changes.filter(({ address }) => !after.has(address))
  const done = input.replans === true ? await findDone(input, gone) : new Set<Change>()
  const moved = plan.changes.flatMap((change) => {
    const known = before.get(change.address)
    if (known === undefined || meaningOf(known) === meaningOf(change)) return []
    return [finding(change.address, movedFrom(registry, known, change))]
  })
  const twice = expected.changes.length === before.size ? [] : [finding('', 'The plan names one address twice')]
  return [
    ...twice,
    ...added.map(({ address, action }) =>
      finding(address, `${address} would now be changed (${action}); the plan did not have it`),
    ),
    ...gone.filter((change) => !done.has(change)).map((change) => isGone(change)),
    ...moved,
  ]
}

function finding(address: string, message: string): Finding {
  return { code: 'PLAN_STALE', message, ...(address === '' ? {} : { address }), hint }
}

function isGone({ address, action }: Change): Finding {
  const message = `${address} would no longer be changed (${action} in the plan)`
  return { ...finding(address, message), hint: `${hint} If it is done already: --replan goes on with the rest.` }
}

function movedFrom(registry: Registry, known: Change, fresh: Change): string {
  const { address } = fresh
  const resource = resourceOf(registry, fresh.kind)
  if (known.action !== fresh.action)
    return `${address} would be changed in another way: ${fresh.action}, not ${known.action}`
  if (resource === undefined) return `${address} would be changed in another way than planned`
  if (known.precondition !== fresh.precondition) {
    return `${address} changed on the server after the plan was made: ${movedWords(resource.schema, known.before, fresh.before)}`
  }
  const fields = compare(resource.schema, known.after ?? undefined, fresh.after ?? undefined).map(({ path }) => path)
  const which = fields.filter((path) => path !== '')
  return `${address} would be changed in another way than planned${which.length === 0 ? '' : `: ${which.join(', ')}`}`
}

/** Changes whose result is live. What sends a secret is never taken for done: nobody can see which one is there. */
async function findDone({ registry, server }: SamePlanInput, gone: readonly Change[]): Promise<ReadonlySet<Change>> {
  const visible = gone.filter(({ kind, after }) => {
    const schema = resourceOf(registry, kind)?.schema
    return schema !== undefined && secretsIn(schema, after).length === 0
  })
  const live = visible.length === 0 ? new Map() : await readTouched(registry, server, visible, 'after')
  const done = visible.filter((change) => {
    const schema = resourceOf(registry, change.kind)?.schema
    const found: unknown = live.get(change.address)?.value
    return schema !== undefined && compare(schema, found, change.after ?? undefined).length === 0
  })
  return new Set(done)
}
