/**
 * The key that seals the stored token: from the environment, a file that the environment names, or the keychain.
 *
 * `BBSTATE_STORE_KEY` or `BBSTATE_STORE_KEY_FILE`, and `BBSTATE_STORE_KEY_PREVIOUS` while keys are changed. Variables
 * that hold a key are removed once read, so that no child process inherits them. In CI no keychain is asked: there is no
 * session of a person, and a question to unlock it would hang the job.
 */
import { readFileSync } from 'node:fs'
import { AuthError } from '../model/errors.js'
import type { Scrubber } from '../model/secret.js'
import { parseStoreKey, type StoreKeys } from '../oauth/seal.js'
import type { KeychainAnswer } from './keychain.js'

/** What decides whether a token may be kept without a key. */
export interface KeyPolicy {
  /** Whether a person sits at a terminal. */
  readonly isInteractive: boolean
  /** Says that tokens are kept in plain text. */
  readonly warn: (message: string) => void
  /** Asks the system's keychain. */
  readonly askKeychain: () => Promise<KeychainAnswer>
}

/**
 * The keys, or `null` where tokens may be kept in plain text.
 *
 * @param environment the variables of the process; the key is removed from them
 * @throws AuthError `AUTH_STORE` where a key is missing in CI or without a terminal, or is no key.
 */
export async function takeStoreKeys(
  environment: Record<string, string | undefined>,
  policy: KeyPolicy,
  scrubber: Scrubber,
): Promise<StoreKeys | null> {
  const isCi = !['', '0', 'false'].includes(environment['CI'] ?? '')
  const given = takeVariable(environment, 'BBSTATE_STORE_KEY', scrubber) ?? readKeyFile(environment, scrubber)
  const kept = given === undefined && !isCi ? await policy.askKeychain() : {}
  const current = given ?? foundIn(kept, scrubber)
  const previous = takeVariable(environment, 'BBSTATE_STORE_KEY_PREVIOUS', scrubber)
  if (current !== undefined) {
    const key = parseStoreKey(current.text, current.where)
    return previous === undefined
      ? { current: key }
      : { current: key, previous: parseStoreKey(previous.text, previous.where) }
  }
  const problem = kept.problem === undefined ? '' : ` The keychain could not be asked: ${kept.problem}.`
  if (policy.isInteractive && !isCi) {
    policy.warn(
      `The token is kept in plain text, readable by this user alone.${problem} Set BBSTATE_STORE_KEY to seal it.`,
    )
    return null
  }
  throw new AuthError(
    'AUTH_STORE',
    `Without a terminal the token is kept sealed only, and no key is given.${problem}`,
    {
      hint: 'Set BBSTATE_STORE_KEY (make one with: openssl rand -base64 32), or name a file that holds it with BBSTATE_STORE_KEY_FILE.',
    },
  )
}

function foundIn({ key }: KeychainAnswer, scrubber: Scrubber): Found | undefined {
  if (key === undefined) return undefined
  scrubber.add(key)
  return { text: key, where: 'The keychain entry bbstate, store-key,' }
}

interface Found {
  readonly text: string
  readonly where: string
}

function takeVariable(
  environment: Record<string, string | undefined>,
  name: string,
  scrubber: Scrubber,
): Found | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  delete environment[name]
  scrubber.add(text)
  return { text, where: name }
}

function readKeyFile(environment: Record<string, string | undefined>, scrubber: Scrubber): Found | undefined {
  const path = environment['BBSTATE_STORE_KEY_FILE']
  if (path === undefined || path === '') return undefined
  try {
    const text = readFileSync(path, 'utf8').trim()
    scrubber.add(text)
    return { text, where: path }
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new AuthError('AUTH_STORE', `BBSTATE_STORE_KEY_FILE: cannot read ${path} (${code})`, {
      hint: 'The file holds the key that seals the token, 32 bytes in Base64.',
    })
  }
}
