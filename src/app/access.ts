/**
 * Who could do what after a plan, and the refusal of plans that would lock somebody out.
 *
 * Read for it, only where a plan touches grants or memberships: the lists of grants, and the members of the groups that
 * hold one of the two strongest levels before or after. What cannot be read is unknown, and never assumed.
 */
import { type AccessShifts, type Grants, type Holding, holdingsOf, shiftsBetween } from '../model/access.js'
import { formatName, itemAddress, joinAddress } from '../model/address.js'
import type { Administrators } from '../model/desired.js'
import type { Draft } from '../model/draft.js'
import { ApiError, type Finding } from '../model/errors.js'
import type { Allowances } from '../model/guard.js'
import type { AccessRole, Collection, Registry } from '../model/resource.js'
import { isObject, propertiesOf } from '../model/schema.js'
import { mapBounded } from './bounded.js'
import { readEverywhere } from './gone-with.js'
import type { LiveItem, LiveState } from './live-state.js'

/** What access is judged with. */
export interface AccessInput {
  readonly registry: Registry
  readonly drafts: readonly Draft[]
  readonly state: LiveState
  /** Name of the signed-in account. */
  readonly account: string
  readonly administrators: Administrators
  readonly allow: Allowances
}

/** What a plan does to people's rights. */
export interface Access {
  readonly shifts: AccessShifts
  readonly refused: readonly Finding[]
  /** Groups that lose a grant and whose members cannot be read, so that nobody can count them. */
  readonly unseen: readonly string[]
  /** Addresses of changes that touch the acting account's own rights: they come last. */
  readonly own: ReadonlySet<string>
}

/** Judges access; `undefined` where the plan touches nobody's. */
export async function judgeAccess(input: AccessInput): Promise<Access | undefined> {
  const touches = input.drafts.some(({ resource }) => resource.access === 'grant' || resource.access === 'membership')
  if (!touches) return undefined
  const moments = await readGrants(input)
  const { before, after, levels } = moments
  const own = ownChanges(input, before, after)
  return {
    shifts: shiftsBetween(before, after, levels),
    refused: refuseLockOut(input, moments),
    unseen: moments.unseen,
    own,
  }
}

interface Moments {
  readonly before: Grants
  readonly after: Grants
  /** Words of the levels, weakest first. */
  readonly levels: readonly string[]
  /** Groups that hold a strong level and whose members cannot be known. */
  readonly unknown: readonly string[]
  /** Groups that lose a grant and whose members cannot be read. */
  readonly unseen: readonly string[]
}

function kindsOf(registry: Registry, role: AccessRole): readonly Collection[] {
  return registry.resources.filter(
    (resource): resource is Collection => resource.form === 'collection' && resource.access === role,
  )
}

/** Whether a grant or membership names people or groups: what its naming property refers to. */
function namesGroups(registry: Registry, resource: Collection): boolean {
  const target = propertiesOf(resource.schema)[resource.identity[0]]?.['x-ref']
  return registry.resources.some(({ kind, access }) => kind === target && access === 'groups')
}

interface Granting {
  readonly resource: Collection
  readonly property: string
  readonly levels: readonly string[]
}

/** The one property of a grant that is not its name, and its words. */
function grantingOf(resource: Collection): Granting | undefined {
  const property = Object.keys(propertiesOf(resource.schema)).find((name) => !resource.identity.includes(name))
  const field = property === undefined ? undefined : propertiesOf(resource.schema)[property]
  if (property === undefined || field?.type !== 'string' || field.enum === undefined) return undefined
  return { resource, property, levels: field.enum }
}

type Item = Pick<LiveItem, 'resource' | 'identity' | 'address' | 'at'> & { readonly value: unknown }

/** Live items of a kind, and what they are after the plan. */
async function bothSides(
  { registry, state, drafts }: AccessInput,
  resource: Collection,
  read: () => Promise<readonly LiveItem[]> = () => readEverywhere(registry, state, resource.kind),
): Promise<{ readonly before: readonly LiveItem[]; readonly after: readonly Item[] }> {
  const before = await read()
  const after = new Map<string, Item>(before.map((item) => [item.address, item]))
  for (const draft of drafts) {
    if (draft.resource !== resource) continue
    if (draft.action === 'delete') after.delete(draft.address)
    else after.set(draft.address, { ...draft, resource, value: draft.after })
  }
  return { before, after: [...after.values()] }
}

