/** Statuses that a document lists and no step provokes, each with the reason why no client can. */
import type { DocumentVersion } from './openapi.js'
import excuses from './unprovoked.json' with { type: 'json' }

export interface Excuse {
  readonly reason: string
  /** `409 PUT /basicauth/latest/config`, with the path as the list of the sandbox's endpoints has it. */
  readonly answers: readonly string[]
  /** Default: all documents. */
  readonly documents?: readonly string[]
}

export const unprovoked: readonly Excuse[] = excuses

export function excusedIn(document: DocumentVersion): readonly string[] {
  return unprovoked.flatMap(({ answers, documents = [document] }) => (documents.includes(document) ? answers : []))
}
