/** Permissions in projects and repositories, weakest first. */

/** One ladder for both: what is given in a project counts in its repositories, and a repository lets its project be seen. */
export const ranks = {
  NONE: 0,
  PROJECT_VIEW: 1,
  PROJECT_READ: 2,
  REPO_READ: 2,
  PROJECT_WRITE: 3,
  REPO_WRITE: 3,
  REPO_CREATE: 4,
  REPO_ADMIN: 5,
  PROJECT_ADMIN: 6,
} as const

export type CodeLevel = keyof typeof ranks
export const projectLevels = ['PROJECT_READ', 'PROJECT_WRITE', 'REPO_CREATE', 'PROJECT_ADMIN'] as const
export const repositoryLevels = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN'] as const

/** The rank of a permission; 0 for what is none. */
export function rankOf(permission: string): number {
  return Object.hasOwn(ranks, permission) ? ranks[permission as CodeLevel] : 0
}
