/**
 * A large server that is the same at every start: sizes are exact, contents follow from a seed. Names are as people and
 * directories make them: with dots, capitals, mail addresses and letters of other alphabets.
 */
import type { Project } from './code-state.js'
import type { Repository } from './instance-state.js'
import { slugOf } from './show-code.js'
import { makeUser, type SandboxState, type User } from './state.js'

/** How many of what. */
export interface Estate {
  readonly projects?: number
  readonly repositories?: number
  readonly groups?: number
  readonly users?: number
  readonly memberships?: number
  /** Another number makes another server of the same size. Default 1. */
  readonly seed?: number
}

type Random = (below: number) => number

/** Adds what is asked for to a server that is new. */
export function addEstate(state: SandboxState, estate: Estate): void {
  const { projects = 0, repositories = 0, groups = 0, users = 0, memberships = 0, seed = 1 } = estate
  const next = makeRandom(seed)
  const userNames = addUsers(state, users, next)
  const groupNames = addGroups(state, groups)
  addMemberships(state, userNames, groupNames, memberships, next)
  const made = addProjects(state, projects, userNames, groupNames, next)
  addRepositories(state, repositories, made, next)
}

const firstNames = [
  'Maria',
  'João',
  'Anna',
  'Łukasz',
  'Chloé',
  'Ole',
  'Zoë',
  'Nikos',
  'Søren',
  'Aylin',
  'Jürgen',
  'Mei',
]
const lastNames = ['Silva', 'Svensson', 'Nowak', 'Müller', 'O’Brien', 'García', 'Ångström', 'de Vries', 'Papas', 'Li']

/** How companies make account names of people. */
const spellings: readonly ((first: string, last: string) => string)[] = [
  (first, last) => `${plain(first)}.${plain(last)}`.toLowerCase(),
  (first, last) => `${plain(first)}.${plain(last)}`,
  (first, last) => `${plain(first).slice(0, 1)}${plain(last)}`.toLowerCase(),
  (first, last) => `${plain(first)}.${plain(last)}@example.com`.toLowerCase(),
  (first, last) => `${first}.${last}`.toLowerCase().replaceAll(/[’ ]/gu, ''),
]

function plain(text: string): string {
  const letters: Readonly<Record<string, string>> = { ł: 'l', Ł: 'L', ø: 'o', Ø: 'O' }
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}|[’ ]/gu, '')
    .replaceAll(/[łŁøØ]/gu, (letter) => letters[letter] ?? letter)
}

/** The first two have names that differ and slugs that would not: the second is told apart by a number. */
const twins = ['anna.li@example.com', 'anna.li_example.com']

function addUsers(state: SandboxState, count: number, next: Random): readonly string[] {
  const firstId = Object.keys(state.users).length + 1
  const slugs = new Set(Object.values(state.users).map(({ slug }) => slug))
  const names: string[] = []
  for (let index = 0; index < count; index++) {
    const [first, last] = [pick(firstNames, next), pick(lastNames, next)]
    const spell = spellings[next(spellings.length)] ?? spellings[0]
    const wanted = twins[index] ?? `${spell?.(first, last)}`
    const name = tellApart(wanted, (text) => state.users[text.toLowerCase()] !== undefined)
    const user: User = makeUser(name, `${first} ${last}`, firstId + index)
    user.slug = tellApart(user.slug, (slug) => slugs.has(slug))
    slugs.add(user.slug)
    state.users[name.toLowerCase()] = user
    names.push(name.toLowerCase())
  }
  return names
}

/** The first that is free of `a`, `a2`, `a3` …; of a mail address the number stands before the at sign. */
function tellApart(text: string, isTaken: (text: string) => boolean): string {
  const [head = '', tail] = text.split('@')
  let candidate = text
  for (let number = 2; isTaken(candidate); number++)
    candidate = `${head}${number}${tail === undefined ? '' : `@${tail}`}`
  return candidate
}

const departments = ['Einkauf', 'R&D', 'Ops.EU', 'Qualité', 'DevOps', 'SRE_on-call', '品質', 'Sales.Nordics']

