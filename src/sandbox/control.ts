/**
 * The control endpoint: faults, clock, tokens and state by script. Loopback only, with the random token of this start in
 * the header `X-Control-Token`. Its requests are neither logged nor met by faults.
 *
 * `POST faults` (one fault), `DELETE faults`, `POST clock {milliseconds}`, `POST tokens {user?, scopes?}`,
 * `POST tokens/expire`, `POST tokens/kill-access`, `POST tokens/kill-refresh`, `POST tokens/kill`,
 * `PUT status {status}`, `GET requests`, `GET counts`, `DELETE requests`, `GET state`, `PATCH state`.
 */
import { invalid, ok, type Reply, unrouted } from './answers.js'
import type { Fault } from './faults.js'
import type { IssuedTokens } from './oauth.js'
import type { RequestRecord } from './request-log.js'
import { isServerStatus, reviveState, type SandboxState } from './state.js'

/** What can be controlled, from within and from another process. */
export interface Controlled {
  /** Live; may be changed in place. */
  readonly state: SandboxState
  readonly requests: readonly RequestRecord[]
  /** Number of requests by method, of those that the log has dropped, too. */
  readonly requestCounts: Readonly<Record<string, number>>
  /** Forgets the requests so far. */
  forgetRequests(): void
  addFault(fault: Fault): void
  clearFaults(): void
  /** A pair as if a user (default: the administrator) had consented to scopes (default: SYSTEM_ADMIN). */
  issueTokens(consent?: { readonly user?: string; readonly scopes?: readonly string[] }): IssuedTokens
  /** As if their time were over; refreshing still works. */
  expireAccessTokens(): void
  /** As if the server had forgotten them; refreshing still works. */
  killAccessTokens(): void
  killRefreshTokens(): void
  /** Moves the server's clock. */
  advance(milliseconds: number): void
}

/** Carries out one command. */
export function answerControl(sandbox: Controlled, method: string, command: string, body: string): Reply {
  const action = actions[`${method} ${command}`]
  if (action === undefined) return unrouted()
  try {
    return ok(action(sandbox, (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>) ?? {})
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error))
  }
}

const actions: Readonly<Record<string, (sandbox: Controlled, given: Record<string, unknown>) => unknown>> = {
  'POST faults': (sandbox, given) => sandbox.addFault(given as unknown as Fault),
  'DELETE faults': (sandbox) => sandbox.clearFaults(),
  'POST clock': (sandbox, { milliseconds }) => sandbox.advance(Number(milliseconds)),
  'POST tokens': (sandbox, given) => sandbox.issueTokens(given),
  'POST tokens/expire': (sandbox) => sandbox.expireAccessTokens(),
  'POST tokens/kill-access': (sandbox) => sandbox.killAccessTokens(),
  'POST tokens/kill-refresh': (sandbox) => sandbox.killRefreshTokens(),
  'POST tokens/kill': ({ state }) => {
    for (const pair of state.tokens) pair.revoked = true
  },
  'PUT status': ({ state }, { status }) => {
    if (!isServerStatus(status)) throw new TypeError(`${JSON.stringify(status)} is not a state of the server`)
    state.status = status
  },
  'GET requests': ({ requests }) => requests,
  'GET counts': ({ requestCounts }) => requestCounts,
  'DELETE requests': (sandbox) => sandbox.forgetRequests(),
  'GET state': ({ state }) => {
    const { tokens: _tokens, codes: _codes, links: _links, httpAccessTokens: _own, ...shown } = state
    const users = Object.entries(shown.users).map(([name, { password: _, ...user }]) => [name, user] as const)
    return { ...shown, users: Object.fromEntries(users) }
  },
  'PATCH state': ({ state }, given) => {
    const { users } = state
    const next = reviveState({ ...state, ...given })
    for (const [name, user] of Object.entries(next.users))
      user.password ??= users[name]?.password ?? users['admin']?.password ?? ''
    Object.assign(state, next)
  },
}
