/**
 * Reads a server into an estate, a file that a sandbox can start from: GETs of documented resources alone, through a
 * function that whoever calls hands in. Nothing of a person leaves here: names, addresses and the words of their names in
 * any text become pseudonyms that are the same within one recording and, by a salt that is kept nowhere, in no other.
 *
 * Not recorded: licence, hook scripts, keys of people, private keys, certificates, tokens, identity providers, mirrors,
 * mesh, and which settings a project keeps its repositories from changing: of those there is no list.
 */
import { settingForms } from './pages/setting-forms.js'
import { type Inside, readInside } from './record-inside.js'
import { type AskServer, ServerLists, textOf } from './record-lists.js'
import { type Fields, fieldsOf } from './routes/settings.js'
import { type ReplacementOptions, Replacements } from './replacements.js'
import type { Features } from './router.js'

export const estateFormat = 'bbstate-sandbox-estate/1'

export interface EstateUser {
  readonly name: string
  readonly slug: string
  readonly displayName: string
  readonly emailAddress: string
  readonly active: boolean
  readonly mutable: boolean
}

export interface EstateRepository {
  readonly slug: string
  readonly name: string
  readonly description?: string
  readonly isPublic?: boolean
  readonly isArchived?: boolean
  readonly isForkable?: boolean
  /** Without `refs/heads/`; absent for one without branches. */
  readonly defaultBranch?: string
  /** Absent where repositories were recorded by name alone. */
  readonly inside?: Inside
}

export interface EstateProject {
  readonly key: string
  readonly name: string
  readonly description?: string
  readonly isPublic: boolean
  readonly owner?: string
  /** What everybody may who is licensed. */
  readonly everybody?: string
  readonly inside?: Inside
  readonly repositories: readonly EstateRepository[]
}

/** What an estate file holds. */
export interface RecordedEstate {
  readonly format: typeof estateFormat
  /** Version of the server, as it named itself. */
  readonly recordedFrom: string
  readonly users: readonly EstateUser[]
  readonly groups: readonly {
    readonly name: string
    readonly deletable: boolean
    readonly members: readonly string[]
  }[]
  readonly userPermissions: readonly (readonly [name: string, permission: string])[]
  readonly groupPermissions: readonly (readonly [name: string, permission: string])[]
  /** Settings, as their resources take them back; paths behind `/rest`. */
  readonly settings: readonly { readonly path: string; readonly body: unknown }[]
  readonly rateLimits?: readonly { readonly user: string; readonly whitelisted: boolean; readonly settings?: unknown }[]
  readonly scanningRules?: readonly {
    readonly name: string
    readonly lineRegex?: string
    readonly pathRegex?: string
  }[]
  /** From secret scanning. */
  readonly exemptRepositories?: readonly (readonly [project: string, slug: string])[]
  readonly projects: readonly EstateProject[]
}

export interface RecordOptions extends ReplacementOptions {
  /** Repositories by name alone. */
  readonly isShallow?: boolean
  /** Told before each project. */
  readonly onProgress?: (done: number, total: number, what: string) => void
}

interface Recording {
  readonly server: ServerLists
  readonly hide: Replacements
  readonly options: RecordOptions
}

/** Reads everything. @throws Error naming the path that did not answer as documented. */
export async function recordEstate(ask: AskServer, options: RecordOptions): Promise<RecordedEstate> {
  const server = new ServerLists(ask)
  const { version } = fieldsOf(await server.one('/rest/api/latest/application-properties'))
  const users = await server.list('/rest/api/latest/admin/users')
  const groups = await server.list('/rest/api/latest/admin/groups')
  const hide = new Replacements(users, groups, options)
  const recorded = []
  for (const { name, deletable } of groups) {
    const path = `/rest/api/latest/admin/groups/more-members?context=${encodeURIComponent(textOf(name))}`
    const members = (await server.list(path)).flatMap((member) => hide.holder('users', textOf(member['name'])) ?? [])
    recorded.push({ name: hide.group(textOf(name)), deletable: deletable !== false, members })
  }
  const ofUsers = await server.list('/rest/api/latest/admin/permissions/users')
  const ofGroups = await server.list('/rest/api/latest/admin/permissions/groups')
  const holderOf = (grant: Fields, kind: string): string => textOf(fieldsOf(grant[kind])['name'])
  return {
    format: estateFormat,
    recordedFrom: textOf(version),
    users: users.map((user) => ({
      ...hide.person(textOf(user['name'])),
      active: user['active'] !== false,
      mutable: user['mutableDetails'] !== false,
    })),
    groups: recorded,
    userPermissions: ofUsers.map((grant) => [hide.person(holderOf(grant, 'user')).name, textOf(grant['permission'])]),
    groupPermissions: ofGroups.map((grant) => [hide.group(holderOf(grant, 'group')), textOf(grant['permission'])]),
    settings: await readSettings(server, hide),
    ...(await readExceptions(server, hide)),
    projects: await readProjects({ server, hide, options }),
  }
}

/** A licence names who bought it, and its key. */
const unrecorded = '/api/latest/admin/license'

