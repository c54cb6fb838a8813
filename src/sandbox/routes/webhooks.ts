/** Webhooks: P-19 and R-18 of the catalogue. PUT replaces all; a password is never shown. Nothing is ever sent. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, type HereWork, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { Webhook } from '../code-state.js'
import type { Context, Route } from '../router.js'
import { type Fields, fieldsOf } from './settings.js'
import { callRoutes, showHistory } from './webhook-calls.js'

const eventPattern = /^[a-z_]+(?::[a-z_]+)+$/u

function show({ scope, credentials, calls: _, ...webhook }: Webhook): Record<string, unknown> {
  return {
    ...webhook,
    scopeType: showScope(scope).type.toLowerCase(),
    ...(credentials?.username === undefined ? {} : { credentials: { username: credentials.username } }),
  }
}

/** With its statistics where they are asked for. */
function showAsked({ query, now }: Context, webhook: Webhook): Record<string, unknown> {
  const isAsked = query.get('statistics') === 'true'
  return { ...show(webhook), ...(isAsked && { statistics: showHistory(webhook, new URLSearchParams(), now) }) }
}

type Read = Omit<Webhook, 'id' | 'scope' | 'createdDate' | 'updatedDate' | 'calls'>

function refuse({ name, url, events, configuration, credentials }: Fields): Reply | undefined {
  if (typeof name !== 'string' || name === '' || name.length > 255) return invalid('A name is needed', 'name')
  const isAddress = typeof url === 'string' && URL.canParse(url) && /^https?:$/u.test(new URL(url).protocol)
  if (!isAddress) return invalid('An http or https URL is needed', 'url')
  if (!Array.isArray(events) || events.length === 0) return invalid('At least one event is needed', 'events')
  const strange: unknown = events.find((event) => typeof event !== 'string' || !eventPattern.test(event))
  if (strange !== undefined) return invalid(`${JSON.stringify(strange)} is no event`, 'events')
  if (configuration != null && typeof configuration !== 'object') return invalid('An object is needed', 'configuration')
  const { username, password } = fieldsOf(credentials)
  const isText = [username, password].every((text) => text == null || typeof text === 'string')
  return isText ? undefined : invalid('Texts are needed', 'credentials')
}

/** @param known whose password stays where only the name of the user is sent again */
function read(body: unknown, known?: Webhook): Read | Reply {
  const fields = fieldsOf(body)
  const refusal = refuse(fields)
  if (refusal !== undefined) return refusal
  const { name, url, events, active, sslVerificationRequired, configuration, credentials } = fields
  const { username, password } = fieldsOf(credentials) as { username?: string; password?: string }
  const kept = password ?? (username === known?.credentials?.username ? known?.credentials?.password : undefined)
  return {
    name: String(name),
    url: String(url),
    events: [...new Set(events as string[])],
    active: active !== false,
    sslVerificationRequired: sslVerificationRequired !== false,
    configuration: { ...fieldsOf(configuration) },
    ...(credentials == null
      ? {}
      : { credentials: { ...(username != null && { username }), ...(kept != null && { password: kept }) } }),
  }
}

function isOn(query: URLSearchParams, { events }: Webhook): boolean {
  const wanted = query.getAll('event')
  return wanted.length === 0 || wanted.some((event) => events.includes(event))
}

function list(context: Context, { scope }: Here): Reply {
  const { state, query, features } = context
  const found = state.code.webhooks.filter((one) => one.scope === scope && isOn(query, one))
  return page(found, query, features.pageLimit, (one) => showAsked(context, one))
}

/** Those of the project, too. */
function search(context: Context, here: Here): Reply {
  const { state, query, features } = context
  const types = query.getAll('scopeType').map((type) => type.toUpperCase())
  const scopes = scopesAbove(here).filter((scope) => types.length === 0 || types.includes(showScope(scope).type))
  const found = state.code.webhooks.filter((one) => scopes.includes(one.scope) && isOn(query, one))
  return page(found, query, features.pageLimit, (one) => showAsked(context, one))
}

function create({ state, body, now }: Context, { scope }: Here): Reply {
  const made = read(body)
  if ('status' in made) return made
  const webhook: Webhook = { id: state.instance.nextId++, scope, ...made, createdDate: now, updatedDate: now }
  state.code.webhooks.push(webhook)
  return { status: 201, body: show(webhook) }
}

function onWebhook(work: (context: Context, webhook: Webhook) => Reply): HereWork {
  return (context, { scope }) => {
    const found = context.state.code.webhooks.find(
      (one) => one.scope === scope && String(one.id) === context.path['webhook'],
    )
    return found === undefined ? absent(`There is no webhook ${context.path['webhook']}`) : work(context, found)
  }
}

const update = onWebhook(({ state, body, now }, webhook) => {
  const made = read(body, webhook)
  if ('status' in made) return made
  const { id, scope, createdDate, calls } = webhook
  const next: Webhook = { id, scope, createdDate, ...made, updatedDate: now, ...(calls && { calls }) }
  state.code.webhooks = state.code.webhooks.map((one) => (one === webhook ? next : one))
  return ok(show(next))
})

const remove = onWebhook(({ state: { code } }, webhook) => {
  code.webhooks = code.webhooks.filter((one) => one !== webhook)
  return noContent()
})

const showOne = onWebhook((context, webhook) => ok(showAsked(context, webhook)))

function routesOf(base: string, place: Place): readonly Route[] {
  const { type, inspect, change } = place
  const all = `${base}/webhooks`
  const one = `${all}/{webhook}`
  const routes: Route[] = [
    { method: 'GET', path: all, needs: 'PERSON', handle: inspect(list) },
    { method: 'POST', path: all, needs: 'PERSON', handle: change(create) },
    { method: 'GET', path: one, needs: 'PERSON', handle: inspect(showOne) },
    { method: 'PUT', path: one, needs: 'PERSON', handle: change(update) },
    { method: 'DELETE', path: one, needs: 'PERSON', handle: change(remove) },
    ...callRoutes(all, place, onWebhook),
  ]
  if (type === 'REPOSITORY') {
    routes.push({ method: 'GET', path: `${all}/search`, needs: 'PERSON', handle: inspect(search) })
  }
  return routes
}

export const webhookRoutes: readonly Route[] = ofBoth('/api/{version}', routesOf)
