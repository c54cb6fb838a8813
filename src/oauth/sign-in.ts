/**
 * From a granted code to a stored record, and what may be told about it.
 *
 * The pair is stored before anything else is asked: a failed question about the account must not cost it.
 */
import { AuthError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import type { RevocationState, SignInStatus } from '../model/sign-in.js'
import type { AuthorizationRequest, Grant } from './authorize.js'
import { encodeBase64Url } from '../model/base64.js'
import { probeToken } from './probe.js'
import type { TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import type { LockedStore, Stored, TokenStore } from './store.js'
import type { TokenPair } from './token-endpoint.js'

/** Milliseconds that a refresh token lives without use, if the server keeps Bitbucket's default. */
export const refreshLifeMilliseconds = 90 * 86_400_000

/** What sign-in needs beside the tools of a rotation. */
export interface SignInOptions {
  /** Go on where the server does not say whom the token acts for, since a proxy strips the header. */
  readonly allowsNamelessServer: boolean
}

/** Milliseconds for which the end of a sign-in waits for others: the code is good for seconds. */
const codePatience = 5000

/**
 * Proves before the browser opens that what comes back can be used: the client secret is there, the store can be locked.
 * @throws AuthError, BusyError
 */
export async function prepareSignIn(tools: RotationTools): Promise<void> {
  tools.endpoint.requireClientSecret()
  // Nobody is at work with the token that is about to be replaced.
  await (await takeBoth(tools, tools.lockTimeoutMilliseconds)).release()
}

/**
 * Exchanges the code, stores the pair as a new lineage over whatever was stored, and learns the account.
 *
 * Lease and lock are taken before the code is sent: where somebody began to work with the old token meanwhile, this
 * sign-in stands back and nothing has been granted that would be lost.
 *
 * @throws AuthError, ApiError as the token endpoint told; BusyError; AuthError `AUTH_SIGN_IN_REQUIRED` where the server
 * does not accept the token it has just issued.
 */
export async function keepSignIn(
  tools: RotationTools,
  request: AuthorizationRequest,
  grant: Grant,
  options: SignInOptions,
): Promise<Stored> {
  const { locked, release } = await takeBoth(tools, Math.min(codePatience, tools.lockTimeoutMilliseconds))
  try {
    const outcome = await tools.endpoint.exchange({ ...grant, redirectUri: request.redirectUri })
    if (outcome.type !== 'granted') throw outcome.error
    const record = makeRecord(tools, request, outcome.pair)
    await locked.overwrite(record)
    // The stage of an older lineage is never committed over this one; gone, it cannot even puzzle anybody.
    await tools.stage.remove()
    await tools.mark.write(record.lineage, record.generation)
    return await nameAccount(tools, locked, options)
  } finally {
    await release()
  }
}

/** What was forgotten, and what the server knows of it. */
export interface Forgotten {
  readonly wasSignedIn: boolean
  /** `unreadable`: what was stored could not be opened. `moved`: it was the copy that a move left. */
  readonly revocation: RevocationState
}

/**
 * Forgets the stored sign-in, usable or not, after the server was asked to. Revoked first: a run that dies in between
 * leaves a record that the next sign-out finds, and no token that nobody knows of.
 */
export async function forgetSignIn(tools: RotationTools): Promise<Forgotten> {
  const { locked, release } = await takeBoth(tools, tools.lockTimeoutMilliseconds)
  try {
    const revocation = await revokeStored(tools, locked)
    await tools.stage.remove()
    return { wasSignedIn: await locked.discard(), revocation }
  } finally {
    await release()
  }
}

async function revokeStored(tools: RotationTools, locked: LockedStore): Promise<RevocationState> {
  const stored = await locked.read().catch(() => 'unreadable' as const)
  if (stored === null) return 'none'
  if (stored === 'unreadable') return stored
  if (stored.record.moving !== undefined) return 'moved'
  const { refreshToken, accessToken } = stored.record
  for (const token of [refreshToken, accessToken]) tools.scrubber.add(token.reveal())
  const revocation = await tools.endpoint.revoke(refreshToken, 'refresh_token')
  if (revocation !== 'revoked') return revocation
  await tools.endpoint.revoke(accessToken, 'access_token')
  const seen = await probeToken(tools.transport, accessToken).catch(() => null)
  return seen?.type === 'accepted' ? 'failed' : 'revoked'
}

/** The lease first, then the lock; both are given back together. */
export async function takeBoth(
  tools: Pick<RotationTools, 'lease' | 'store'>,
  timeoutMilliseconds: number,
): Promise<{ readonly locked: LockedStore; release(): Promise<void> }> {
  const lease = await tools.lease?.take(timeoutMilliseconds)
  try {
    const locked = await tools.store.lock(timeoutMilliseconds)
    return {
      locked,
      async release() {
        await locked.unlock()
        await lease?.release()
      },
    }
  } catch (thrown) {
    await lease?.release()
    throw thrown
  }
}

/** What may be shown of a record: never a token. */
export function describeSignIn(stored: Stored, store: TokenStore): SignInStatus {
  const { record } = stored
  const { pending } = record
  return {
    baseUrl: record.baseUrl,
    clientId: record.clientId,
    redirectUri: record.redirectUri,
    account: record.account,
    scopes: record.scopes,
    generation: record.generation,
    authorizedAt: record.authorizedAt,
    rotatedAt: record.rotatedAt,
    accessExpiresAt: record.accessExpiresAt,
    refreshExpiresAbout: record.rotatedAt + refreshLifeMilliseconds,
    pending: pending && { holder: pending.holder, host: pending.host, startedAt: pending.startedAt },
    movingTo: record.moving?.to ?? null,
    isSealed: stored.isSealed,
    location: store.location,
  }
}

function makeRecord(tools: RotationTools, request: AuthorizationRequest, pair: TokenPair): TokenRecord {
  const now = tools.clock.now()
  const lifetime = pair.accessToken === undefined ? 0 : (pair.lifetimeSeconds ?? 3600)
  if (pair.refreshToken === undefined) {
    throw new AuthError('AUTH_CLIENT', 'Bitbucket issued no refresh token, so the sign-in would end within the hour', {
      hint: 'The application link must be an incoming OAuth 2.0 link of an external application.',
    })
  }
  return {
    version: 1,
    lineage: encodeBase64Url(tools.crypto.randomBytes(16)),
    baseUrl: request.baseUrl,
    clientId: request.clientId,
    redirectUri: request.redirectUri,
    scopes: pair.scopes ?? [request.scope],
    account: null,
    generation: 1,
    accessToken: pair.accessToken ?? new Secret(''),
    accessExpiresAt: now + lifetime * 1000,
    refreshToken: pair.refreshToken,
    authorizedAt: now,
    rotatedAt: now,
    pending: null,
    last: null,
  }
}

async function nameAccount(tools: RotationTools, locked: LockedStore, options: SignInOptions): Promise<Stored> {
  const stored = await locked.read()
  if (stored === null) {
    throw new AuthError('AUTH_STORE', `${tools.store.location} does not hold what was just written`, {
      hint: 'Find out what else writes or cleans up there, then sign in again.',
    })
  }
  const result = await probeToken(tools.transport, stored.record.accessToken)
  if (result.type === 'rejected') {
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Bitbucket refuses the token it has just issued (${result.status})`, {
      hint: 'Check that the user is active and access tokens are enabled on every node (atlassian.oauth2.provider.enable.access.tokens).',
    })
  }
  if (result.type === 'nameless') {
    if (options.allowsNamelessServer) return stored
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', 'Bitbucket does not say whom the new token acts for', {
      hint: 'Its answers lack the header X-AUSERNAME: most often a proxy strips it. Have it pass the header, or accept answers without proof with --allow no-identity-header.',
    })
  }
  const named = { ...stored.record, account: result.account }
  const revision = await locked.compareAndSet(stored.revision, named)
  return revision === null ? stored : { ...stored, revision, record: named }
}
