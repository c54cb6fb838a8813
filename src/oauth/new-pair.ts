/** A pair that was just granted: the record it makes, and whether the server takes it. */
import { ApiError, AuthError } from '../model/errors.js'
import { probeToken } from './probe.js'
import type { Stage, TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import type { TokenPair } from './token-endpoint.js'

/** Where the server does not say how long a token lives: Bitbucket's default. */
const usualLifetimeSeconds = 3600

/** The record as it shall be. */
export function makeStage(tools: RotationTools, record: TokenRecord, pair: TokenPair): Stage {
  const now = tools.clock.now()
  const lifetime = pair.accessToken === undefined ? 0 : (pair.lifetimeSeconds ?? usualLifetimeSeconds)
  const next: TokenRecord = {
    ...record,
    generation: record.generation + 1,
    accessToken: pair.accessToken ?? record.accessToken,
    accessExpiresAt: now + lifetime * 1000,
    // RFC 6749 section 6: no new refresh token means that the one presented stays good.
    refreshToken: pair.refreshToken ?? record.refreshToken,
    rotatedAt: now,
    pending: null,
    last: { refreshDigest: record.pending?.refreshDigest ?? '', rotatedAt: now, holder: tools.run.holder },
  }
  return { attempt: record.pending?.attempt ?? '', record: next }
}

/** A new token that is not accepted means something that a refresh cannot mend. An unreachable server means nothing. */
export async function probeAccount(tools: RotationTools, record: TokenRecord): Promise<void> {
  const result = await probeToken(tools.transport, record.accessToken).catch(() => null)
  if (result?.type === 'rejected') {
    throw new ApiError('API_UNAUTHENTICATED', 'Bitbucket refuses the access token that it has just issued', {
      status: result.status,
      hint: `Check that ${record.account ?? 'the account'} is active, and that access tokens are enabled on every node (atlassian.oauth2.provider.enable.access.tokens).`,
    })
  }
  if (result?.type === 'accepted' && record.account !== null && result.account !== record.account) {
    throw new AuthError(
      'AUTH_SIGN_IN_REQUIRED',
      `The token acts for ${result.account}, no longer for ${record.account}`,
      {
        hint: 'Was the user renamed? Sign in again with bbstate auth login to confirm the account.',
      },
    )
  }
}
