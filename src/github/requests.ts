/**
 * What every request to GitHub's API has, and how long a refused one is to wait.
 *
 * Source: REST API version 2022-11-28, "Rate limits for the REST API".
 */
import type { Secret } from '../model/secret.js'
import type { Answer, Request } from '../transport.js'

export function headersOf(token: Secret, { body }: Request): Readonly<Record<string, string>> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token.reveal()}`,
    'user-agent': 'bbstate',
    'x-github-api-version': '2022-11-28',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
}

/** Longest wait, in seconds, that a rate limit may ask for. */
export const greatestWait = 60

/** Seconds that a rate limit asks to wait for; `undefined` where none was met. @param now milliseconds since 1970 */
export function waitOf({ status, headers }: Answer, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = Number(headers['retry-after'] ?? Number.NaN)
  if (Number.isFinite(after)) return Math.max(1, after)
  if (headers['x-ratelimit-remaining'] !== '0') return status === 429 ? greatestWait : undefined
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
  return Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - now / 1000)) : greatestWait
}
