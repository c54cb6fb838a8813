/** Judges the limits of the policy on all that a plan would do, after every filter. */
import { isInside, sectionOf } from '../model/address.js'
import type { Desired } from '../model/desired.js'
import type { Draft } from '../model/draft.js'
import type { Finding } from '../model/errors.js'
import type { Allowances } from '../model/guard.js'
import { guardLimits } from '../model/limits.js'
import type { Access } from './access.js'
import { mapBounded } from './bounded.js'
import type { LiveState } from './live-state.js'
import type { Declared } from './read-declared.js'

/** What limits are judged with. */
export interface LimitInput {
  readonly desired: Desired
  readonly declared: Declared
  readonly drafts: readonly Draft[]
  readonly state: LiveState
  readonly access: Access | undefined
  readonly allow: Allowances
}

/** Why the plan goes beyond a limit. Reads nothing that the plan has not read. */
export async function judgeLimits(input: LimitInput): Promise<readonly Finding[]> {
  const { desired, drafts, access, allow } = input
  const sizes = await readSizes(input)
  return guardLimits(
    { drafts, sizes, access: access?.shifts, unseen: access?.unseen ?? [] },
    desired.policy.limits,
    allow,
  )
}

/** Live items of each collection that loses some while it stays itself. */
async function readSizes({ declared, drafts, state }: LimitInput): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map([...declared.collections].map(([{ address }, items]) => [address, items.size]))
  const removed = drafts.filter(({ action, resource }) => action === 'delete' && resource.form === 'collection')
  const addresses = new Set(removed.map(({ address }) => address))
  const open = new Map(
    removed.filter(({ address }) => !isInside(address, addresses)).map((draft) => [sectionOf(draft.address), draft]),
  )
  await mapBounded(
    [...open].filter(([section]) => !sizes.has(section)),
    async ([address, { resource, at }]) => {
      if (resource.form !== 'collection' || resource.list === undefined) return
      sizes.set(address, (await state.all({ resource, at, address })).size)
    },
  )
  return sizes
}
