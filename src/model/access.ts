/**
 * Who holds which global permission, before and after a plan.
 *
 * A person holds what is granted to the person and to each of the person's groups; of the levels, counted from 0, the
 * stronger includes the weaker. Only what was read is known: groups whose members were not read are `unread`, and what
 * people may hold through them is never assumed.
 */

/** Grants and memberships at one moment. Names are canonical; levels are indexes, weakest first. */
export interface Grants {
  readonly people: ReadonlyMap<string, number>
  readonly groups: ReadonlyMap<string, number>
  /** Active members of the groups that were read. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>
  /** People who cannot sign in. */
  readonly inactive: ReadonlySet<string>
}

/** What a person holds at most, and through which group; `undefined` group: granted to the person. */
export interface Holding {
  readonly level: number
  readonly through: string | undefined
}

/** The strongest known holding of everybody who has one and can sign in. */
export function holdingsOf({ people, groups, members, inactive }: Grants): ReadonlyMap<string, Holding> {
  const holdings = new Map<string, Holding>()
  const add = (person: string, holding: Holding): void => {
    const known = holdings.get(person)
    if (!inactive.has(person) && (known === undefined || known.level < holding.level)) holdings.set(person, holding)
  }
  for (const [person, level] of people) add(person, { level, through: undefined })
  for (const [group, level] of groups) {
    for (const person of members.get(group) ?? []) add(person, { level, through: group })
  }
  return holdings
}

/** People who gain or lose a level the same way. */
export interface Shift {
  /** Words of the level that is gained, or lost. */
  readonly permission: string
  /** The group through which it came or went; absent where it was granted to the person. */
  readonly through?: string
  /** Names, sorted; absent where the members of the group were not read: everybody in it. */
  readonly people?: readonly string[]
  /** Another group, whose members were not read, may give the same. */
  readonly isUncertain?: true
}

/** The access line of a plan. */
export interface AccessShifts {
  readonly losses: readonly Shift[]
  readonly gains: readonly Shift[]
}

/** What changes for people between two moments. @param levels words of the levels, weakest first. */
export function shiftsBetween(before: Grants, after: Grants, levels: readonly string[]): AccessShifts {
  const [from, to] = [holdingsOf(before), holdingsOf(after)]
  const losses = new Map<string, Shift & { people: string[] }>()
  const gains = new Map<string, Shift & { people: string[] }>()
  const note = (shifts: typeof losses, person: string, { level, through }: Holding, other: Grants): void => {
    const key = `${level} ${through ?? ''}`
    const isUncertain = [...other.groups].some(([group, given]) => given >= level && !other.members.has(group))
    const shift = shifts.get(key) ?? {
      permission: levels[level] ?? '',
      ...(through === undefined ? {} : { through }),
      people: [],
      ...(isUncertain ? { isUncertain: true as const } : {}),
    }
    shift.people.push(person)
    shifts.set(key, shift)
  }
  for (const person of [...new Set([...from.keys(), ...to.keys()])].sort()) {
    const [was, is] = [from.get(person), to.get(person)]
    if (was !== undefined && (is === undefined || is.level < was.level)) note(losses, person, was, after)
    if (is !== undefined && (was === undefined || was.level < is.level)) note(gains, person, is, before)
  }
  const unread = unreadShifts(before, after, levels)
  return {
    losses: sortShifts([...losses.values(), ...unread.losses], levels),
    gains: sortShifts([...gains.values(), ...unread.gains], levels),
  }
}

/** Groups whose own grant changes and whose members were not read. */
function unreadShifts(before: Grants, after: Grants, levels: readonly string[]): AccessShifts {
  const losses: Shift[] = []
  const gains: Shift[] = []
  for (const group of new Set([...before.groups.keys(), ...after.groups.keys()])) {
    if (before.members.has(group) || after.members.has(group)) continue
    const [was = -1, is = -1] = [before.groups.get(group), after.groups.get(group)]
    if (is < was) losses.push({ permission: levels[was] ?? '', through: group })
    if (is > was) gains.push({ permission: levels[is] ?? '', through: group })
  }
  return { losses, gains }
}

function sortShifts(shifts: readonly Shift[], levels: readonly string[]): readonly Shift[] {
  const rank = ({ permission, through = '' }: Shift): string =>
    `${String.fromCharCode(65 + levels.length - levels.indexOf(permission))} ${through}`
  return [...shifts].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}
