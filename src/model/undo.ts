/**
 * An undo: the inverse of an apply, as data.
 *
 * Like a plan it is an expectation. It holds what was there before and what the apply left; `undo` plans from live, and
 * goes on only where live still is what the apply left. It holds no secret: a secret stands by name.
 */
import { serialise } from './normal.js'
import type { Irreversible, ServerIdentity } from './plan.js'
import type { At } from './resource.js'

/** One item to bring back. */
export interface UndoItem {
  /** Where it was before the apply. */
  readonly address: string
  readonly kind: string
  readonly at: At
  readonly identity: Readonly<Record<string, unknown>>
  /** The naming value that the apply gave it, where it renamed it. */
  readonly renamedTo?: string
  /** Its value before the apply; `null`: it was absent. A secret that the apply wrote stands by name. */
  readonly restore: unknown
  /** What the apply left; `null`: nothing. */
  readonly left: unknown
  /** `left` was read after the write. Otherwise it is what was planned, and the server may have filled in more. */
  readonly isRead: boolean
}

/** An undo document, format 1, as `apply --undo` writes it. */
export interface Undo {
  readonly formatVersion: 1
  readonly type: 'undo'
  /** The version of bbstate that made it. */
  readonly bbstate: string
  readonly server: ServerIdentity
  /** When the apply began, ISO 8601. */
  readonly createdAt: string
  /** The digest of the plan that was applied. */
  readonly digest: string
  readonly items: readonly UndoItem[]
  /** What cannot be brought back. */
  readonly irreversible: readonly Irreversible[]
  /** Over all the rest, so that an undo that was edited or cut is not taken for what an apply left. */
  readonly contentDigest: string
}

/** An undo in the making. */
export type OpenUndo = Omit<Undo, 'contentDigest'>

/** The digest of an undo: of its data as it is written, in any order of keys. */
export function digestOfUndo(undo: OpenUndo, sha256: (text: string) => string): string {
  const { contentDigest: _own, ...rest } = JSON.parse(JSON.stringify(undo)) as Partial<Undo>
  return sha256(serialise(rest))
}
