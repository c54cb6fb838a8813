/** A sealed text from a store, opened and held against what it must belong to: the same for every store. */
import { AuthError } from '../model/errors.js'
import { parseRecord } from './record.js'
import type { Sealer } from './seal.js'
import type { Stored } from './store.js'

/** What a record must belong to, and what opens it. */
export interface RecordOwner {
  readonly baseUrl: string
  readonly clientId: string
  readonly sealer: Sealer
}

/**
 * The record in a text.
 * @param location the store in words, for messages
 * @throws AuthError `AUTH_STORE` where it does not open or is no record; `AUTH_ORIGIN` where it belongs to another server
 * or client.
 */
export function openRecord(text: string, owner: RecordOwner, location: string): Omit<Stored, 'revision'> {
  const opened = owner.sealer.open(text)
  const record = parseRecord(opened.text, location)
  if (record.baseUrl !== owner.baseUrl || record.clientId !== owner.clientId) {
    throw new AuthError('AUTH_ORIGIN', `${location} belongs to ${record.baseUrl}, not to ${owner.baseUrl}`, {
      hint: 'Nothing was sent. Records of token stores must not be copied from one server or client to another.',
    })
  }
  if (record.lineage !== opened.lineage) {
    throw new AuthError('AUTH_STORE', `${location} is damaged: its parts do not belong together`, {
      hint: 'Put the right record back, or sign in again with bbstate auth login.',
    })
  }
  return { record, isSealed: opened.isSealed }
}
