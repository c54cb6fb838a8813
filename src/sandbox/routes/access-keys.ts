/** Access keys of projects and repositories: P-20 and R-19 of the catalogue. The same key has one id wherever it is. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { AccessKey } from '../code-state.js'
import { readPublicKey } from '../openssh.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { showProject, showRepository } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { refuseKey, showSsh } from './keys.js'
import { fieldsOf, isPositive } from './settings.js'

const permissionsOf = ({ type }: Pick<Here, 'type'>): readonly string[] =>
  type === 'PROJECT' ? ['PROJECT_READ', 'PROJECT_WRITE'] : ['REPO_READ', 'REPO_WRITE']

export function showAccessKey(state: SandboxState, key: AccessKey): Record<string, unknown> {
  const { type, resourceId } = showScope(key.scope)
  const project = type === 'PROJECT' && state.code.projects.find(({ id }) => id === resourceId)
  const repository = type === 'REPOSITORY' && state.instance.repositories.find(({ id }) => id === resourceId)
  return {
    key: showSsh(key),
    permission: key.permission,
    ...(project && { project: showProject(project) }),
    ...(repository && { repository: showRepository(state, repository) }),
  }
}

function list({ state, query, features }: Context, here: Here): Reply {
  const scopes = query.get('effective') === 'true' ? scopesAbove(here) : [here.scope]
  const least = Math.max(...['permission', 'minimumPermission'].map((name) => rankOf(query.get(name) ?? 'NONE')))
  const prefix = query.get('filter')?.toLowerCase() ?? ''
  const found = state.code.accessKeys.filter(
    (key) =>
      scopes.includes(key.scope) &&
      (key.label ?? '').toLowerCase().startsWith(prefix) &&
      rankOf(key.permission) >= least,
  )
  return page(
    found.map((key) => showAccessKey(state, key)),
    query,
    features.pageLimit,
  )
}

/** The id that this key has wherever else it is used. */
function idOf(state: SandboxState, text: string): number {
  const material = readPublicKey(text)?.material
  const twin = state.code.accessKeys.find((key) => readPublicKey(key.text)?.material === material)
  return twin?.id ?? state.instance.nextId++
}

function create({ state, body }: Context, here: Here): Reply {
  const { key, permission } = fieldsOf(body)
  const given = fieldsOf(key)
  if (!permissionsOf(here).includes(String(permission))) {
    return invalid(`One of ${permissionsOf(here).join(', ')}`, 'permission')
  }
  const refusal = refuseKey(state, given)
  if (refusal !== undefined) {
    // Of a key that somebody has the documents say 400 alone.
    return refusal.status === 409 ? invalid('The key is in use already', 'text') : refusal
  }
  const text = String(given['text']).trim()
  const id = idOf(state, text)
  if (state.code.accessKeys.some((one) => one.id === id && one.scope === here.scope)) {
    return invalid('The key has access already', 'text')
  }
  const label = typeof given['label'] === 'string' ? given['label'] : (readPublicKey(text)?.comment ?? '')
  const made: AccessKey = { id, scope: here.scope, text, permission: String(permission) }
  if (label !== '') made.label = label
  if (isPositive(given['expiryDays'])) made.expiryDays = given['expiryDays']
  state.code.accessKeys.push(made)
  return { status: 201, body: showAccessKey(state, made) }
}

function find({ state, path }: Context, { scope }: Here): AccessKey | undefined {
  return state.code.accessKeys.find((key) => key.scope === scope && String(key.id) === path['id'])
}

const noKey = (id: string | undefined): Reply => absent(`There is no access key ${id}`)

function showOne(context: Context, here: Here): Reply {
  const found = find(context, here)
  return found === undefined ? noKey(context.path['id']) : ok(showAccessKey(context.state, found))
}

function putPermission(context: Context, here: Here): Reply {
  const found = find(context, here)
  const permission = context.path['permission'] ?? ''
  // The documents have no 400: a permission that is none leads nowhere.
  if (found === undefined || !permissionsOf(here).includes(permission)) return noKey(context.path['id'])
  found.permission = permission
  return ok(showAccessKey(context.state, found))
}

/** Gone, or never there. Whoever was let through a branch permission by it is not any more. */
function remove(context: Context, here: Here): Reply {
  const { code } = context.state
  const found = find(context, here)
  code.accessKeys = code.accessKeys.filter((key) => key !== found)
  const isUsed = code.accessKeys.some(({ id }) => id === found?.id)
  for (const restriction of isUsed ? [] : code.restrictions) {
    restriction.accessKeys = restriction.accessKeys.filter((id) => id !== found?.id)
  }
  return noContent()
}

function routesOf(base: string, { inspect, change }: Place): readonly Route[] {
  const all = `${base}/ssh`
  const one = `${all}/{id}`
  return [
    { method: 'GET', path: all, needs: 'PERSON', handle: inspect(list) },
    { method: 'POST', path: all, needs: 'PERSON', handle: change(create) },
    { method: 'GET', path: one, needs: 'PERSON', handle: inspect(showOne) },
    { method: 'DELETE', path: one, needs: 'PERSON', handle: change(remove) },
    { method: 'PUT', path: `${one}/permission/{permission}`, needs: 'PERSON', handle: change(putPermission) },
  ]
}

export const accessKeyRoutes: readonly Route[] = ofBoth('/keys/{version}', routesOf)
