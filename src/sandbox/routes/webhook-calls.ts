/**
 * Calls of webhooks: the test of one, the latest and the statistics (P-19 and R-18 of the catalogue). The sandbox sends
 * nothing to addresses that a client chose: every test is an ERROR, and there are no other calls.
 */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import { type Here, type HereWork, type Place, showScope } from '../both-scopes.js'
import type { Webhook, WebhookCall } from '../code-state.js'
import type { Context, Route } from '../router.js'

/** Found in the payloads that a test sends; whether a real server counts a test among the calls is not documented. */
const pingEvent = 'diagnostics:ping'
const outcome = 'ERROR'
const description = 'The sandbox sends nothing'

const day = 86_400_000
const mostCalls = 50

/** Newest first, of those that the query asks for. */
function callsOf({ calls = [] }: Webhook, query: URLSearchParams): readonly WebhookCall[] {
  const isEvent = (query.get('event') ?? pingEvent) === pingEvent
  const isOutcome = (query.get('outcome') ?? outcome).toUpperCase() === outcome
  return isEvent && isOutcome ? calls.toReversed() : []
}

function showCall({ id, url, at }: WebhookCall, { scope }: Webhook): Record<string, unknown> {
  const { type, resourceId } = showScope(scope)
  return {
    id,
    event: pingEvent,
    eventScope: { id: String(resourceId), type: type.toLowerCase() },
    duration: 0,
    start: at,
    finish: at,
    request: { url, method: 'POST' },
    result: { description, outcome },
  }
}

/** The members are those of a third party's client: the documents describe none. */
export function showHistory(webhook: Webhook, query: URLSearchParams, now: number): Record<string, unknown> {
  const calls = callsOf(webhook, query)
  const [last] = calls
  const start = now - day
  const errors = calls.filter(({ at }) => at >= start).length
  return {
    ...(last && { lastError: showCall(last, webhook) }),
    counts: { errors, failures: 0, successes: 0, window: { start, duration: day } },
  }
}

/** Without a URL real servers answer 500 (catalogue P-19), a mistake that is not copied. */
function test({ state, query, now }: Context, { scope }: Here): Reply {
  const url = query.get('url')
  if (url === null || url === '') return invalid('The URL is missing', 'url')
  const id = query.get('webhookId')
  const webhook = state.code.webhooks.find((one) => one.scope === scope && String(one.id) === id)
  if (id !== null && webhook === undefined) return absent(`There is no webhook ${id}`)
  if (webhook !== undefined) {
    webhook.calls = [...(webhook.calls ?? []), { id: state.instance.nextId++, url, at: now }].slice(-mostCalls)
  }
  return ok({ request: { url, method: 'POST' }, result: { description, outcome } })
}

function showLatest({ query }: Context, webhook: Webhook): Reply {
  const [last] = callsOf(webhook, query)
  return last === undefined ? noContent() : ok(showCall(last, webhook))
}

function showSummary({ now }: Context, webhook: Webhook): Reply {
  if (webhook.calls === undefined) return noContent()
  return ok(showHistory(webhook, new URLSearchParams(), now))
}

/** @param on finds the webhook that a path names */
export function callRoutes(
  all: string,
  { inspect }: Place,
  on: (work: (context: Context, webhook: Webhook) => Reply) => HereWork,
): readonly Route[] {
  const one = `${all}/{webhook}`
  const statistics = on(({ query, now }, webhook) => ok(showHistory(webhook, query, now)))
  return [
    { method: 'POST', path: `${all}/test`, needs: 'PERSON', handle: inspect(test) },
    { method: 'GET', path: `${one}/latest`, needs: 'PERSON', handle: inspect(on(showLatest)) },
    { method: 'GET', path: `${one}/statistics`, needs: 'PERSON', handle: inspect(statistics) },
    { method: 'GET', path: `${one}/statistics/summary`, needs: 'PERSON', handle: inspect(on(showSummary)) },
  ]
}
