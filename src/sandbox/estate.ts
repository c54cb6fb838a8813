/** A large server that is the same at every start: sizes are exact, contents follow from a fixed seed. */
import { makeUser, type SandboxState } from './state.js'

/** How many of what. */
export interface Estate {
  readonly groups?: number
  readonly users?: number
  readonly memberships?: number
}

/** Adds users `user-0001`, groups `group-001` and memberships spread over them. */
export function addEstate(state: SandboxState, { groups = 0, users = 0, memberships = 0 }: Estate): void {
  const first = Object.keys(state.users).length + 1
  const userNames = numbered('user', users)
  for (const [index, name] of userNames.entries())
    state.users[name] = makeUser(name, `User ${index + 1}`, first + index)
  const groupNames = numbered('group', groups)
  const members = new Map(groupNames.map((name) => [name, new Set<string>()]))
  const next = makeRandom(20_261_123)
  const possible = Math.min(memberships, users * groups)
  for (let added = 0; added < possible;) {
    const name = groupNames[next() % groups] ?? ''
    const set = members.get(name)
    const user = userNames[next() % users] ?? ''
    if (set === undefined || set.has(user)) continue
    set.add(user)
    added++
  }
  for (const [name, set] of members) state.groups[name] = { name, deletable: true, members: [...set].sort() }
}

function numbered(prefix: string, count: number): readonly string[] {
  const width = Math.max(3, String(count).length)
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(width, '0')}`)
}

/** A linear congruential generator (Numerical Recipes): even is enough here. */
function makeRandom(seed: number): () => number {
  let value = seed
  return () => {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0
    return value >>> 8
  }
}
