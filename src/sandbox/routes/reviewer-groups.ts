/** Reviewer groups: P-17 and R-16 of the catalogue. Users by their numbers, at least one. */
import { absent, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, type HereWork, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { ReviewerGroup } from '../code-state.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { rankOfUser } from '../scopes.js'
import { showPerson } from '../show-code.js'
import { levelOf, type SandboxState } from '../state.js'
import { fieldsOf } from './settings.js'

function show(state: SandboxState, { id, scope, name, description, users }: ReviewerGroup): Record<string, unknown> {
  const people = users.map((user) => showPerson(state, user))
  return { id, name, ...(description && { description }), scope: showScope(scope), users: people }
}

function readUsers({ users }: SandboxState, given: unknown): string[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined
  const names = given.map((one) => Object.keys(users).find((name) => users[name]?.id === fieldsOf(one)['id']))
  const known = names.filter((name) => name !== undefined)
  return known.length === names.length ? [...new Set(known)] : undefined
}

/** @param known whose fields stay where nothing is sent */
function read(context: Context, { scope }: Here, known?: ReviewerGroup): Omit<ReviewerGroup, 'id'> | Reply {
  const { state, body } = context
  const { name = known?.name, description = known?.description ?? '', users } = fieldsOf(body)
  if (typeof name !== 'string' || name.trim() === '' || name.length > 50) {
    return invalid('A name of 1 to 50 characters is needed', 'name')
  }
  if (typeof description !== 'string' || description.length > 255) return invalid('Too long', 'description')
  const people = users === undefined ? known?.users : readUsers(state, users)
  if (people === undefined) return invalid('At least one user is needed, by id', 'users')
  const isTaken = state.code.reviewerGroups.some(
    (one) => one !== known && one.scope === scope && one.name.toLowerCase() === name.toLowerCase(),
  )
  if (isTaken) return failure(409, 'IntegrityException', `A group named ${name} exists`, 'name')
  return { scope, name, description, users: people }
}

function list({ state, query, features }: Context, here: Here): Reply {
  const scopes = scopesAbove(here)
  const found = state.code.reviewerGroups.filter(({ scope }) => scopes.includes(scope))
  return page(
    found.map((one) => show(state, one)),
    query,
    features.pageLimit,
  )
}

function create(context: Context, here: Here): Reply {
  const { state } = context
  const made = read(context, here)
  if ('status' in made) return made
  const group = { id: state.instance.nextId++, ...made }
  state.code.reviewerGroups.push(group)
  return { status: 201, body: show(state, group) }
}

function onGroup(work: (context: Context, group: ReviewerGroup, here: Here) => Reply): HereWork {
  return (context, here) => {
    const { state, path } = context
    const found = state.code.reviewerGroups.find((one) => one.scope === here.scope && String(one.id) === path['id'])
    return found === undefined ? absent(`There is no reviewer group ${path['id']}`) : work(context, found, here)
  }
}

const update = onGroup((context, group, here) => {
  const made = read(context, here, group)
  return 'status' in made ? made : ok(show(context.state, Object.assign(group, made)))
})

const remove = onGroup(({ state: { code } }, group) => {
  code.reviewerGroups = code.reviewerGroups.filter((one) => one !== group)
  return noContent()
})

/** Of those who are licensed and may read the repository; the documents have it of repositories alone. */
function listUsers({ state, path }: Context, here: Here): Reply {
  const scopes = scopesAbove(here)
  const found = state.code.reviewerGroups.find(({ id, scope }) => String(id) === path['id'] && scopes.includes(scope))
  if (found === undefined) return absent(`There is no reviewer group ${path['id']}`)
  const readers = found.users.filter(
    (user) =>
      levelOf(state, user) !== undefined &&
      rankOfUser(state, user, here.project, here.repository) >= rankOf('REPO_READ'),
  )
  return ok(readers.map((user) => showPerson(state, user)))
}

function routesOf(base: string, { type, read: look, change }: Place): readonly Route[] {
  const all = `${base}/settings/reviewer-groups`
  const one = `${all}/{id}`
  const users: Route = { method: 'GET', path: `${one}/users`, needs: 'anyone', handle: look(listUsers) }
  return [
    ...(type === 'REPOSITORY' ? [users] : []),
    { method: 'GET', path: all, needs: 'anyone', handle: look(list) },
    { method: 'POST', path: all, needs: 'PERSON', handle: change(create) },
    { method: 'GET', path: one, needs: 'anyone', handle: look(onGroup(({ state }, group) => ok(show(state, group)))) },
    { method: 'PUT', path: one, needs: 'PERSON', handle: change(update) },
    { method: 'DELETE', path: one, needs: 'PERSON', handle: change(remove) },
  ]
}

export const reviewerGroupRoutes: readonly Route[] = ofBoth('/api/{version}', routesOf)
