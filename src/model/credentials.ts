/** How requests prove who sends them. */
import type { Secret } from './secret.js'

/** The port through which the API client gets its `Authorization` header. */
export interface Credentials {
  /** What stands behind it: decides which advice an error gives. */
  readonly scheme: 'oauth2' | 'bearer' | 'basic'
  /**
   * The whole header value, alive long enough for the request.
   * @throws AuthError where signing in again is the only way on; BusyError where another run holds the token's lock.
   */
  authorize(): Promise<Secret>
  /**
   * The server no longer knows `rejected` (401 `AuthenticationRequiredException`, or an answer without the account's
   * name). Adopts a newer token or refreshes once. `false`: these credentials cannot be renewed.
   */
  renew(rejected: Secret): Promise<boolean>
  /**
   * Keeps every other run from renewing these credentials, which would end them in the middle of the work. Absent: no
   * other run can.
   * @throws BusyError naming who works with them.
   */
  hold?(): Promise<Hold>
}

/** Credentials that are kept to one run. */
export interface Hold {
  /** May be called twice. */
  release(): Promise<void>
}
