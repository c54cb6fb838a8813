/**
 * A plan: what would change, as data.
 *
 * It is serialisable as it stands: no closures, no colour, no secret values, no raw answers of the server. A plan file
 * is an expectation, not an instruction: apply computes everything itself and compares.
 */
import type { AccessShifts } from './access.js'
import type { Source } from './errors.js'
import type { At } from './resource.js'

/** What happens to one item. A rename is an `update`; a `replace` deletes and creates. */
export type Action = 'create' | 'update' | 'delete' | 'replace'

/** One changed field. `before` or `after` is absent where the field is. */
export interface FieldChange {
  /** Dotted path inside the item, keyed entries in brackets: `keyTypes[RSA].allowed`; empty for a scalar setting. */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
  readonly source?: Source
}

/** Why an item is deleted although no `null` asks for it. */
export type Cause =
  { readonly reason: 'pruned'; readonly source: Source } | { readonly reason: 'goes-with'; readonly address: string }

/** A new place for the secrets of an item to go to. */
export interface Destination {
  /** Names of the declared secrets; empty where only one that the server keeps is concerned. */
  readonly secrets: readonly string[]
  /** The fields that say where, after the change. */
  readonly target: Readonly<Record<string, unknown>>
}

/** The change of one item. `before` and `after` hold schema fields only; `null` is absence. */
export interface Change {
  readonly address: string
  readonly kind: string
  readonly at: At
  /** Naming values; empty for a singleton. */
  readonly identity: Readonly<Record<string, unknown>>
  readonly action: Action
  readonly before: unknown
  readonly after: unknown
  readonly fields: readonly FieldChange[]
  /** Where the configuration asks for it. */
  readonly source?: Source
  readonly cause?: Cause
  /** It touches the rights of bbstate's own account, or needs a change that does: applied after everything else. */
  readonly last?: true
  /** The earlier address, for a rename. */
  readonly renamedFrom?: string
  /** Where secrets of the item would be sent from now on; shown first and refused unless allowed. */
  readonly destination?: Destination
  /** Digest of the normal form of the live object that the change was computed from. */
  readonly precondition: string
  readonly digest: string
}

/** A remark that does not stop the run. */
export interface Warning {
  readonly code: string
  readonly message: string
  readonly address?: string
  readonly source?: Source
}

/** A guard of the policy that this configuration has, or would judge by, less strictly than another one does. */
export interface Loosening {
  /** What is looser, in words: `policy.limits.deletes 50 → 500`. */
  readonly message: string
  readonly source?: Source
}

/** The part of the configuration that was planned, where it was not all of it. Part of the digest. */
export interface Scope {
  /** Address patterns of `--target`; empty: none. */
  readonly targets: readonly string[]
  /** The commit of `--changed-since`: only what differs from the configuration there was read and planned. */
  readonly changedSince?: { readonly ref: string; readonly commit: string }
}

/** What a plan without a server was made against: live state as it was written down, or another configuration. */
export type Stand =
  | { readonly type: 'snapshot'; readonly takenAt: string; readonly commit?: string }
  | { readonly type: 'configuration'; readonly ref: string; readonly commit: string }

/** What an undo cannot bring back, and why. */
export interface Irreversible {
  readonly address: string
  readonly message: string
}

/** The server that a plan is for. */
export interface ServerIdentity {
  /** Canonical base URL. */
  readonly url: string
  /** Product version, such as `9.4.2`. */
  readonly version: string
  /** The account that the run is signed in as. */
  readonly account: string
}

/** How many changes of which sort. */
export interface Summary {
  readonly create: number
  readonly update: number
  readonly delete: number
  readonly replace: number
  /** Declared items that are live as declared. */
  readonly unchanged: number
  /** Live items beside declared ones in declared collections. */
  readonly unmanaged: number
}

/** A plan document, format 1, as `plan --json` prints and `--out` saves it. */
export interface Plan {
  readonly formatVersion: 1
  /** The version of bbstate that made it. */
  readonly bbstate: string
  readonly server: ServerIdentity
  /** ISO 8601. */
  readonly createdAt: string
  readonly changes: readonly Change[]
  /** Guards that the configuration loosens; the first lines of every format. Absent where it loosens none. */
  readonly loosened?: readonly Loosening[]
  /** Absent: all that the configuration declares. */
  readonly scope?: Scope
  /** Absent: the live server. A plan of another stand can be shown, never applied. */
  readonly stand?: Stand
  /** What the undo that this plan carries out cannot bring back; absent for every other plan. */
  readonly irreversible?: readonly Irreversible[]
  /** Who gains and who loses which global permission; absent where the plan touches nobody's. */
  readonly access?: AccessShifts
  /** Addresses of live items that no file declares, in declared collections. */
  readonly unmanaged: readonly string[]
  /** Addresses that prune would have deleted but that are protected. */
  readonly kept: readonly string[]
  readonly warnings: readonly Warning[]
  readonly summary: Summary
  /** Requests sent to make it. */
  readonly requests: number
  /** Canonical: ignores order, source lines, account, time and requests. */
  readonly digest: string
}

/** Counts changes by action. */
export function summarise(changes: readonly Change[], unchanged: number, unmanaged: number): Summary {
  const count = (action: Action): number => changes.filter((change) => change.action === action).length
  return {
    create: count('create'),
    update: count('update'),
    delete: count('delete'),
    replace: count('replace'),
    unchanged,
    unmanaged,
  }
}
