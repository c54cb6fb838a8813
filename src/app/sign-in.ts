/**
 * Signing in, and what is done with a stored sign-in: the use cases, over ports.
 *
 * What can fail without a person is tried before the person is asked, and the code is exchanged the moment it arrives,
 * since it is good for seconds.
 */
import { AuthError } from '../model/errors.js'
import type { SignInStatus } from '../model/sign-in.js'

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
  /** Whether there was one. */
  forget(): Promise<boolean>
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

/** Forgets what is stored. `false`: nothing was. The server goes on accepting the tokens until they are revoked there. */
export async function signOut(vault: SignInVault): Promise<boolean> {
  return vault.forget()
}
