/** Permissions on the whole server, and the endpoints that take everything in the query (catalogue I-15, I-16). */

/** Weakest first. */
export const globalPermissions = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN'] as const

/** One of the four levels. */
export type GlobalPermission = (typeof globalPermissions)[number]

/** The request to grant a permission to a name, or without one to revoke all. */
export function permissionPath(path: string, name: string, permission?: GlobalPermission): string {
  const grant = permission === undefined ? '' : `&permission=${permission}`
  return `${path}?name=${encodeURIComponent(name)}${grant}`
}
