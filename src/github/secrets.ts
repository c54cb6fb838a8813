/**
 * Secrets of one GitHub environment, as GitHub's REST API takes them: sealed to the environment's own public key, and
 * write-only. The API has no revision: the last write wins, whoever made it.
 *
 * Source: REST API version 2022-11-28, "GitHub Actions secrets": get an environment public key, create or update an
 * environment secret (201 created, 204 updated), delete an environment secret; "Rate limits for the REST API".
 */
import { decodeBase64, encodeBase64 } from '../model/base64.js'
import { AuthError } from '../model/errors.js'
import type { Secret } from '../model/secret.js'
import { TransportError } from '../model/transport-error.js'
import type { Answer, Request, Transport } from '../transport.js'
import { greatestWait, headersOf, waitOf } from './requests.js'

/** An environment of a repository. */
export interface GithubEnvironment {
  readonly owner: string
  readonly repository: string
  readonly environment: string
}

/** What writing its secrets takes. */
export interface GithubSecretsOptions extends GithubEnvironment {
  /** To the API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server. */
  readonly transport: Transport
  /** Of a GitHub App installation or fine-grained, with write access to environments. `null`: nothing can be written. */
  readonly token: Secret | null
  /** Makes a sealed box (libsodium `crypto_box_seal`) for a public key of 32 bytes. */
  readonly makeSealedBox: (plain: Uint8Array, publicKey: Uint8Array) => Promise<Uint8Array>
  readonly clock: { readonly now: () => number; readonly sleep: (milliseconds: number) => Promise<void> }
}

/** Attempts at a request that may be sent again. */
const attempts = 4
/** Largest value of a secret, in bytes. */
const greatestValue = 48 * 1024

interface PublicKey {
  readonly id: string
  readonly bytes: Uint8Array
}

/** The secrets of an environment. Nothing is sent before it is needed. */
export function createGithubSecrets(options: GithubSecretsOptions) {
  const { owner, repository, environment } = options
  const path = `/repos/${[owner, repository, 'environments', environment].map(encodeURIComponent).join('/')}/secrets`
  let publicKey: PublicKey | undefined
  const fetchKey = async (): Promise<PublicKey> => {
    const answer = await send(options, { method: 'GET', path: `${path}/public-key` }, true)
    if (answer.status !== 200) throw describeRefusal(options, answer)
    return readKey(options, answer)
  }
  const put = async (name: string, value: string, repeats: boolean): Promise<Answer> => {
    publicKey ??= await fetchKey()
    const sealed = await options.makeSealedBox(new TextEncoder().encode(value), publicKey.bytes)
    const body = JSON.stringify({ encrypted_value: encodeBase64(sealed), key_id: publicKey.id })
    return send(options, { method: 'PUT', path: `${path}/${name}`, body }, repeats)
  }
  return {
    async write(name: string, value: string, repeats: boolean): Promise<void> {
      requireSize(value)
      let answer = await put(name, value, repeats)
      if (answer.status === 422) {
        // The key of the environment was replaced since it was fetched.
        publicKey = undefined
        answer = await put(name, value, repeats)
      }
      if (answer.status !== 201 && answer.status !== 204) throw describeRefusal(options, answer)
    },
    async remove(name: string): Promise<boolean> {
      const answer = await send(options, { method: 'DELETE', path: `${path}/${name}` }, true)
      if (answer.status === 204) return true
      if (answer.status === 404) return false
      throw describeRefusal(options, answer)
    },
  }
}

/** Sends until there is an answer that says something. */
async function send(options: GithubSecretsOptions, request: Request, repeats: boolean): Promise<Answer> {
  const headers = headersOf(requireToken(options), request)
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === attempts
    try {
      // A connection of its own: on one that was kept, a request may be lost without anybody knowing.
      const answer = await options.transport.request({ ...request, headers, freshConnection: true })
      const wait = waitOf(answer, options.clock.now())
      // A gateway that gave up says nothing about the request behind it; a rate limit says that there was none.
      const mayRepeat = answer.status >= 500 ? repeats : wait !== undefined && wait <= greatestWait
      if (isLast || !mayRepeat) return answer
      await options.clock.sleep((wait ?? attempt) * 1000)
    } catch (thrown) {
      if (!(thrown instanceof TransportError)) throw thrown
      if (isLast || (thrown.sent && !repeats)) throw describeSilence(thrown)
      await options.clock.sleep(attempt * 1000)
    }
  }
}

function requireToken({ token }: GithubSecretsOptions): Secret {
  if (token !== null) return token
  throw new AuthError('AUTH_STORE', 'BBSTATE_GITHUB_TOKEN is not set', {
    hint: `To write the secret, ${permissionHint}`,
  })
}

function readKey(options: GithubSecretsOptions, { body }: Answer): PublicKey {
  try {
    const { key, key_id: id } = JSON.parse(body) as Readonly<Record<string, unknown>>
    const bytes = typeof key === 'string' ? decodeBase64(key) : null
    if (typeof id === 'string' && bytes?.length === 32) return { id, bytes }
  } catch {
    // Told below.
  }
  throw new AuthError('AUTH_STORE', `${options.transport.baseUrl} did not answer with a public key as GitHub does`, {
    hint: 'Check GITHUB_API_URL: https://api.github.com, or https://HOST/api/v3 of an Enterprise Server.',
  })
}

function requireSize(value: string): void {
  const bytes = new TextEncoder().encode(value).length
  if (bytes <= greatestValue) return
  throw new AuthError('AUTH_STORE', `The record has ${bytes} bytes; a GitHub secret holds ${greatestValue}`, {
    hint: 'Keep this token in another store, see docs/reference/token-stores.md.',
  })
}

function describeRefusal(options: GithubSecretsOptions, answer: Answer): AuthError {
  const { owner, repository, environment, transport } = options
  const place = `the environment ${environment} of ${owner}/${repository}`
  const requestId = answer.headers['x-github-request-id']
  const refuse = (what: string, hint: string): AuthError =>
    new AuthError('AUTH_STORE', `${what} (${answer.status})`, {
      hint,
      ...(requestId === undefined ? {} : { requestId }),
    })
  if (waitOf(answer, options.clock.now()) !== undefined) {
    return refuse('GitHub limits the rate of requests of BBSTATE_GITHUB_TOKEN', 'Run again when the limit is lifted.')
  }
  if (answer.status === 401) {
    return refuse('GitHub does not accept BBSTATE_GITHUB_TOKEN', 'It has expired or was revoked: make a new one.')
  }
  if (answer.status === 403) return refuse(`BBSTATE_GITHUB_TOKEN may not write secrets of ${place}`, permissionHint)
  if (answer.status === 404) {
    const hint = `GitHub also answers so where a token may not see the repository. Check the names; ${permissionHint}`
    return refuse(`${transport.baseUrl} knows no secrets of ${place}`, hint)
  }
  if (answer.status >= 300 && answer.status < 400) {
    return refuse(`${owner}/${repository} was renamed or moved`, 'Give its new name in --token-store github:….')
  }
  return refuse(
    `GitHub did not write the secret to ${place}`,
    'Run again; https://www.githubstatus.com tells of failures.',
  )
}

const permissionHint =
  'give a GitHub App or a fine-grained token the repository permission "Environments: write". The GITHUB_TOKEN of a workflow cannot have it.'

function describeSilence(error: TransportError): AuthError {
  const what = error.sent ? 'Whether GitHub has written the secret is not known' : 'GitHub cannot be reached'
  return new AuthError('AUTH_STORE', `${what}: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint })
}
