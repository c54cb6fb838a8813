/**
 * What the use cases need of the world. `host` joins these to Node and Bitbucket; tests hand in their own.
 */
import type { ServerIdentity } from '../model/plan.js'
import type { NeededPermission, Reader, Writer } from '../model/resource.js'
import type { Secret } from '../model/secret.js'

/** The live side of a run that only looks. It has no way to write. */
export interface LiveServer {
  readonly identity: ServerIdentity
  /** A reading pass: equal GETs are sent once. */
  reading(): Reader
  /** Requests sent so far. */
  requests(): number
  /** Signs in with user name and password, request by request. */
  readonly usesPassword: boolean
}

/** The live side of an apply. */
export interface WritableServer extends LiveServer {
  /** Writes; `note` is told the server's name for each request that changed something, where the server gives one. */
  writer(note?: (requestId: string) => void): Writer
  /** Whether the account and its token together have a global permission; one request, answered once a run. */
  holds(permission: NeededPermission): Promise<boolean>
}

/** The clock: `now` in milliseconds since 1970, `elapsed` monotonic milliseconds. */
export interface Clock {
  now(): number
  elapsed(): number
}

/** SHA-256 of a text, in lower-case hexadecimal. */
export type Sha256 = (text: string) => string

/** The value of a secret by name, for an item at an address; `undefined` where nothing provides it. */
export type SecretSource = (name: string, address: string) => Secret | undefined
