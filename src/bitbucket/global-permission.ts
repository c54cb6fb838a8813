/** Permissions on the whole server, and the endpoints that take everything in the query (catalogue I-15, I-16). */

import type { Judged, NeededPermission } from '../model/resource.js'

/** Weakest first. */
export const globalPermissions = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN'] as const

/** One of the four levels. */
export type GlobalPermission = (typeof globalPermissions)[number]

/** The request to grant a permission to a name, or without one to revoke all. */
export function permissionPath(path: string, name: string, permission?: GlobalPermission): string {
  const grant = permission === undefined ? '' : `&permission=${permission}`
  return `${path}?name=${encodeURIComponent(name)}${grant}`
}

/** Only who holds SYS_ADMIN may grant or revoke it (I-15). */
export function permissionToGrant({ before, after }: Judged<Granted>): NeededPermission {
  return before?.permission === 'SYS_ADMIN' || after?.permission === 'SYS_ADMIN' ? 'SYS_ADMIN' : 'ADMIN'
}

interface Granted {
  readonly permission: GlobalPermission
}
