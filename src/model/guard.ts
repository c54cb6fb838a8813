/**
 * Guards: refusals of a dangerous plan.
 *
 * A guard looks at the finished drafts and answers findings; each names the `--allow` that lifts it, so that the way on
 * stands in the message. `--allow` comes from the command line, never from a reviewed file.
 */
import type { Desired, DesiredItem } from './desired.js'
import { type Draft, destinationOf } from './draft.js'
import { holdsSecrets } from './secret-reference.js'
import { type Finding, PlanError } from './errors.js'
import { isProtected } from './policy.js'
import { isObject, propertiesOf } from './schema.js'

/** What the command line allows: `--allow drop-secrets`, `--allow secret-destination=instance.mailServer`. */
export interface Allowances {
  /** `wanted`: the address concerned, or the number that goes beyond a limit. */
  allows(name: string, wanted?: string): boolean
  /** Whether `--allow NAME=PREFIX` covers a path: the prefix itself, or what lies below it. */
  allowsPath(name: string, path: string): boolean
}

/** One guard: looks at all drafts, answers why it refuses. */
export type Guard = (drafts: readonly Draft[], desired: Desired, allow: Allowances) => readonly Finding[]

/** Every finding of every guard. */
export function guardDrafts(drafts: readonly Draft[], desired: Desired, allow: Allowances): readonly Finding[] {
  return guards.flatMap((guard) => guard(drafts, desired, allow))
}

const guardDestinations: Guard = (drafts, desired, allow) =>
  drafts.flatMap((draft) => {
    const destination = destinationOf(draft)
    if (destination === undefined || allow.allows('secret-destination', draft.address)) return []
    const what = destination.secrets.length === 0 ? 'the secret that the server keeps' : destination.secrets.join(', ')
    const target = Object.entries(destination.target).map(([field, value]) => `${field} ${String(value)}`)
    return [
      {
        code: 'PLAN_UNSAFE',
        message: `${draft.address} would send ${what} to a new place: ${target.join(', ')}`,
        address: draft.address,
        ...sourceOf(desired, draft.address),
        hint: `If that is right, run with --allow secret-destination=${draft.address}.`,
      },
    ]
  })

const guardDroppedSecrets: Guard = (drafts, desired, allow) =>
  drafts.flatMap((draft) => {
    const { resource, action, live, after } = draft
    const isWholeWrite =
      action === 'replace' || (action === 'update' && live !== null && resource.replacesSecrets(live.value))
    if (!isWholeWrite || !holdsSecrets(resource.schema) || allow.allows('drop-secrets', draft.address)) return []
    const undeclared = secretProperties(draft).filter((property) => !isObject(after) || after[property] === undefined)
    return undeclared.map((property): Finding => ({
      code: 'PLAN_UNSAFE',
      message: `${draft.address} is written whole, and ${property} is not declared: a ${property} that the server keeps would be lost`,
      address: draft.address,
      ...sourceOf(desired, draft.address),
      hint: `Declare ${property}: \${secret:name}, or run with --allow drop-secrets if none is set.`,
    }))
  })

function secretProperties({ resource }: Draft): readonly string[] {
  return Object.entries(propertiesOf(resource.schema))
    .filter(([, field]) => holdsSecrets(field))
    .map(([property]) => property)
}

const guardProtected: Guard = (drafts, desired) =>
  drafts
    .filter(
      (draft) =>
        (draft.action === 'delete' || draft.action === 'replace') && isProtected(desired.policy.protect, draft.address),
    )
    .map((draft): Finding => ({
      code: 'PLAN_UNSAFE',
      message: `${draft.address} is protected by policy.protect and would be ${draft.action === 'delete' ? 'deleted' : 'replaced'}`,
      address: draft.address,
      ...sourceOf(desired, draft.address),
      hint: 'Take it out of policy.protect in a change of its own, if it shall really go.',
    }))

const guards: readonly Guard[] = [guardProtected, guardDestinations, guardDroppedSecrets]

function sourceOf(desired: Desired, address: string): Pick<Finding, 'source'> {
  const item: DesiredItem | undefined = desired.items.find((declared) => declared.address === address)
  return item === undefined ? {} : { source: item.locate() }
}

/** A refusal of a plan with all its findings. */
export function refuse(summary: string, findings: readonly Finding[]): PlanError {
  const first = findings[0]
  if (findings.length === 1 && first !== undefined) {
    return new PlanError('PLAN_UNSAFE', first.message, { ...first, findings })
  }
  return new PlanError('PLAN_UNSAFE', `${summary} (${findings.length} findings)`, { findings })
}
