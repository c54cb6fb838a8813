/** What the library's functions take. Each option is one of the command line's (docs/reference/commands.md). */
import type { Listener } from '../model/event.js'
import type { Undo } from '../model/undo.js'
import type { Environment } from './settings.js'

/** What `validate` takes, and every other function too. Paths are relative to the working directory. */
export interface ConfigurationOptions {
  /** Configuration files or directories; by default `bbstate.yaml`, else `bbstate/`. */
  readonly files?: readonly string[]
  /** Merged over the configuration, in this order. */
  readonly overlays?: readonly string[]
  /** Values of `${var:NAME}`. */
  readonly variables?: Readonly<Record<string, string>>
  /**
   * Environment variables for the run, named as the command line reads them: proxies, `BBSTATE_HOME`, the key of a token
   * store. By default none; hand in `process.env` for what a command in the same place would see.
   */
  readonly environment?: Environment
}

/** An access token, renewed by nobody. */
export interface TokenCredentials {
  readonly accessToken: string
}

/** User name and password, for servers that still take them. */
export interface PasswordCredentials {
  readonly username: string
  readonly password: string
}

/** The sign-in that `bbstate auth login` stored, renewed as needed. */
export interface StoredSignIn {
  /** By default that of the last sign-in to this server. */
  readonly clientId?: string
  readonly clientSecret?: string
  /** As `--token-store` takes it; by default where the sign-in put it. */
  readonly tokenStore?: string
  readonly storeArguments?: readonly string[]
  readonly storeVariables?: readonly string[]
  /** Seconds to wait for another run that holds the token; by default 60. */
  readonly lockTimeout?: number
}

/** What the functions take that reach a server. */
export interface ServerOptions extends ConfigurationOptions {
  /** Base URL of Bitbucket, context path included. */
  readonly url?: string
  /** By default the stored sign-in. */
  readonly credentials?: TokenCredentials | PasswordCredentials | StoredSignIn
  /** PEM file of further certificate authorities. */
  readonly caFile?: string
  /** PEM file of a client certificate. */
  readonly cert?: string
  /** PEM file of its private key. */
  readonly key?: string
  readonly proxy?: string
  /** Requests at the same time; by default 10. */
  readonly parallelism?: number
  /** Requests a second at most. */
  readonly maxRate?: number
  /** Seconds that the run may take, waits included; by default 1800. */
  readonly timeout?: number
  /** Guards that are lifted, as `--allow` names them: `deletes=60`. */
  readonly allow?: readonly string[]
  /** Address patterns: only what they cover is read and planned. */
  readonly targets?: readonly string[]
  /** A policy from outside the reviewed files, which can only tighten. */
  readonly policy?: string
  /** Judge by the stricter of the policy here and in this git commit. */
  readonly policyBase?: string
  /** Told what happens while the run is under way; must not throw. */
  readonly listen?: Listener
  /** Stops the run: a plan at once, an apply after what is in flight. */
  readonly signal?: AbortSignal
}

/** What `plan` takes. */
export interface PlanningOptions extends ServerOptions {
  /** Read and plan only what differs from the configuration of this git commit. */
  readonly changedSince?: string
  /** Patterns of items whose declared secrets are written again. */
  readonly updateSecrets?: readonly string[]
  /** Plan against this snapshot file instead of a server. */
  readonly snapshot?: string
  /** Plan against the configuration of this git commit instead of a server. */
  readonly against?: string
}

/** What `apply` takes. */
export interface ApplyingOptions extends Omit<PlanningOptions, 'snapshot' | 'against'> {
  /** Values of the secrets that the configuration names. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Directory with one file a secret. */
  readonly secretsDir?: string
  /** Start nothing more after the first failure. */
  readonly failFast?: boolean
  /** Keeps what takes the apply back, for `bbstate undo`: before the first write, and again when it is known what was done. */
  readonly keepUndo?: (undo: Undo) => Promise<void>
}

/** What `drift` takes. */
export interface DriftOptions extends ServerOptions {
  /** Count settings that change by themselves, such as loggers. */
  readonly volatile?: boolean
}
