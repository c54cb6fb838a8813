/** A sandbox as whoever started it holds it. */
import type { Controlled } from './control.js'

/** A running sandbox. */
export interface Sandbox extends Controlled {
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
  /** Resolves when the port is free: within a second, whatever is open. */
  close(): Promise<void>
}
