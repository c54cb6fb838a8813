/**
 * Users and groups where projects and repositories name them. Who is deleted loses every permission there (REST document,
 * "Deletes the specified user" and "group"; that of 10.0 adds that a user's go seven days later, which is not waited for).
 */
import type { CodeState } from './code-state.js'
import { moveProject } from './scopes.js'
import type { SandboxState } from './state.js'

/** Forgets a user or a group who is deleted. What a user wrote stays. @param name lower-case */
export function dropHolder(code: CodeState, holder: 'users' | 'groups', name: string): void {
  for (const [scope, grants] of Object.entries(code.grants)) {
    code.grants[scope] = grants.filter((grant) => grant.holder !== holder || grant.name !== name)
  }
  for (const restriction of code.restrictions) restriction[holder] = without(restriction[holder], name)
  if (holder === 'groups') return
  for (const condition of code.reviewerConditions) condition.reviewers = without(condition.reviewers, name)
  for (const group of code.reviewerGroups) group.users = without(group.users, name)
}

const without = (names: readonly string[], name: string): string[] => names.filter((one) => one !== name)

/** Carries a user's new name everywhere, and the new slug into the key of a personal project. Names are lower-case. */
export function renameHolder(state: SandboxState, from: string, to: string, slug: string): void {
  const { code } = state
  const renamed = (names: readonly string[]): string[] => names.map((name) => (name === from ? to : name))
  for (const grant of Object.values(code.grants).flat()) {
    if (grant.holder === 'users' && grant.name === from) grant.name = to
  }
  for (const restriction of code.restrictions) restriction.users = renamed(restriction.users)
  for (const condition of code.reviewerConditions) condition.reviewers = renamed(condition.reviewers)
  for (const group of code.reviewerGroups) group.users = renamed(group.users)
  const participants = code.pullRequests.flatMap((request) => request.participants)
  for (const act of [...participants, ...code.activities]) if (act.user === from) act.user = to
  for (const text of [...code.comments, ...code.reports]) if (text.author === from) text.author = to
  for (const project of code.projects) {
    if (project.owner !== from) continue
    project.owner = to
    moveProject(state, project, `~${slug}`.toUpperCase())
  }
}