async function readGrants(input: AccessInput): Promise<Moments> {
  const { registry } = input
  const grantings = kindsOf(registry, 'grant').flatMap((resource) => grantingOf(resource) ?? [])
  const people = [new Map<string, number>(), new Map<string, number>()] as const
  const groups = [new Map<string, number>(), new Map<string, number>()] as const
  const inactive = new Set<string>()
  for (const granting of grantings) {
    const { before, after } = await bothSides(input, granting.resource)
    const [was, is] = namesGroups(registry, granting.resource) ? groups : people
    collect(was, before, granting)
    collect(is, after, granting)
    for (const item of before) if (item.resource.isInactive?.(item) !== undefined) inactive.add(personOf(item))
  }
  const levels = grantings[0]?.levels ?? []
  const named = [...new Set([...groups[0].keys(), ...groups[1].keys()])]
  const [was, is] = groups.map((granted) => (group: string) => granted.get(group) ?? -1) as [Level, Level]
  const strong = named.filter((group) => Math.max(was(group), is(group)) >= levels.length - 2)
  const weakened = named.filter((group) => is(group) < was(group))
  const members = await readMembers(input, { strong, weakened }, inactive)
  return {
    before: { people: renamed(input, people[0]), groups: groups[0], members: members.before, inactive },
    after: { people: people[1], groups: groups[1], members: members.after, inactive },
    levels,
    unknown: members.unknown,
    unseen: members.unseen,
  }
}

type Level = (group: string) => number

function collect(levels: Map<string, number>, items: readonly Item[], granting: Granting): void {
  for (const item of items) {
    const word = isObject(item.value) ? item.value[granting.property] : undefined
    levels.set(personOf(item), granting.levels.indexOf(String(word)))
  }
}

function personOf({ resource, identity }: Pick<Item, 'resource' | 'identity'>): string {
  return String(identity[resource.identity[0]])
}

/** Somebody who is renamed by the plan is the same person before and after. */
function renamed({ drafts }: AccessInput, people: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const names = newNames(drafts)
  return new Map([...people].map(([person, level]) => [names.get(person) ?? person, level]))
}

function newNames(drafts: readonly Draft[]): ReadonlyMap<string, string> {
  const renames = drafts.filter(
    ({ resource, renamedFrom }) => resource.access === 'people' && renamedFrom !== undefined,
  )
  return new Map(
    renames.map(({ resource, live, identity }) => {
      const property = resource.form === 'collection' ? resource.identity[0] : ''
      const earlier = isObject(live?.value) ? String(live.value[property]) : ''
      return [earlier, String(identity[property])]
    }),
  )
}

interface Members {
  readonly before: ReadonlyMap<string, ReadonlySet<string>>
  readonly after: ReadonlyMap<string, ReadonlySet<string>>
  readonly unknown: readonly string[]
  readonly unseen: readonly string[]
}

interface Looked {
  readonly strong: readonly string[]
  readonly weakened: readonly string[]
}

/**
 * Members of the strong groups, of those that lose a grant (so that people are named and counted), and of those whose
 * memberships the plan changes (these were read already).
 */
async function readMembers(input: AccessInput, { strong, weakened }: Looked, inactive: Set<string>): Promise<Members> {
  const { registry, state, drafts } = input
  const before = new Map<string, Set<string>>()
  const after = new Map<string, Set<string>>()
  const unknown: string[] = []
  const unseen: string[] = []
  const names = newNames(drafts)
  for (const resource of kindsOf(registry, 'membership')) {
    const [groups] = resource.parents
    if (groups === undefined || 'root' in groups || groups.form !== 'collection') continue
    const changed = drafts.filter((draft) => draft.resource === resource).map(({ at }) => at[groups.kind] ?? '')
    await mapBounded([...new Set([...strong, ...weakened, ...changed])], async (group) => {
      const address = joinAddress(itemAddress(sectionOf(groups), formatName(group)), resource.key)
      const place = { resource, at: { [groups.kind]: group }, address }
      const isHere = ({ at }: Pick<Item, 'at'>): boolean => at[groups.kind] === group
      try {
        const sides = await bothSides(input, resource, async () => [...(await state.all(place)).values()])
        for (const item of sides.before) if (resource.isInactive?.(item) !== undefined) inactive.add(personOf(item))
        before.set(group, new Set(sides.before.map((item) => names.get(personOf(item)) ?? personOf(item))))
        after.set(group, new Set(sides.after.filter(isHere).map((item) => names.get(personOf(item)) ?? personOf(item))))
        // Members that come through a group inside the group are not shown.
        if (sides.before.length > 0 || after.get(group)?.size !== 0) return
        if (strong.includes(group)) unknown.push(group)
        else for (const known of [before, after]) known.delete(group)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (strong.includes(group)) unknown.push(group)
        if (weakened.includes(group)) unseen.push(group)
      }
    })
  }
  return { before, after, unknown: unknown.sort(), unseen: unseen.sort() }
}

