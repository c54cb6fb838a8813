/** The pages read and write through the REST API's own handlers: what it refuses they refuse, with its words. */
import { type Reply, unrouted } from '../answers.js'
import { type Caller, refuseCaller } from '../caller.js'
import type { RestServer } from '../rest.js'

/** What a request carries beside its path. */
export interface Sent {
  readonly query?: URLSearchParams
  readonly body?: unknown
  /** The parts of a form, for the resources that take one. */
  readonly form?: Readonly<Record<string, string>>
}

/** The answer to a request of somebody. @param path behind `/rest`. */
export function callRest(rest: RestServer, caller: Caller, method: string, path: string, sent: Sent = {}): Reply {
  const match = rest.find(method, path)
  if (match.found !== 'route') return unrouted()
  const refusal = refuseCaller(caller, match.route.needs, match.route.path)
  if (refusal !== undefined) return refusal
  const { state, features, now } = rest
  const { query = new URLSearchParams(), body, form = {} } = sent
  // A handler may keep what it is given.
  const given = { query, path: match.path, body: structuredClone(body), form }
  return match.route.handle({ state, features, caller, now: now(), ...given })
}

/** What the API says against a request; `undefined` where it has done it. */
export function problemOf({ status, body }: Reply): string | undefined {
  if (status < 400) return undefined
  const { errors = [], message } = (body ?? {}) as { errors?: readonly ErrorBody[]; message?: string }
  const texts = errors.map((error) => (error.context === null ? error.message : `${error.context}: ${error.message}`))
  return `${texts.join(' ') || message || 'Not possible'} (status ${status})`
}

interface ErrorBody {
  readonly context: string | null
  readonly message: string
}
