/**
 * The user's own configuration: which servers this user has signed in to, and how.
 *
 * It lies outside of every checkout, so that no reviewed file decides where a credential goes. A profile is written by
 * `auth login` alone, and an origin without one has never been approved by this user.
 */
import { join } from 'node:path'
import { canonicalBaseUrl } from '../model/base-url.js'
import { AuthError, UsageError } from '../model/errors.js'
import type { Run, TokenClock } from '../oauth/ports.js'
import { acquireLock } from './lock.js'
import { prepareDirectory, recordFiles } from './record-file.js'

/** One server with one client of it. */
export interface Profile {
  /** Canonical. */
  readonly baseUrl: string
  readonly clientId: string
  readonly redirectUri: string
  /** Absolute path of the PEM of `--ca-file`, where one was needed to sign in. */
  readonly caFile?: string
  /** The text of `--token-store`, where it was given. */
  readonly tokenStore?: string
  /** What `--store-argument` and `--store-variable` gave for it. */
  readonly storeArguments?: readonly string[]
  readonly storeVariables?: readonly string[]
  /** Absolute paths of `--recovery-key` and `--recovery-sink`, where they were given; the sink may be `-`. */
  readonly recoveryKey?: string
  readonly recoverySink?: string
  /** The store that a move left and has not cleared yet. */
  readonly movedFrom?: StoreWords
}

/** A store as options name it. */
export interface StoreWords {
  readonly tokenStore: string
  readonly storeArguments: readonly string[]
  readonly storeVariables: readonly string[]
}

/** The user's directories: `config` for profiles, `data` for tokens. */
export interface UserDirectories {
  readonly config: string
  readonly data: string
}

/** Where this platform keeps configuration and data of a user (XDG on Linux). */
export async function userDirectories(): Promise<UserDirectories> {
  const { default: envPaths } = await import('env-paths')
  const { config, data } = envPaths('bbstate', { suffix: '' })
  return { config, data }
}

const fileName = 'profiles.json'

/**
 * The profiles in a configuration directory; none where there is no file.
 * @throws AuthError `AUTH_STORE` where the file cannot be trusted or read.
 */
export async function readProfiles(directory: string): Promise<readonly Profile[]> {
  const path = join(directory, fileName)
  const text = await recordFiles.read(path)
  if (text === null) return []
  const profiles = parseProfiles(text)
  if (profiles !== null) return profiles
  throw new AuthError('AUTH_STORE', `${path} is damaged`, {
    hint: 'Remove it; bbstate auth login writes it again. The stored tokens are not touched by that.',
  })
}

/**
 * The profile that is meant: the one of this server and client, as far as they are given.
 *
 * @returns `undefined` where there is none
 * @throws UsageError where several fit: which server is changed is never guessed.
 */
export function findProfile(
  profiles: readonly Profile[],
  wanted: { readonly baseUrl?: string | undefined; readonly clientId?: string | undefined },
): Profile | undefined {
  const fitting = profiles.filter(
    (profile) =>
      (wanted.baseUrl === undefined || profile.baseUrl === wanted.baseUrl) &&
      (wanted.clientId === undefined || profile.clientId === wanted.clientId),
  )
  if (fitting.length <= 1) return fitting[0]
  const names = fitting.map(({ baseUrl, clientId }) => `${baseUrl} (client ${clientId})`)
  const option = wanted.baseUrl === undefined ? '--url' : '--client-id'
  throw new UsageError(`Several sign-ins fit: ${names.join(', ')}`, { hint: `Name the one meant with ${option}.` })
}

/** Adds a profile, in the place of the one of the same server and client. */
export async function saveProfile(directory: string, profile: Profile, run: Run, clock: TokenClock): Promise<void> {
  await prepareDirectory(directory, { allowsNetwork: true })
  const lock = await acquireLock(join(directory, 'profiles.lock'), 10_000, run, clock)
  try {
    const others = (await readProfiles(directory)).filter(
      ({ baseUrl, clientId }) => baseUrl !== profile.baseUrl || clientId !== profile.clientId,
    )
    const text = JSON.stringify({ version: 1, profiles: [...others, profile] }, null, 2)
    await recordFiles.replace(join(directory, fileName), `${text}\n`)
  } finally {
    await lock.release()
  }
}

function parseProfiles(text: string): readonly Profile[] | null {
  try {
    const data = JSON.parse(text) as { readonly version?: unknown; readonly profiles?: unknown }
    if (data.version !== 1 || !Array.isArray(data.profiles)) return null
    const profiles = data.profiles.map(parseProfile)
    return profiles.every((profile) => profile !== null) ? profiles : null
  } catch {
    return null
  }
}

function parseProfile(data: unknown): Profile | null {
  if (typeof data !== 'object' || data === null) return null
  const fields = data as Readonly<Record<string, unknown>>
  const { baseUrl, clientId, redirectUri, caFile, tokenStore, storeArguments, storeVariables } = fields
  const { recoveryKey, recoverySink } = fields
  const movedFrom = parseWords(fields['movedFrom'])
  if (typeof baseUrl !== 'string' || typeof clientId !== 'string' || typeof redirectUri !== 'string') return null
  if (canonicalBaseUrl(baseUrl) !== baseUrl) return null
  return {
    baseUrl,
    clientId,
    redirectUri,
    ...(typeof caFile === 'string' ? { caFile } : {}),
    ...(typeof tokenStore === 'string' ? { tokenStore } : {}),
    ...(isTexts(storeArguments) ? { storeArguments } : {}),
    ...(isTexts(storeVariables) ? { storeVariables } : {}),
    ...(typeof recoveryKey === 'string' ? { recoveryKey } : {}),
    ...(typeof recoverySink === 'string' ? { recoverySink } : {}),
    ...(movedFrom === null ? {} : { movedFrom }),
  }
}

function parseWords(data: unknown): StoreWords | null {
  if (typeof data !== 'object' || data === null) return null
  const { tokenStore, storeArguments, storeVariables } = data as Readonly<Record<string, unknown>>
  const isWhole = typeof tokenStore === 'string' && isTexts(storeArguments) && isTexts(storeVariables)
  return isWhole ? { tokenStore, storeArguments, storeVariables } : null
}

function isTexts(data: unknown): data is readonly string[] {
  return Array.isArray(data) && data.every((item) => typeof item === 'string')
}