function sectionOf(resource: Collection): string {
  const [root] = resource.parents
  return root !== undefined && 'root' in root && root.path !== '' ? `${root.path}.${resource.key}` : resource.key
}

function ownChanges({ registry, drafts, account }: AccessInput, before: Grants, after: Grants): ReadonlySet<string> {
  const me = account.toLowerCase()
  const isMine = (group: string): boolean =>
    before.members.get(group)?.has(me) === true || after.members.get(group)?.has(me) === true
  const own = drafts.filter(({ resource, identity, action, renamedFrom }) => {
    if (resource.form !== 'collection' || resource.access === undefined) return false
    const isPrincipal = resource.access === 'people' || resource.access === 'groups'
    if (isPrincipal && action !== 'delete' && renamedFrom === undefined) return false
    const name = personOf({ resource, identity })
    const isOfGroup = resource.access === 'groups' || (resource.access === 'grant' && namesGroups(registry, resource))
    return isOfGroup ? isMine(name) : name === me
  })
  return new Set(own.map(({ address }) => address))
}

type Holdings = ReadonlyMap<string, Holding>

function refuseLockOut(input: AccessInput, moments: Moments): readonly Finding[] {
  const { before, after, levels, unknown } = moments
  const strong = levels.length - 2
  const [from, to] = [holdingsOf(before), holdingsOf(after)]
  const losers = [...from].filter(([person, { level }]) => level >= strong && loses(person, from, to))
  const isWeakened = [...before.groups].some(
    ([group, level]) => level >= strong && (after.groups.get(group) ?? -1) < level && unknown.includes(group),
  )
  if (losers.length === 0 && !isWeakened) return []
  return [
    ...refuseNamedLosses(input, levels, from, to),
    ...refuseTooFew(input, moments, to),
    ...refuseUnseen(input, from),
  ]
}

function loses(person: string, from: Holdings, to: Holdings): boolean {
  return (to.get(person)?.level ?? -1) < (from.get(person)?.level ?? -1)
}

/** bbstate's own account, and the administrators of the policy. */
function refuseNamedLosses(
  { account, administrators }: AccessInput,
  levels: readonly string[],
  from: Holdings,
  to: Holdings,
): readonly Finding[] {
  const me = account.toLowerCase()
  const top = levels.length - 1
  const lost = (who: string, person: string, hint: string): Finding => {
    const holding = from.get(person)
    const message = `${who} would lose ${levels[holding?.level ?? top] ?? ''}${wayOf(holding)}`
    return { code: 'PLAN_UNSAFE', message, hint }
  }
  const others = administrators.users.filter(
    (person) => person !== me && from.get(person)?.level === top && loses(person, from, to),
  )
  const keep = 'Take the name out of policy.administrators in a change of its own, if that is meant.'
  const give = 'Give it the permission another way in the same configuration, or change it with another account.'
  return [
    ...(loses(me, from, to) ? [lost(`bbstate's own account ${account}`, me, give)] : []),
    ...others.map((person) => lost(`${person} of policy.administrators`, person, keep)),
  ]
}

const lift = 'Look who remains, then run with --allow unknown-administrators.'

function refuseTooFew(
  { administrators, allow }: AccessInput,
  { levels, unknown }: Moments,
  to: Holdings,
): readonly Finding[] {
  const top = levels.length - 1
  const left = [...to.values()].filter(({ level }) => level === top).length
  const isAllowed = unknown.length > 0 && allow.allows('unknown-administrators')
  if (left >= administrators.atLeast || isAllowed) return []
  const people = left === 1 ? '1 person' : `${left} people`
  const message = `Only ${people} would still be known to hold ${levels[top] ?? ''}; ${administrators.atLeast} must (policy.administrators.atLeast)`
  const hint = 'Keep more administrators, or lower atLeast in a change of its own.'
  const doubt = unknown.length === 0 ? '' : ` Members of ${unknown.join(', ')} cannot be seen: ${lift}`
  return [{ code: 'PLAN_UNSAFE', message, hint: `${hint}${doubt}` }]
}

function refuseUnseen({ account, allow }: AccessInput, from: Holdings): readonly Finding[] {
  if (from.has(account.toLowerCase()) || allow.allows('unknown-administrators')) return []
  const message = `Administrators would lose rights, and where bbstate's own account ${account} has its own from cannot be seen`
  const hint = `It may be a group inside a group, or one of a directory that cannot be read. ${lift}`
  return [{ code: 'PLAN_UNSAFE', message, hint }]
}

function wayOf(holding: Holding | undefined): string {
  return holding?.through === undefined ? '' : ` (through the group ${holding.through})`
}
