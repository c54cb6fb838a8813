/** Seats of the licence: whoever has a permission of the whole server takes one. */
import { failure, type Reply } from './answers.js'
import type { SandboxState } from './state.js'

/** In one go: asking for the level of each would look through all groups once a user. */
function licensedUsers({ users, groups, userPermissions, groupPermissions }: SandboxState): Set<string> {
  const members = Object.keys(groupPermissions).flatMap((name) => groups[name]?.members ?? [])
  return new Set([...Object.keys(userPermissions), ...members].filter((name) => users[name] !== undefined))
}

/** How many are taken. */
export function takenSeats(state: SandboxState): number {
  return licensedUsers(state).size
}

/**
 * 403 where users would take more seats than are left; those who have one need no other. Without a licence there are none.
 *
 * @param names lower-case; of users that are not there yet, too
 */
export function refuseSeats(state: SandboxState, names: readonly string[]): Reply | undefined {
  const licensed = licensedUsers(state)
  const joining = new Set(names.filter((name) => !licensed.has(name)))
  const seats = state.instance.license?.maximumNumberOfUsers ?? 0
  const isFull = joining.size > 0 && licensed.size + joining.size > seats
  return isFull ? failure(403, null, 'The licence has no seat left') : undefined
}
