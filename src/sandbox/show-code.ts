/** Projects, repositories and their people as answers show them. */
import type { Project } from './code-state.js'
import type { Repository } from './instance-state.js'
import { projectOf } from './scopes.js'
import type { SandboxState } from './state.js'

export function showProject({ id, key, name, description, owner, ...rest }: Project): Record<string, unknown> {
  const described = description === undefined ? {} : { description }
  return {
    key,
    id,
    name,
    ...described,
    public: rest.public === true,
    type: owner === undefined ? 'NORMAL' : 'PERSONAL',
  }
}

/** @param isShort without the repository that it was forked from */
export function showRepository(state: SandboxState, repository: Repository, isShort = false): Record<string, unknown> {
  const { id, slug, name, description } = repository
  const parent = isShort ? undefined : originOf(state, repository)
  return {
    id,
    slug,
    name,
    ...(description === undefined ? {} : { description }),
    hierarchyId: `e3c939f9ef4a7fae${String(rootOf(state, repository)).padStart(4, '0')}`,
    scmId: 'git',
    state: 'AVAILABLE',
    statusMessage: 'Available',
    forkable: repository.isNotForkable !== true,
    archived: repository.archived === true,
    public: repository.public === true,
    project: showProject(projectOf(state, repository)),
    ...(parent === undefined ? {} : { origin: showRepository(state, parent, true) }),
  }
}

function originOf({ instance }: SandboxState, { origin }: Repository): Repository | undefined {
  return origin === undefined ? undefined : instance.repositories.find(({ id }) => id === origin)
}

/** The id of the repository that all forks go back to: what is one hierarchy may have pull requests. */
export function rootOf(state: SandboxState, repository: Repository): number {
  let root = repository
  for (let next = originOf(state, root); next !== undefined && next.id < root.id; next = originOf(state, next))
    root = next
  return root.id
}

/** A slug holds small letters, digits, dots, hyphens and underscores. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return plain.replaceAll(/[^a-z0-9._-]+/gu, '-')
}

/** By the names of project and repository. */
export function sortRepositories(repositories: readonly Repository[], order: string | null): readonly Repository[] {
  const placeOf = ({ project, name }: Repository): string => `${project}\n${name}`.toLowerCase()
  const placed = repositories.map((repository) => [placeOf(repository), repository] as const)
  const sorted = placed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, repository]) => repository)
  return order === 'NAME_DESC' ? sorted.reverse() : sorted
}

/** A user by name, lower-case; of an account that stands for a token what is known of it. */
export function showPerson(state: SandboxState, name: string): Record<string, unknown> {
  const user = state.users[name]
  if (user === undefined) return { name, displayName: name, slug: name, id: 0, active: true, type: 'SERVICE' }
  const { slug, id, displayName, emailAddress, active } = user
  return { name: user.name, emailAddress, active, displayName, id, slug, type: 'NORMAL' }
}
