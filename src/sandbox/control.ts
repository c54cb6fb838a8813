/**
 * The control endpoint: faults, clock, tokens and state by script. Loopback only, with the random token of this start.
 *
 * `POST faults` (one fault), `DELETE faults`, `POST clock {milliseconds}`, `POST tokens/expire`, `POST tokens/kill`,
 * `PUT status {status}`, `GET requests`, `DELETE requests`, `GET state`, `PATCH state`.
 */
import { ok, type Reply, unrouted } from './answers.js'
import type { Fault, FaultScript } from './faults.js'
import type { RequestRecord } from './server.js'
import type { SandboxState } from './state.js'

/** What can be controlled. */
export interface Controlled {
  readonly state: SandboxState
  readonly requests: readonly RequestRecord[]
  forgetRequests(): void
  advance(milliseconds: number): void
}

/** Carries out one command. */
export function answerControl(
  sandbox: Controlled,
  faults: FaultScript,
  now: number,
  method: string,
  command: string,
  body: string,
): Reply {
  const given = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
  switch (`${method} ${command}`) {
    case 'POST faults':
      faults.add(given as unknown as Fault)
      return ok({})
    case 'DELETE faults':
      faults.clear()
      return ok({})
    case 'POST clock':
      sandbox.advance(Number(given['milliseconds']))
      return ok({})
    case 'POST tokens/expire':
      for (const pair of sandbox.state.tokens) pair.accessExpiresAt = Math.min(pair.accessExpiresAt, now)
      return ok({})
    case 'POST tokens/kill':
      for (const pair of sandbox.state.tokens) pair.revoked = true
      return ok({})
    case 'PUT status':
      sandbox.state.status = given['status'] === 'STARTING' ? 'STARTING' : 'RUNNING'
      return ok({})
    case 'GET requests':
      return ok(sandbox.requests)
    case 'DELETE requests':
      sandbox.forgetRequests()
      return ok({})
    case 'GET state': {
      const { tokens: _tokens, codes: _codes, links: _links, httpAccessTokens: _own, ...shown } = sandbox.state
      return ok(shown)
    }
    case 'PATCH state':
      Object.assign(sandbox.state, given)
      return ok({})
    default:
      return unrouted()
  }
}
