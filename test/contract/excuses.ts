/** What the documents list and no step shows of the sandbox, each with the reason why not. */
import type { DocumentVersion } from './openapi.js'
import ofStatuses from './unprovoked.json' with { type: 'json' }
import ofParameters from './unread.json' with { type: 'json' }

export interface Excuse {
  readonly reason: string
  /**
   * `409 PUT /basicauth/latest/config` or `?details GET /api/latest/…/branches`, with the path as the list of the
   * sandbox's endpoints has it.
   */
  readonly names: readonly string[]
  /** Default: all documents. */
  readonly documents?: readonly string[]
}

/** Statuses that no client can provoke. */
export const unprovoked: readonly Excuse[] = ofStatuses

/** Parameters of the query that the sandbox does not read. */
export const unread: readonly Excuse[] = ofParameters

export function excusedIn(excuses: readonly Excuse[], document: DocumentVersion): readonly string[] {
  return excuses.flatMap(({ names, documents = [document] }) => (documents.includes(document) ? names : []))
}
