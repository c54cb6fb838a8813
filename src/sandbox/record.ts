/**
 * Reads a server into an estate, a file that a sandbox can start from: GETs of documented resources alone, through a
 * function that whoever calls hands in. Nothing of a person leaves here: names, addresses and the words of their names in
 * any text become pseudonyms that are the same within one recording and, by a salt that is kept nowhere, in no other.
 *
 * Not recorded: licence, hook scripts, keys, certificates, identity providers, mirrors, mesh, rights within projects.
 */
import { createPseudonyms } from './pseudonyms.js'
import type { Features } from './router.js'
import { settingForms } from './pages/setting-forms.js'

/** Asks one path behind the base URL. */
export type AskServer = (path: string) => Promise<{ readonly status: number; readonly body: unknown }>

export const estateFormat = 'bbstate-sandbox-estate/1'

export interface EstateUser {
  readonly name: string
  readonly slug: string
  readonly displayName: string
  readonly emailAddress: string
  readonly active: boolean
  readonly mutable: boolean
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
  readonly projects: readonly {
    readonly key: string
    readonly name: string
    readonly description?: string
    readonly isPublic: boolean
    readonly owner?: string
    readonly repositories: readonly { readonly slug: string; readonly name: string }[]
  }[]
}

export interface RecordOptions {
  /** Names of groups, projects and repositories become pseudonyms, too. */
  readonly hidesNames: boolean
  /** Random, and forgotten afterwards. */
  readonly salt: string
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Reads everything. @throws Error naming the path that did not answer as documented. */
export async function recordEstate(ask: AskServer, options: RecordOptions): Promise<RecordedEstate> {
  const { version } = fieldsOf((await ask('/rest/api/latest/application-properties')).body)
  const all = (path: string): Promise<readonly Fields[]> => readList(ask, path)
  const users = await all('/rest/api/latest/admin/users')
  const groups = await all('/rest/api/latest/admin/groups')
  const hide = createPseudonyms(users, options.salt)
  const nameOf = (kind: string, name: unknown): string =>
    options.hidesNames ? hide.name(kind, textOf(name)) : textOf(name)
  const recorded = []
  for (const { name, deletable } of groups) {
    const path = `/rest/api/latest/admin/groups/more-members?context=${encodeURIComponent(textOf(name))}`
    const members = (await all(path)).map((member) => hide.user(textOf(member['name'])))
    recorded.push({ name: nameOf('group', name), deletable: deletable !== false, members })
  }
  const ofUsers = await all('/rest/api/latest/admin/permissions/users')
  const ofGroups = await all('/rest/api/latest/admin/permissions/groups')
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
    userPermissions: ofUsers.map((grant) => [hide.user(holderOf(grant, 'user')), textOf(grant['permission'])]),
    groupPermissions: ofGroups.map((grant) => [nameOf('group', holderOf(grant, 'group')), textOf(grant['permission'])]),
    settings: await readSettings(ask, hide.clean),
    projects: await readProjects(all, hide, nameOf),
  }
}

type Pseudonyms = ReturnType<typeof createPseudonyms>

async function readProjects(
  all: (path: string) => Promise<readonly Fields[]>,
  hide: Pseudonyms,
  nameOf: (kind: string, name: unknown) => string,
): Promise<RecordedEstate['projects']> {
  const projects = []
  for (const { key, name, description, public: isPublic, owner } of await all('/rest/api/latest/projects')) {
    const path = `/rest/api/latest/projects/${encodeURIComponent(textOf(key))}/repos`
    const repositories = (await all(path)).map((one) => {
      const slug = nameOf('repository', one['slug'])
      return { slug, name: slug === one['slug'] ? textOf(one['name']) : slug }
    })
    const person = owner === undefined ? undefined : hide.person(textOf(fieldsOf(owner)['name']))
    const shown = nameOf('project', key)
    projects.push({
      key: person === undefined ? shown.replaceAll('-', '_').toUpperCase() : `~${person.slug.toUpperCase()}`,
      name: person?.displayName ?? (shown === key ? textOf(name) : shown),
      ...(typeof description === 'string' ? { description: textOf(hide.clean(description)) } : {}),
      isPublic: isPublic === true,
      ...(person === undefined ? {} : { owner: person.name }),
      repositories,
    })
  }
  return projects
}

/** A licence names who bought it, and its key. */
const unrecorded = '/api/latest/admin/license'

async function readSettings(ask: AskServer, clean: (value: unknown) => unknown): Promise<RecordedEstate['settings']> {
  const spelling = { mailSpelling: 'camel' } as Features
  const settings = []
  for (const { path, draft } of settingForms(spelling)) {
    if (path === unrecorded) continue
    const { status, body } = await ask(`/rest${path}`)
    if (status !== 200 || body === undefined) continue
    settings.push({ path, body: clean(draft === undefined ? body : draft(body)) })
  }
  return settings
}

/** Every page of a list; a server without the resource, or that refuses it, has none. */
async function readList(ask: AskServer, path: string): Promise<readonly Fields[]> {
  const values: Fields[] = []
  for (let start: number | null = 0; start !== null;) {
    const { status, body }: { status: number; body: unknown } = await ask(
      `${path}${path.includes('?') ? '&' : '?'}limit=1000&start=${start}`,
    )
    const page = fieldsOf(body)
    if (status !== 200 || !Array.isArray(page['values'])) throw new Error(`${path} answered ${status}, not a list`)
    values.push(...page['values'].map(fieldsOf))
    const next = page['nextPageStart']
    start = page['isLastPage'] === false && typeof next === 'number' && next > start ? next : null
  }
  return values
}
