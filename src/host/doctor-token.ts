/** What `doctor` says of the token: who is signed in, how long it lasts, and whether its store does what it must. */
import { scarceDays } from '../app/sign-in.js'
import { BbstateError, BusyError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { SignInStatus } from '../model/sign-in.js'
import type { Token } from './token.js'
import { nameRecovery } from './recovery.js'
import { openAuth } from './sign-in.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** The result of one check. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly message: string
  /** What to do, where something is to be done. */
  readonly advice?: string
}

/** A check that failed, in the words of its error. */
export function describeProblem(name: string, error: BbstateError): Check {
  const advice = error.hint === undefined ? {} : { advice: error.hint }
  return { name, state: error instanceof BusyError ? 'warning' : 'failed', message: error.message, ...advice }
}

/** One line each for token, store, refresh and recovery key. Nothing is refreshed. */
export async function checkToken(world: World, settings: Settings, listen: Listener): Promise<readonly Check[]> {
  if (world.environment['BBSTATE_TOKEN'] || world.environment['BBSTATE_USERNAME']) {
    const advice = 'Sign in with OAuth 2.0 for administration that lasts: bbstate auth login.'
    const message = 'Credentials from the environment are used, not a stored sign-in'
    return [{ name: 'Token', state: 'warning', message, advice }]
  }
  try {
    // Keys leave the environment once they are read; the run after this check needs them again.
    const copy = { ...world, environment: { ...world.environment } }
    const auth = await openAuth(copy, settings, 'doctor', listen)
    try {
      const { token, connection } = auth
      const recovery = describeRecovery(nameRecovery(connection).key)
      const status = await token.vault.read()
      if (status === null) {
        const advice = `bbstate auth login --url ${connection.baseUrl}`
        const absent: Check = { name: 'Token', state: 'failed', message: 'Nobody is signed in here', advice }
        return [absent, await checkStore(token, false), recovery]
      }
      const outlook = await describeOutlook(token)
      return [
        describeToken(status, world.clock.now()),
        describeScopes(status),
        await checkStore(token, true),
        ...outlook,
        describeSecret(token),
        recovery,
      ]
    } finally {
      await auth.close()
    }
  } catch (error) {
    if (error instanceof BbstateError) return [describeProblem('Token', error)]
    throw error
  }
}

function describeToken(status: SignInStatus, now: number): Check {
  const days = Math.floor((status.refreshExpiresAbout - now) / 86_400_000)
  const age = Math.floor((now - status.rotatedAt) / 86_400_000)
  const kept = status.isSealed ? 'sealed' : 'in plain text'
  const message = `generation ${status.generation}, refreshed ${age} days ago, about ${days} of 90 days left, ${kept}`
  if (days < scarceDays) {
    const advice = days < 0 ? 'bbstate auth login' : 'Let a weekly job run bbstate auth refresh --if-older-than 7d.'
    return { name: 'Token', state: 'warning', message, advice }
  }
  if (status.isSealed) return { name: 'Token', state: 'ok', message }
  const advice = 'Make a key (openssl rand -base64 32), set BBSTATE_STORE_KEY, and sign in again: it is then sealed.'
  return { name: 'Token', state: 'warning', message, advice }
}

function describeScopes({ scopes }: SignInStatus): Check {
  const words = scopes.join(' ') || 'not told by the server'
  if (scopes.length === 0 || scopes.includes('SYSTEM_ADMIN')) return { name: 'Scopes', state: 'ok', message: words }
  const advice = 'Some settings need SYSTEM_ADMIN: tick System administration on the link, and sign in again.'
  return { name: 'Scopes', state: 'warning', message: words, advice }
}

/** Takes the lock, and writes what stands there again where the store can tell that nobody wrote meanwhile. */
async function checkStore({ tools }: Token, isSignedIn: boolean): Promise<Check> {
  const { store } = tools
  try {
    const locked = await store.lock(Math.min(3000, tools.lockTimeoutMilliseconds))
    try {
      const stored = isSignedIn ? await locked.read() : null
      const isWritten = stored !== null && store.capabilities.compareAndSet
      const revision = isWritten ? await locked.compareAndSet(stored.revision, stored.record) : ''
      if (revision === null) {
        const advice = 'Find out what else writes there; while the lock is held nothing should.'
        return { name: 'Store', state: 'failed', message: `${store.location} changes under its lock`, advice }
      }
      const lock = store.capabilities.lock === 'none' ? 'no lock of its own (the concurrency group is it)' : 'lockable'
      const written = isWritten ? 'written and read' : 'not written by this check'
      return { name: 'Store', state: 'ok', message: `${store.location}: ${lock}, ${written}` }
    } finally {
      await locked.unlock()
    }
  } catch (error) {
    if (error instanceof BbstateError) return describeProblem('Store', error)
    throw error
  }
}

async function describeOutlook({ vault }: Token): Promise<readonly Check[]> {
  const outlook = await vault.foresee()
  if (outlook === null) return []
  const isFine = outlook.action === 'use' || outlook.action === 'refresh' || outlook.action === 'commit'
  const message = `the next run ${outlook.text}`
  if (isFine) return [{ name: 'Refresh', state: 'ok', message }]
  return [
    {
      name: 'Refresh',
      state: 'warning',
      message,
      advice: 'bbstate auth status tells more; bbstate auth recover finishes it.',
    },
  ]
}

/** A run whose access token lives does not need it. */
function describeSecret({ tools }: Token): Check {
  try {
    tools.endpoint.requireClientSecret()
    return { name: 'Secret', state: 'ok', message: 'the client secret is given' }
  } catch (error) {
    if (!(error instanceof BbstateError)) throw error
    const message = 'no client secret: once the access token ends, runs fail'
    const advice = 'Give every run BBSTATE_CLIENT_SECRET, or --client-secret-file FILE.'
    return { name: 'Secret', state: 'warning', message, advice }
  }
}

function describeRecovery(key: string | undefined): Check {
  if (key !== undefined) return { name: 'Recovery', state: 'ok', message: `the recovery key ${key} is used` }
  const message = 'no recovery key: where the store breaks during a refresh, the token stays on this machine alone'
  const advice =
    'On runners whose disk is gone afterwards: bbstate auth recovery-key --out FILE, then --recovery-key FILE.pub.'
  return { name: 'Recovery', state: 'ok', message, advice }
}
