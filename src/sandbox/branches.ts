/**
 * Branches and commits. The sandbox holds no Git: a repository that is not empty has its default branch and those that
 * were made by REST, a branch has a commit that follows from its name, and every full hash is a commit that exists.
 */
import { createHash } from 'node:crypto'
import { scopeOfRepository } from './scopes.js'
import type { Repository } from './instance-state.js'
import type { SandboxState } from './state.js'

export interface BranchTip {
  /** Without `refs/heads/`. */
  readonly name: string
  readonly commit: string
  readonly isDefault: boolean
}

export function isCommit(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{40}$/iu.test(text)
}

/** The rules of git check-ref-format that matter here. */
export function isBranchName(name: string): boolean {
  if (name === '' || name.length > 255 || name.startsWith('/') || /(?:\/|\.|\.lock)$/u.test(name)) return false
  return !/[\s~^:?*[\\\p{Cc}]|\.\.|\/\/|@\{|(?:^|\/)\./u.test(name)
}

export function shortName(ref: string): string {
  return ref.replace(/^refs\/heads\//u, '')
}

/** The commit that a branch has until another one is pushed. */
export function firstCommit({ id }: Repository, name: string): string {
  return createHash('sha1').update(`${id} ${name}`).digest('hex')
}

/** By name, the default branch first. */
export function branchesOf({ code }: SandboxState, repository: Repository): readonly BranchTip[] {
  const { defaultBranch = 'main', isEmpty } = repository
  const scope = scopeOfRepository(repository)
  const made = code.branches.filter((branch) => branch.scope === scope)
  const tip = made.find(({ name }) => name === defaultBranch)?.commit ?? firstCommit(repository, defaultBranch)
  const first =
    isEmpty && !made.some(({ name }) => name === defaultBranch) ? [] : [{ name: defaultBranch, commit: tip }]
  const others = made.filter(({ name }) => name !== defaultBranch).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [...first, ...others].map(({ name, commit }) => ({ name, commit, isDefault: name === defaultBranch }))
}

/** A branch by its short or full name. */
export function findBranch(state: SandboxState, repository: Repository, ref: unknown): BranchTip | undefined {
  if (typeof ref !== 'string') return undefined
  const name = shortName(ref)
  return branchesOf(state, repository).find((branch) => branch.name === name)
}