/** Plain names, and every tenth as a directory has it. */
function addGroups(state: SandboxState, count: number): readonly string[] {
  return numbered('group', count).map((plainName, index) => {
    const department = departments[Math.floor(index / 10) % departments.length] ?? ''
    const name = index % 10 === 9 ? `${department} ${index + 1}` : plainName
    state.groups[name.toLowerCase()] = { name, deletable: true, members: [] }
    return name.toLowerCase()
  })
}

function addMemberships(
  state: SandboxState,
  users: readonly string[],
  groups: readonly string[],
  count: number,
  next: Random,
): void {
  const members = new Map(groups.map((name) => [name, new Set<string>()]))
  const possible = Math.min(count, users.length * groups.length)
  for (let added = 0; added < possible;) {
    const set = members.get(pick(groups, next))
    const user = pick(users, next)
    if (set === undefined || set.has(user)) continue
    set.add(user)
    added++
  }
  for (const [name, set] of members) state.groups[name]?.members.push(...[...set].sort())
}

const subjects = ['Payments', 'Search', 'Identity', 'Données', 'Logistik', 'Mobile', 'Platform', 'Risk', 'Ops', 'Web']

/** Every tenth is somebody's own, as far as there are people; some are public, and half let everybody read. */
function addProjects(
  { code, users }: SandboxState,
  count: number,
  userNames: readonly string[],
  groupNames: readonly string[],
  next: Random,
): readonly Project[] {
  const firstId = Math.max(0, ...code.projects.map(({ id }) => id)) + 1
  const owners = [...userNames]
  return numbered('P', count).map((number, index) => {
    const owner = index % 10 === 9 ? owners.splice(next(Math.max(1, owners.length)), 1)[0] : undefined
    const subject = pick(subjects, next)
    const key = owner === undefined ? `${plain(subject).slice(0, 3)}${number.slice(2)}` : `~${users[owner]?.slug}`
    const name = owner === undefined ? `${subject} ${number.slice(2)}` : (users[owner]?.displayName ?? owner)
    const project: Project = { id: firstId + index, key: key.toUpperCase(), name }
    if (owner !== undefined) project.owner = owner
    else if (next(2) === 0) project.everybody = 'PROJECT_READ'
    if (owner === undefined && next(20) === 0) project.public = true
    code.projects.push(project)
    const scope = `P${project.id}`
    if (groupNames.length > 0 && owner === undefined) {
      code.grants[scope] = [{ holder: 'groups', name: pick(groupNames, next), permission: 'PROJECT_WRITE' }]
    }
    // What the repositories of every fourth inherit.
    if (index % 4 === 0) {
      code.settings[`${scope} auto-decline`] = { enabled: true, inactivityWeeks: 8 }
      const key = 'com.atlassian.bitbucket.server.bitbucket-bundled-hooks:requiredApproversMergeHook'
      code.hooks.push({ scope, key, enabled: true, settings: { requiredCount: '2' } })
    }
    return project
  })
}

const things = ['api', 'Web Shop', 'infra', 'Étude', 'batch_jobs', 'ios.app', 'docs', 'library', 'gateway', 'Tooling']

/** Spread evenly; every tenth is archived, every thirtieth empty. Without projects they go to those that are there. */
function addRepositories(
  { instance, code }: SandboxState,
  count: number,
  made: readonly Project[],
  next: Random,
): void {
  const projects = made.length > 0 ? made : code.projects
  const firstId = instance.repositories.reduce((most, { id }) => Math.max(most, id), 0) + 1
  for (let index = 0; index < count; index++) {
    const name = `${pick(things, next)} ${index + 1}`
    const project = projects[index % projects.length]?.key ?? ''
    const repository: Repository = { id: firstId + index, project, slug: slugOf(name), name }
    if (index % 10 === 9) repository.archived = true
    if (index % 30 === 29) repository.isEmpty = true
    if (next(50) === 0) repository.public = true
    instance.repositories.push(repository)
  }
}

function pick<T>(all: readonly T[], next: Random): T {
  return all[next(all.length)] as T
}

function numbered(prefix: string, count: number): readonly string[] {
  const width = Math.max(3, String(count).length)
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(width, '0')}`)
}

/** A linear congruential generator (Numerical Recipes): even is enough here. */
function makeRandom(seed: number): Random {
  let value = (Math.imul(seed, 20_261_123) ^ 0x5bd1e995) >>> 0
  return (below) => {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0
    return (value >>> 8) % below
  }
}
