/**
 * What the account may do, found out by asking for something that needs it.
 *
 * A token has its own scope beside the rights of its user, and rights may come through groups that nobody can see into;
 * so the only sure answer is that of an endpoint which the documents give to that permission alone.
 */
import { ApiError } from '../model/errors.js'
import type { NeededPermission, Reader } from '../model/resource.js'

/** Cheap reads that the official documents give to one permission and above. */
const probes = {
  ADMIN: '/api/latest/admin/permissions/users?limit=1',
  SYS_ADMIN: '/api/latest/admin/mail-server',
} as const

/** OAuth 2.0 scopes that reach a permission, as an incoming application link names them. */
export const scopesFor = {
  LICENSED_USER: 'any',
  ADMIN: 'ADMIN_WRITE or SYSTEM_ADMIN',
  SYS_ADMIN: 'SYSTEM_ADMIN',
} as const satisfies Record<NeededPermission, string>

/** Asks once for each permission, when it is needed. */
export function askRights(reader: Reader): (permission: NeededPermission) => Promise<boolean> {
  const answers = new Map<NeededPermission, Promise<boolean>>()
  return (permission) => {
    const answer = answers.get(permission) ?? ask(reader, permission)
    answers.set(permission, answer)
    return answer
  }
}

async function ask(reader: Reader, permission: NeededPermission): Promise<boolean> {
  // Whoever is signed in has it.
  if (permission === 'LICENSED_USER') return true
  try {
    await reader.get(probes[permission])
    return true
  } catch (error) {
    if (error instanceof ApiError && error.code === 'API_FORBIDDEN') return false
    throw error
  }
}