async function readSettings(server: ServerLists, hide: Replacements): Promise<RecordedEstate['settings']> {
  const spelling = { mailSpelling: 'camel' } as Features
  const settings = []
  for (const { path, draft } of settingForms(spelling)) {
    if (path === unrecorded) continue
    const body = await server.one(`/rest${path}`)
    // Of merge strategies: what nobody set, and a copy must not show as set.
    const isFactory = fieldsOf(body)['type'] === 'DEFAULT'
    if (body !== undefined && !isFactory)
      settings.push({ path, body: hide.clean(draft === undefined ? body : draft(body)) })
  }
  return settings
}

type Exceptions = Pick<RecordedEstate, 'rateLimits' | 'scanningRules' | 'exemptRepositories'>

/** Whom the rate limiter treats otherwise, what is looked for as a secret, and where not. */
async function readExceptions(server: ServerLists, hide: Replacements): Promise<Exceptions> {
  const limits = await server.listIfAny('/rest/api/latest/admin/rate-limit/settings/users')
  const rules = await server.listIfAny('/rest/api/latest/secret-scanning/rules')
  const exempt = await server.listIfAny('/rest/api/latest/secret-scanning/exempt')
  const expression = (name: string, text: unknown) =>
    typeof text === 'string' ? { [name]: hide.name('expression', text) } : {}
  return {
    rateLimits: limits.flatMap(({ user, whitelisted, settings }) => {
      const name = hide.holder('users', textOf(fieldsOf(user)['name']))
      const bucket = settings == null ? {} : { settings: hide.settings(settings) }
      return name === undefined ? [] : [{ user: name, whitelisted: whitelisted === true, ...bucket }]
    }),
    scanningRules: rules.map(({ name, lineRegex, pathRegex }) => ({
      name: hide.text(textOf(name), 255),
      ...expression('lineRegex', lineRegex),
      ...expression('pathRegex', pathRegex),
    })),
    exemptRepositories: exempt.map(({ project, slug }) => [
      hide.projectKey(textOf(fieldsOf(project)['key'])),
      hide.slug(textOf(slug)),
    ]),
  }
}

async function readProjects(recording: Recording): Promise<EstateProject[]> {
  const { server, options } = recording
  const listed = await server.list('/rest/api/latest/projects')
  const all = new Map(listed.map((project) => [textOf(project['key']), project]))
  // Whether that list has personal projects is not documented; the one of repositories names the project of each.
  for (const { project } of await server.list('/rest/api/latest/repos?archived=ALL')) {
    const key = textOf(fieldsOf(project)['key'])
    if (key !== '' && !all.has(key)) all.set(key, fieldsOf(project))
  }
  const projects = []
  for (const [key, project] of all) {
    options.onProgress?.(projects.length, all.size, `projects/${key}`)
    projects.push(await readProject(recording, key, project))
  }
  return projects
}

/** Strongest first: what is stronger stands for what is weaker, too. */
const forEverybody = ['PROJECT_ADMIN', 'REPO_CREATE', 'PROJECT_WRITE', 'PROJECT_READ']

async function readProject(recording: Recording, key: string, project: Fields): Promise<EstateProject> {
  const { server, hide } = recording
  const path = `projects/${encodeURIComponent(key)}`
  const owner = hide.ownerOf(key)
  const shown = hide.projectKey(key)
  const inside = await readInside(server, hide, { type: 'PROJECT', path })
  let everybody: string | undefined
  for (const permission of owner === undefined ? forEverybody : []) {
    const { permitted } = fieldsOf(await server.one(`/rest/api/latest/${path}/permissions/${permission}/all`))
    if (permitted === true) {
      everybody = permission
      break
    }
  }
  const repositories = []
  for (const one of await server.list(`/rest/api/latest/${path}/repos`)) {
    repositories.push(await readRepository(recording, path, inside, one))
  }
  return {
    key: shown,
    name: owner?.displayName ?? nameBeside(hide, shown === key, project, shown),
    ...describe(hide, project),
    isPublic: project['public'] === true,
    ...(owner === undefined ? {} : { owner: owner.name }),
    ...(everybody === undefined ? {} : { everybody }),
    inside,
    repositories,
  }
}

async function readRepository(
  { server, hide, options }: Recording,
  project: string,
  above: Inside,
  one: Fields,
): Promise<EstateRepository> {
  const path = `${project}/repos/${encodeURIComponent(textOf(one['slug']))}`
  const slug = hide.slug(textOf(one['slug']))
  const named = {
    slug,
    name: nameBeside(hide, slug === one['slug'], one, slug),
    ...describe(hide, one),
    isPublic: one['public'] === true,
    isArchived: one['archived'] === true,
    isForkable: one['forkable'] !== false,
  }
  if (options.isShallow === true) return named
  const branch = textOf(fieldsOf(await server.one(`/rest/api/latest/${path}/default-branch`))['id'])
  return {
    ...named,
    ...(branch === '' ? {} : { defaultBranch: hide.ref(branch).replace(/^refs\/heads\//u, '') }),
    inside: await readInside(server, hide, { type: 'REPOSITORY', path, above }),
  }
}

/** The name in words says what a hidden key must not. */
function nameBeside(hide: Replacements, isShown: boolean, { name }: Fields, instead: string): string {
  return isShown ? hide.text(textOf(name), 128) : instead
}

function describe(hide: Replacements, { description }: Fields): { description?: string } {
  return typeof description === 'string' ? { description: hide.text(description, 255) } : {}
}
