/** Starts a server from what was recorded of another one. Who administrates the sandbox stays. */
import { omnipotent } from './caller.js'
import type { Project } from './code-state.js'
import type { Repository } from './instance-state.js'
import { callRest, problemOf } from './pages/rest-call.js'
import { settingForms } from './pages/setting-forms.js'
import { placeInside } from './recorded-inside.js'
import { type EstateProject, type EstateRepository, estateFormat, type RecordedEstate } from './record.js'
import type { RestServer } from './rest.js'
import { type GlobalLevel, type Group, globalLevels, makeUser, type SandboxState, type UserLimit } from './state.js'
import { tableOf } from './table.js'

/** Whether a document is an estate that this version reads. */
export function isEstate(document: unknown): document is RecordedEstate {
  return typeof document === 'object' && document !== null && Reflect.get(document, 'format') === estateFormat
}

/** Puts people, groups, projects and repositories in the place of those that a new sandbox has. */
export function placeEstate(state: SandboxState, estate: RecordedEstate): void {
  const { admin } = state.users
  state.users = tableOf(admin === undefined ? [] : [['admin', admin]])
  for (const [index, { name, displayName, ...rest }] of estate.users.entries()) {
    state.users[name] = { ...makeUser(name, displayName, index + 1000), ...rest }
  }
  const groups = estate.groups.map(({ name, deletable, members }): readonly [string, Group] => {
    return [name.toLowerCase(), { name, deletable, members: [...members] }]
  })
  state.groups = tableOf(groups)
  state.userPermissions = tableOf<GlobalLevel>([['admin', 'SYS_ADMIN'], ...estate.userPermissions.flatMap(readGrant)])
  state.groupPermissions = tableOf(estate.groupPermissions.flatMap(readGrant))
  state.rateLimitUsers = tableOf(
    (estate.rateLimits ?? []).map(({ user, ...limit }) => [user, limit as UserLimit] as const),
  )
  placeProjects(state, estate)
  placeScanning(state, estate)
}

function readGrant([name, permission]: readonly [string, string]): readonly (readonly [string, GlobalLevel])[] {
  const level = globalLevels.find((known) => known === permission)
  return level === undefined ? [] : [[name.toLowerCase(), level]]
}

function placeProjects(state: SandboxState, { projects }: RecordedEstate): void {
  const { code, instance } = state
  code.grants = {}
  code.projects = projects.map((project, index) => projectOf(project, index + 1))
  instance.repositories = []
  for (const [index, { key, inside, repositories }] of projects.entries()) {
    // Keys of a project may be named by restrictions of its repositories.
    if (inside !== undefined) placeInside(state, `P${index + 1}`, inside)
    for (const recorded of repositories) {
      const id = instance.repositories.length + 1
      instance.repositories.push(repositoryOf(recorded, key, id))
      if (recorded.inside !== undefined) placeInside(state, `R${id}`, recorded.inside)
    }
  }
}

function projectOf({ key, name, description, isPublic, owner, everybody, inside }: EstateProject, id: number): Project {
  return {
    id,
    key,
    name,
    ...(description === undefined ? {} : { description }),
    ...(isPublic ? { public: true } : {}),
    ...(owner === undefined ? {} : { owner }),
    ...(everybody === undefined ? {} : { everybody }),
    ...(inside?.restrictsAutoMerge === true ? { restrictsAutoMerge: true } : {}),
  }
}

function repositoryOf(recorded: EstateRepository, project: string, id: number): Repository {
  const { slug, name, description, defaultBranch, inside } = recorded
  return {
    id,
    project,
    slug,
    name,
    ...(description === undefined ? {} : { description }),
    ...(recorded.isPublic === true ? { public: true } : {}),
    ...(recorded.isArchived === true ? { archived: true } : {}),
    ...(recorded.isForkable === false ? { isNotForkable: true } : {}),
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    // Only where it was asked for.
    ...(defaultBranch === undefined && inside !== undefined ? { isEmpty: true } : {}),
  }
}

function placeScanning({ instance }: SandboxState, { scanningRules, exemptRepositories }: RecordedEstate): void {
  instance.scanningRules = (scanningRules ?? []).map((rule) => ({ id: instance.nextId++, ...rule }))
  const exempt = new Set((exemptRepositories ?? []).map(([project, slug]) => `${project}/${slug}`))
  instance.exemptRepositories = instance.repositories
    .filter(({ project, slug }) => exempt.has(`${project}/${slug}`))
    .map(({ id }) => id)
}

/** Writes the recorded settings through the API, as far as this version has them. @throws Error for one that it refuses. */
export function placeSettings(rest: RestServer, { settings }: RecordedEstate): void {
  const forms = settingForms(rest.features)
  for (const { path, body } of settings) {
    const inPath = forms.find((form) => form.path === path)?.inPath === true
    const target = inPath ? `${path}/${encodeURIComponent(String(Reflect.get(Object(body), 'logLevel')))}` : path
    const method = ['PUT', 'PATCH', 'POST'].find((one) => rest.find(one, target).found === 'route')
    // A policy that limits nothing is shown as nothing, and cannot be written.
    if (method === undefined || Object.keys(Object(body)).length === 0) continue
    const problem = problemOf(callRest(rest, omnipotent, method, target, { body }))
    if (problem !== undefined) throw new Error(`The estate does not fit: ${path}: ${problem}`)
  }
}
