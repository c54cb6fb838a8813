/** Reads the record while other processes write it, and tells a backup that was put back from a read that was too early. */
import { AuthError } from '../model/errors.js'
import type { RotationTools } from './rotation-tools.js'
import type { Stored, TokenStore } from './store.js'

/**
 * The record as it stands.
 *
 * Other processes commit, sign in and sign out meanwhile. So a record is called older than the mark only where the mark
 * was read first: whatever raised it had then been committed before the record was read.
 *
 * @throws AuthError `AUTH_SIGN_IN_REQUIRED` where there is none, `AUTH_STORE` where it is older than one seen here.
 */
export async function readAgain(
  tools: Pick<RotationTools, 'transport' | 'store' | 'mark' | 'scrubber'>,
  source: Pick<TokenStore, 'read'>,
): Promise<Stored> {
  let seen: { readonly lineage: string; readonly highest: number } | undefined
  for (;;) {
    const stored = await source.read()
    if (stored === null) throw describeAbsence(tools)
    const { lineage, generation, accessToken, refreshToken } = stored.record
    for (const token of [accessToken, refreshToken]) tools.scrubber.add(token.reveal())
    if (seen?.lineage === lineage && generation < seen.highest) {
      throw describeRollback(tools.store.location, generation, seen.highest)
    }
    const highest = await tools.mark.read(lineage)
    if (generation >= highest) return stored
    seen = { lineage, highest }
  }
}

function describeRollback(location: string, generation: number, highest: number): AuthError {
  return new AuthError(
    'AUTH_STORE',
    `The token in ${location} has been put back to generation ${generation}; ${highest} was seen here`,
    { hint: 'A backup was restored, and its refresh token is used up. Run bbstate auth login.' },
  )
}

function describeAbsence({ transport, store }: Pick<RotationTools, 'transport' | 'store'>): AuthError {
  return new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${transport.baseUrl} here`, {
    hint: `There is no token in ${store.location}. Run bbstate auth login --url ${transport.baseUrl}`,
  })
}
