/** A sandbox as whoever started it holds it. */
import type { Fault } from './faults.js'
import type { IssuedTokens } from './oauth.js'
import type { RequestRecord } from './request-log.js'
import type { SandboxState } from './state.js'

/** A running sandbox. */
export interface Sandbox {
  /** Base URL with context path, without trailing slash. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  /** The administrator. */
  readonly username: string
  /** New with every start; fits every account. */
  readonly password: string
  /** Needed by `/__control`. */
  readonly controlToken: string
  /** An HTTP access token of the administrator. */
  readonly httpAccessToken: string
  readonly version: string
  /** Of a sandbox with TLS: the PEM file that its clients must trust. */
  readonly caFile: string | undefined
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
  /** Resolves when the port is free: within a second, whatever is open. */
  close(): Promise<void>
}
