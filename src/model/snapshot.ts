/**
 * A snapshot: live state as it was at one moment, so that a plan can be made where there is neither server nor token.
 *
 * It holds what the schemas name and nothing else of the server's answers but switches: no secret, no value that is only
 * written, no id. It is data of the same rank as a plan: reviewed, kept, never trusted to write anything.
 */
import type { ApiCode } from './errors.js'
import type { ServerIdentity } from './plan.js'
import type { At } from './resource.js'

/** A setting of which there is one under each parent. */
export interface SnapshotSetting {
  readonly address: string
  readonly kind: string
  readonly at: At
  /** Normal form; `null` where the setting is absent. */
  readonly value: unknown
}

/** An item of a collection. */
export interface SnapshotItem {
  /** Normal form, naming properties included. */
  readonly value: unknown
  /** Switches that the server tells beside the schema, such as `mutableGroups`. */
  readonly flags?: Readonly<Record<string, boolean>>
  /** Why the server would not let it be changed. */
  readonly readOnly?: string
  /** Why it is there but of no use. */
  readonly inactive?: string
}

/** A collection under one parent, also an empty one. */
export interface SnapshotCollection {
  readonly address: string
  readonly kind: string
  readonly at: At
  /** In the order of their names. */
  readonly items: readonly SnapshotItem[]
}

/** What could not be read, and why. */
export interface SnapshotGap {
  /** Of the setting or collection. */
  readonly address: string
  readonly kind: string
  readonly code: ApiCode
  readonly reason: string
}

/** A snapshot document, format 1. Equal states give equal bytes, but for the moment and the commit. */
export interface Snapshot {
  readonly formatVersion: 1
  /** The version of bbstate that took it. */
  readonly bbstate: string
  readonly server: ServerIdentity
  /** Whether the account signed in with user name and password. */
  readonly usesPassword: boolean
  /** ISO 8601. */
  readonly takenAt: string
  /** The commit of the configuration that was checked out, where known. */
  readonly commit?: string
  /** Every kind that was asked for: what is not among them cannot be planned from it. */
  readonly kinds: readonly string[]
  readonly settings: readonly SnapshotSetting[]
  readonly collections: readonly SnapshotCollection[]
  /** Names of directories that are referred to but not managed, by kind. */
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly lacking: readonly SnapshotGap[]
}
