/** Branch permissions: P-07 and R-05 of the catalogue. POST of the same type and matcher replaces and keeps the id. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { AccessKey, BranchRestriction } from '../code-state.js'
import { isSameMatcher, narrowTypes, readMatcher, showMatcher } from '../matchers.js'
import { isAtLeast } from '../options.js'
import type { Context, Route } from '../router.js'
import { showPerson } from '../show-code.js'
import { showAccessKey } from './access-keys.js'
import { key } from './people.js'
import { fieldsOf } from './settings.js'

const names = {
  'read-only': 'Read-only',
  'no-deletes': 'No deletes',
  'fast-forward-only': 'Fast-forward only',
  'pull-request-only': 'Pull requests only',
  'no-creates': 'No creates',
} as const

/** `no-creates` since 9.4. */
function typesOf({ features }: Context): readonly string[] {
  return Object.keys(names).filter((type) => type !== 'no-creates' || isAtLeast(features.version, '9.4'))
}

function show({ state }: Context, one: BranchRestriction): Record<string, unknown> {
  const { id, scope, type, matcher, users, groups, accessKeys } = one
  const keys = accessKeys.flatMap((id) => state.code.accessKeys.find((known) => known.id === id) ?? [])
  return {
    id,
    scope: showScope(scope),
    type,
    matcher: showMatcher(matcher),
    users: users.map((name) => showPerson(state, name)),
    groups: groups.map((name) => state.groups[name]?.name ?? name),
    accessKeys: keys.map((known: AccessKey) => showAccessKey(state, known)),
  }
}

function refuseQuery(context: Context): Reply | undefined {
  const { query } = context
  const [type, matcherType] = [query.get('type'), query.get('matcherType')]
  if (type !== null && !typesOf(context).includes(type)) return invalid(`One of ${typesOf(context).join(', ')}`, 'type')
  if (matcherType === null || narrowTypes.includes(matcherType)) return undefined
  return invalid(`One of ${narrowTypes.join(', ')}`, 'matcherType')
}

/** A repository shows what it inherits, too. */
function list(context: Context, here: Here): Reply {
  const refusal = refuseQuery(context)
  if (refusal !== undefined) return refusal
  const { state, query, features } = context
  const asked = (name: string, value: string): boolean => (query.get(name) ?? value) === value
  const found = state.code.restrictions.filter(
    ({ scope, type, matcher }) =>
      scopesAbove(here).includes(scope) &&
      asked('type', type) &&
      asked('matcherType', matcher.type) &&
      asked('matcherId', matcher.id),
  )
  return page(
    found.map((one) => show(context, one)),
    query,
    features.pageLimit,
  )
}

function namesOf(given: unknown): readonly string[] {
  const list = Array.isArray(given) ? given : []
  return [...new Set(list.map((one) => key(typeof one === 'string' ? one : String(fieldsOf(one)['name'] ?? ''))))]
}

function idsOf(given: unknown): readonly number[] {
  const list = Array.isArray(given) ? given : []
  return list.map((one) => Number(typeof one === 'number' ? one : fieldsOf(fieldsOf(one)['key'])['id']))
}

/** The restriction that a body asks for, without its id. */
function read(context: Context, { scope }: Here, body: unknown): Omit<BranchRestriction, 'id'> | Reply {
  const { state } = context
  const { type, matcher, users, groups, accessKeys } = fieldsOf(body)
  // Written as a text; the document has an object, too.
  const kind = typeof type === 'string' ? type : String(fieldsOf(type)['id'])
  if (!typesOf(context).includes(kind)) return invalid(`One of ${typesOf(context).join(', ')}`, 'type')
  const found = readMatcher(matcher, narrowTypes)
  if (found === undefined) return invalid('The matcher is not valid', 'matcher')
  const exempt = { users: [...namesOf(users)], groups: [...namesOf(groups)], accessKeys: [...idsOf(accessKeys)] }
  const user = exempt.users.find((name) => state.users[name] === undefined)
  if (user !== undefined) return invalid(`There is no user ${user}`, 'users')
  const group = exempt.groups.find((name) => state.groups[name] === undefined)
  if (group !== undefined) return invalid(`There is no group ${group}`, 'groups')
  const strange = exempt.accessKeys.find((id) => !state.code.accessKeys.some((one) => one.id === id))
  if (strange !== undefined) return invalid(`There is no access key ${strange}`, 'accessKeys')
  return { scope, type: kind, matcher: found, ...exempt }
}

function store({ state }: Context, made: Omit<BranchRestriction, 'id'>): BranchRestriction {
  const known = state.code.restrictions.find(
    ({ scope, type, matcher }) => scope === made.scope && type === made.type && isSameMatcher(matcher, made.matcher),
  )
  if (known !== undefined) return Object.assign(known, made)
  const restriction = { id: state.instance.nextId++, ...made }
  state.code.restrictions.push(restriction)
  return restriction
}

/** One, or many of which all are valid or none is stored. */
function post(context: Context, here: Here): Reply {
  const { body } = context
  const read_ = (Array.isArray(body) ? body : [body]).map((one) => read(context, here, one))
  const wrong = read_.find((one) => 'status' in one)
  if (wrong !== undefined && 'status' in wrong) return wrong
  const made = read_.flatMap((one) => ('status' in one ? [] : [store(context, one)]))
  const shown = made.map((one) => show(context, one))
  return ok(Array.isArray(body) ? shown : shown[0])
}

function find({ state, path }: Context, here: Here): BranchRestriction | undefined {
  return state.code.restrictions.find(({ id, scope }) => String(id) === path['id'] && scopesAbove(here).includes(scope))
}

function showOne(context: Context, here: Here): Reply {
  const found = find(context, here)
  return found === undefined ? absent('There is no such restriction') : ok(show(context, found))
}

/** 204 for unknown ids, too; an inherited one is deleted where it is (seen on real servers). */
function remove(context: Context, here: Here): Reply {
  const found = find(context, here)
  const { code } = context.state
  code.restrictions = code.restrictions.filter((one) => one !== found)
  return noContent()
}

function routesOf(base: string, { inspect, change }: Place): readonly Route[] {
  const all = `${base}/restrictions`
  const bulk = 'application/vnd.atl.bitbucket.bulk+json'
  return [
    { method: 'GET', path: all, needs: 'PERSON', handle: inspect(list) },
    { method: 'POST', path: all, needs: 'PERSON', handle: change(post), alsoTakes: bulk },
    { method: 'GET', path: `${all}/{id}`, needs: 'PERSON', handle: inspect(showOne) },
    { method: 'DELETE', path: `${all}/{id}`, needs: 'PERSON', handle: change(remove) },
  ]
}

export const branchPermissionRoutes: readonly Route[] = ofBoth('/branch-permissions/{version}', routesOf)
