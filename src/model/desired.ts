/**
 * Desired state: what the configuration declares, as a flat list of addressed items.
 *
 * Silence is not in the list. A written `null` is: `want` is `null` where the item must not exist, and a field that is
 * `null` inside `want` must be cleared. A secret stands as `SecretReference`, never as its value.
 */
import type { Source } from './errors.js'
import type { At, Collection, Singleton } from './resource.js'

/** A secret by name; the only form in which one enters desired state, plans and reports. */
export interface SecretReference {
  readonly secret: string
}

/** A declared item. Parents stand before their children in `Desired.items`. */
export interface DesiredItem {
  readonly resource: Singleton | Collection
  readonly at: At
  readonly address: string
  /** The address of the collection that holds it; its own address for a singleton. */
  readonly section: string
  /** Canonical naming values; empty for a singleton. */
  readonly identity: Readonly<Record<string, unknown>>
  /** Declared fields in canonical spelling, naming properties left out; a scalar for a scalar setting; `null` = absent. */
  readonly want: unknown
  /** The canonical naming value of the item's earlier name, where `renamedFrom` says that it had one. */
  readonly renamedFrom?: string
  /** Where it is written; a field's path (`defaultSettings.capacity`) leads to that field. Computed when asked. */
  locate(path?: string): Source
}

/** A declared collection, also one that holds no item. */
export interface DesiredCollection {
  readonly resource: Collection
  readonly at: At
  readonly address: string
  /** Written as `{}` or `[]`: pruning may empty it. */
  readonly isWrittenEmpty: boolean
  locate(): Source
}

/** One waiver of `policy.ignore`. */
export interface Ignore {
  /** Covers this address pattern and all below it. */
  readonly address: string
  readonly reason: string
  /** The last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string
  readonly source: Source
}

/** One address pattern of `policy.prune` or `policy.protect`. */
export interface Pattern {
  readonly pattern: string
  readonly source: Source
}

/** Who must still be a system administrator after an apply. */
export interface Administrators {
  /** Names, in lower case. */
  readonly users: readonly string[]
  /** People at least, the acting account among them. */
  readonly atLeast: number
}

/** How much one run may take away or touch. What is absent has its default, see `limits.ts`. */
export interface Limits {
  /** Deletions in one plan, replacements among them. */
  readonly deletes?: number
  /** Share of a collection of ten or more that one plan may delete, in percent. */
  readonly deletesPercent?: number
  /** People who may lose a global permission. */
  readonly accessLosses?: number
  /** Repositories that one plan may touch. */
  readonly repositories?: number
}

/** What the configuration says about how differences are treated. */
export interface Policy {
  readonly prune: readonly Pattern[]
  readonly protect: readonly Pattern[]
  readonly ignore: readonly Ignore[]
  readonly administrators: Administrators
  /** What the name of a user or group means that is unknown or deactivated. Absent: `refuse`. */
  readonly unknownPrincipals?: 'refuse' | 'warn'
  readonly limits?: Limits
}

/** Everything that a configuration declares. */
export interface Desired {
  readonly items: readonly DesiredItem[]
  readonly collections: readonly DesiredCollection[]
  readonly policy: Policy
  /** The `server:` assertion, where written. */
  readonly server?: { readonly url: string; readonly source: Source }
}
