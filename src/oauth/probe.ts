/**
 * Asks Bitbucket whom a token acts for, and whether the server is there at all.
 *
 * `GET /rest/api/latest/application-properties` is cheap, changes nothing and answers anonymous callers too; only the
 * header `X-AUSERNAME` proves that a token was accepted. Bitbucket 7.21 to 10 set it on every authenticated answer.
 */
import { ApiError } from '../model/errors.js'
import type { Secret } from '../model/secret.js'
import type { Transport } from '../transport.js'

const path = '/rest/api/latest/application-properties'

/** What the server says about a token. */
export type ProbeResult =
  | { readonly type: 'accepted'; readonly account: string; readonly version: string }
  /** 200, but no name: the token is not known and the answer anonymous, or a proxy strips the header. */
  | { readonly type: 'nameless'; readonly version: string }
  | { readonly type: 'rejected'; readonly status: number }

/**
 * One GET with the token.
 * @throws ApiError where the answer says nothing about the token: 5xx, 429, a redirect, no answer.
 */
export async function probeToken(transport: Transport, accessToken: Secret): Promise<ProbeResult> {
  const answer = await transport.request({
    method: 'GET',
    path,
    headers: { accept: 'application/json', authorization: `Bearer ${accessToken.reveal()}` },
  })
  const account = answer.headers['x-ausername']
  if (answer.status === 401 || answer.status === 403) return { type: 'rejected', status: answer.status }
  if (answer.status !== 200) throw describeStatus(transport.baseUrl, answer.status)
  const version = readVersion(answer.body)
  if (version === null) throw describeStatus(transport.baseUrl, answer.status)
  return account === undefined || account === ''
    ? { type: 'nameless', version }
    : { type: 'accepted', account: decodeName(account), version }
}

/**
 * One GET without credentials: the server is reachable, trusted, and answers as Bitbucket.
 * @throws ApiError where it is not, before anything single-use has been sent.
 */
export async function probeServer(transport: Transport): Promise<void> {
  const answer = await transport.request({ method: 'GET', path, headers: { accept: 'application/json' } })
  // Without credentials some servers answer 401; that, too, is Bitbucket.
  if (answer.status === 401 || answer.status === 403) return
  if (answer.status !== 200 || readVersion(answer.body) === null) throw describeStatus(transport.baseUrl, answer.status)
}

function describeStatus(baseUrl: string, status: number): ApiError {
  if (status === 429) return new ApiError('API_RATE_LIMITED', `${baseUrl} answered 429: too many requests`, { status })
  if (status >= 500) {
    const hint = 'It may still be starting. Run the same command again later.'
    return new ApiError('API_SERVER', `${baseUrl} answered ${status}`, { status, hint })
  }
  const hint =
    'Check the context path of --url, and that no single sign-on or proxy in front of Bitbucket answers for /rest.'
  return new ApiError('API_UNEXPECTED', `${baseUrl} does not answer as Bitbucket does (${status} for ${path})`, {
    status,
    hint,
  })
}

function readVersion(body: string): string | null {
  try {
    const data: unknown = JSON.parse(body)
    const version = typeof data === 'object' && data !== null ? (data as { readonly version?: unknown }).version : null
    return typeof version === 'string' ? version : null
  } catch {
    return null
  }
}

/** A header holds ASCII alone, so names with other letters come percent-encoded. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
