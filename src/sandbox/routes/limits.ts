/** Rate limiting: I-09 and I-10 of the catalogue. */
import { absent, absentPrincipal, failure, holds, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Caller, reaches } from '../caller.js'
import type { Context, Route } from '../router.js'
import { levelOf, type SandboxState, type User, type UserLimit } from '../state.js'
import { showUser } from './people.js'
import { fieldsOf, isPositive } from './settings.js'

const base = '/api/{version}/admin/rate-limit/settings'

function readBucket(value: unknown): { capacity: number; fillRate: number } | null {
  const { capacity, fillRate } = fieldsOf(value)
  return isPositive(capacity) && isPositive(fillRate) ? { capacity, fillRate } : null
}

/** `whitelisted: true` or `settings`; both or neither is refused. */
function readLimit(body: unknown): UserLimit | null {
  const { whitelisted, settings } = fieldsOf(body)
  if (whitelisted != null && typeof whitelisted !== 'boolean') return null
  if ((whitelisted === true) === (settings != null)) return null
  if (whitelisted === true) return { whitelisted: true }
  const bucket = readBucket(settings)
  return bucket && { whitelisted: false, settings: bucket }
}

/** Nobody, who gets lists from a server that lets them read, counts as an ADMIN. */
function maySee(state: SandboxState, caller: Caller, name: string): boolean {
  return levelOf(state, name) !== 'SYS_ADMIN' || reaches(caller, 'SYS_ADMIN')
}

const oneOrTheOther = 'Either whitelisted or settings with capacity and fillRate must be given'

function bySlug(state: SandboxState, slug: string | undefined): [string, User] | undefined {
  return Object.entries(state.users).find(([, user]) => user.slug === slug?.toLowerCase())
}

function showLimit(state: SandboxState, name: string, limit: UserLimit): unknown {
  const user = state.users[name]
  return { user: user === undefined ? { name } : showUser(user), ...limit }
}

function putMany({ state, body }: Context): Reply {
  const limit = readLimit(body)
  const { usernames } = fieldsOf(body)
  if (limit === null) return invalid(oneOrTheOther)
  if (!Array.isArray(usernames) || usernames.length === 0) return invalid('At least one user is needed', 'usernames')
  const names = usernames.map((name) => String(name).toLowerCase())
  const stranger = names.find((name) => state.users[name] === undefined)
  if (stranger !== undefined) return invalid(`${stranger} is not a user`, 'usernames')
  for (const name of names) state.rateLimitUsers[name] = limit
  // The documents give the schema of one entry where many are set; a list is what it must be.
  return ok(names.map((name) => showLimit(state, name, limit)))
}

export const limitRoutes: readonly Route[] = [
  { method: 'GET', path: base, needs: 'LICENSED_USER', handle: ({ state }) => ok(state.rateLimit) },
  {
    method: 'PUT',
    path: base,
    needs: 'ADMIN',
    handle: ({ state, body }) => {
      const { enabled, defaultSettings } = fieldsOf(body)
      if (enabled == null && defaultSettings == null) return invalid('The request is empty')
      if (enabled != null && typeof enabled !== 'boolean') return invalid('A boolean is needed', 'enabled')
      const bucket = defaultSettings == null ? state.rateLimit.defaultSettings : readBucket(defaultSettings)
      if (bucket === null) return invalid('Capacity and fill rate must be positive', 'defaultSettings')
      state.rateLimit = {
        enabled: enabled ?? state.rateLimit.enabled,
        defaultSettings: bucket,
      }
      return ok(state.rateLimit)
    },
  },
  {
    method: 'GET',
    path: `${base}/users`,
    needs: 'ADMIN',
    handle: ({ state, query, features, caller }) => {
      const entries = Object.entries(state.rateLimitUsers)
        .filter(([name]) => holds(query.get('filter'), name, state.users[name]?.displayName ?? ''))
        .filter(([name]) => state.users[name] !== undefined && maySee(state, caller, name))
        .sort(([a], [b]) => (a < b ? -1 : 1))
      return page(
        entries.map(([name, limit]) => showLimit(state, name, limit)),
        query,
        features.pageLimit,
      )
    },
  },
  { method: 'POST', path: `${base}/users`, needs: 'ADMIN', handle: putMany },
  {
    method: 'GET',
    path: `${base}/users/{slug}`,
    needs: 'LICENSED_USER',
    handle: ({ state, path, caller }) => {
      const [name] = bySlug(state, path['slug']) ?? []
      // Everybody sees their own; an ADMIN nothing of a SYS_ADMIN.
      const isOwn = name !== undefined && name === caller.user
      const mayRead = isOwn || (reaches(caller, 'ADMIN') && (name === undefined || maySee(state, caller, name)))
      if (!mayRead) return failure(401, 'AuthorisationException', 'You are not permitted to access this resource')
      const limit = name === undefined ? undefined : state.rateLimitUsers[name]
      if (name === undefined || limit === undefined) return absent('No settings for this user')
      return ok(showLimit(state, name, limit))
    },
  },
  {
    method: 'PUT',
    path: `${base}/users/{slug}`,
    needs: 'ADMIN',
    handle: ({ state, path, body }) => {
      const [name] = bySlug(state, path['slug']) ?? []
      const limit = readLimit(body)
      if (name === undefined) return absentPrincipal('User', path['slug'] ?? '')
      if (limit === null) return invalid(oneOrTheOther)
      state.rateLimitUsers[name] = limit
      return ok(showLimit(state, name, limit))
    },
  },
  {
    method: 'DELETE',
    path: `${base}/users/{slug}`,
    needs: 'ADMIN',
    handle: ({ state, path }) => {
      const [name] = bySlug(state, path['slug']) ?? []
      if (name === undefined || state.rateLimitUsers[name] === undefined) return absent('No settings for this user')
      delete state.rateLimitUsers[name]
      return noContent()
    },
  },
]
