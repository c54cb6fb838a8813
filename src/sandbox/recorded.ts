/** Starts a server from what was recorded of another one. Who administrates the sandbox stays. */
import { omnipotent } from './caller.js'
import { callRest, problemOf } from './pages/rest-call.js'
import { settingForms } from './pages/setting-forms.js'
import { estateFormat, type RecordedEstate } from './record.js'
import type { RestServer } from './rest.js'
import { type GlobalLevel, type Group, globalLevels, makeUser, type SandboxState } from './state.js'
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
  placeProjects(state, estate)
}

function readGrant([name, permission]: readonly [string, string]): readonly (readonly [string, GlobalLevel])[] {
  const level = globalLevels.find((known) => known === permission)
  return level === undefined ? [] : [[name.toLowerCase(), level]]
}

function placeProjects({ code, instance }: SandboxState, { projects }: RecordedEstate): void {
  code.projects = projects.map(({ key, name, description, isPublic, owner }, index) => ({
    id: index + 1,
    key,
    name,
    ...(description === undefined ? {} : { description }),
    ...(isPublic ? { public: true as const } : {}),
    ...(owner === undefined ? {} : { owner }),
  }))
  code.grants = {}
  let id = 0
  instance.repositories = projects.flatMap(({ key, repositories }) =>
    repositories.map(({ slug, name }) => ({ id: ++id, project: key, slug, name })),
  )
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
