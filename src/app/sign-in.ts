/**
 * Signing in, and what is done with a stored sign-in: the use cases, over ports.
 *
 * What can fail without a person is tried before the person is asked, and the code is exchanged the moment it arrives,
 * since it is good for seconds.
 */
import { AuthError, BusyError, UsageError } from '../model/errors.js'
import type { LockWords, Outlook, RevocationState, SignInStatus } from '../model/sign-in.js'

/** A sign-in that waits for its redirect, received or pasted. */
export interface SignInAttempt<Grant> {
  /** Where the person signs in and consents. */
  readonly url: string
  /**
   * The grant of the redirect.
   * @throws AuthError where the redirect refuses; InterruptedError where the run is stopped.
   */
  waitForGrant(): Promise<Grant>
  /** Stops listening; may be called twice. */
  close(): Promise<void>
}

/** What signing in needs of the world. */
export interface SignInPorts<Grant> {
  /** @throws AuthError `AUTH_ORIGIN` where nobody has approved of sending a client secret to this server. */
  approveServer(): Promise<void>
  /** Proves that the pair could be fetched and kept. */
  prepare(): Promise<void>
  /** Makes state and verifier and begins to listen, where there is something to listen on. */
  begin(): Promise<SignInAttempt<Grant>>
  /** Shows the address; always, since a browser may open somewhere else or not at all. */
  show(url: string): void
  /** Opens the browser; absent where none is wanted. */
  readonly openBrowser?: (url: string) => Promise<void>
  /** Exchanges the grant and stores the pair. */
  keep(grant: Grant): Promise<SignInStatus>
}

/** The stored sign-in of one server and client. */
export interface SignInVault {
  read(): Promise<SignInStatus | null>
  rotate(): Promise<SignInStatus>
  /** Finishes what a run left unfinished; `null` where nothing is. */
  recover(allowsReplay: boolean): Promise<SignInStatus | null>
  /** Forgets what is stored, after the server was asked to. */
  forget(): Promise<SignOut>
  /** What the next run would do; `null` where nobody is signed in. Sends nothing. */
  foresee(): Promise<Outlook | null>
  /** Who holds lock and lease. */
  locks(): Promise<readonly LockWords[]>
  /** Frees what can be freed; answers what was held before. */
  force(): Promise<readonly LockWords[]>
}

/** A sign-out. */
export interface SignOut {
  readonly wasSignedIn: boolean
  readonly revocation: RevocationState
}

/**
 * Signs in with the authorization code flow and keeps the pair.
 *
 * @throws AuthError `AUTH_ORIGIN`, `AUTH_STORE`, `AUTH_CLIENT`, `AUTH_REDIRECT`, `AUTH_SCOPE`, `AUTH_SIGN_IN_REQUIRED`;
 * ApiError; BusyError; InterruptedError.
 */
export async function signIn<Grant>(ports: SignInPorts<Grant>): Promise<SignInStatus> {
  await ports.approveServer()
  await ports.prepare()
  const attempt = await ports.begin()
  try {
    ports.show(attempt.url)
    // No browser is no failure: the address has been shown.
    await ports.openBrowser?.(attempt.url).catch(() => undefined)
    return await ports.keep(await attempt.waitForGrant())
  } finally {
    await attempt.close()
  }
}

/**
 * What is stored.
 * @throws AuthError `AUTH_SIGN_IN_REQUIRED` where nothing is, `AUTH_STORE` where it cannot be read.
 */
export async function readSignIn(vault: SignInVault, baseUrl: string): Promise<SignInStatus> {
  const status = await vault.read()
  if (status !== null) return status
  throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${baseUrl} here`, {
    hint: `Run bbstate auth login --url ${baseUrl}`,
  })
}

/** When a refresh is due: `older` is milliseconds since the last one, `now` milliseconds since 1970. */
export interface RefreshDue {
  readonly older: number
  readonly now: number
}

/**
 * Rotates the pair now: keeps a sign-in alive that is seldom used. Throws like a rotation.
 * @param due absent: whatever its age
 */
export async function refreshSignIn(
  vault: SignInVault,
  baseUrl: string,
  due?: RefreshDue,
): Promise<{ readonly status: SignInStatus; readonly isRefreshed: boolean }> {
  if (due !== undefined) {
    const status = await readSignIn(vault, baseUrl)
    if (due.now - status.rotatedAt < due.older && status.pending === null) return { status, isRefreshed: false }
  }
  return { status: await vault.rotate(), isRefreshed: true }
}

/** Forgets what is stored, here and, where the server offers it, there. */
export async function signOut(vault: SignInVault): Promise<SignOut> {
  return vault.forget()
}

/** Days left of a refresh token below which people are warned. */
export const scarceDays = 14

/** A sign-in with everything that may be told of it. */
export interface SignInReport {
  readonly status: SignInStatus
  readonly outlook: Outlook | null
  readonly locks: readonly LockWords[]
  /** Whole days left of the refresh token, if the server keeps Bitbucket's default; negative: past. */
  readonly daysLeft: number
  readonly warnings: readonly string[]
}

/**
 * What is stored, who is at it, and what the next run would do.
 * @throws AuthError like {@link readSignIn}
 */
export async function reportSignIn(vault: SignInVault, baseUrl: string, now: number): Promise<SignInReport> {
  const status = await readSignIn(vault, baseUrl)
  const daysLeft = Math.floor((status.refreshExpiresAbout - now) / 86_400_000)
  const warnings =
    daysLeft >= scarceDays
      ? []
      : [
          daysLeft < 0
            ? 'The refresh token has probably expired: bbstate auth login.'
            : `The refresh token ends in about ${daysLeft} days. Let a weekly job run: bbstate auth refresh --if-older-than 7d`,
        ]
  return { status, outlook: await vault.foresee(), locks: await vault.locks(), daysLeft, warnings }
}

/**
 * Frees lock and lease by force.
 * @param isForced a person accepts the risk
 * @throws UsageError where something is held and nobody has accepted the risk; BusyError where it cannot be freed.
 */
export async function unlock(vault: SignInVault, isForced: boolean): Promise<readonly LockWords[]> {
  const held = (await vault.locks()).filter(({ holder }) => holder !== null)
  if (held.length === 0) return []
  const words = held.map(({ name, holder }) => `the ${name} is held by ${holder ?? ''}`).join('; ')
  if (!isForced) {
    throw new UsageError(`Nothing was freed: ${words}`, {
      hint: 'If that run still works, freeing it lets two runs use up one refresh token, and Bitbucket may then accept neither: end it first. If it is dead: bbstate auth unlock --force',
    })
  }
  const firm = held.filter(({ isForcible }) => !isForcible)
  if (firm.length < held.length) await vault.force()
  if (firm.length === 0) return held
  throw new BusyError(`It cannot be freed from here: ${words}`, {
    hint: 'It is freed the moment that process ends, and by nothing else; a lock of a helper also ends by itself. End the process (kill PID), never delete the lock file.',
  })
}
