/** A stored sign-in in words. */
import type { SignInStatus } from '../model/sign-in.js'
import { escapeText } from './words.js'

const minute = 60_000
const day = 86_400_000

/** Everything about a sign-in but the tokens. `now` in milliseconds since 1970. */
export function describeSignIn(status: SignInStatus, now: number): string {
  const { accessExpiresAt, refreshExpiresAbout, pending } = status
  const minutes = Math.floor((accessExpiresAt - now) / minute)
  const days = Math.floor((refreshExpiresAbout - now) / day)
  const rows: readonly (readonly [string, string])[] = [
    ['Server', status.baseUrl],
    ['Account', status.account === null ? 'not told by the server' : escapeText(status.account)],
    ['Scopes', status.scopes.join(' ') || 'not told by the server'],
    ['Client id', status.clientId],
    ['Redirect URL', status.redirectUri],
    ['Signed in', ago(now - status.authorizedAt)],
    ['Last refresh', `${ago(now - status.rotatedAt)}, generation ${status.generation}`],
    ['Access token', minutes > 0 ? `good for ${minutes} more minutes` : 'has expired; the next run refreshes it'],
    [
      'Refresh token',
      days > 0 ? `about ${days} days left, if the server keeps the default of 90` : 'probably expired: sign in again',
    ],
    ['Stored', `${status.location}, ${status.isSealed ? 'sealed' : 'in plain text'}`],
    ...(pending === null
      ? []
      : [
          [
            'Unfinished',
            `a refresh by ${escapeText(pending.holder)} on ${escapeText(pending.host)}, ${ago(now - pending.startedAt)}`,
          ] as const,
        ]),
  ]
  return rows.map(([name, text]) => `${name.padEnd(14)} ${text}\n`).join('')
}

function ago(milliseconds: number): string {
  if (milliseconds < 2 * minute) return 'just now'
  if (milliseconds < 2 * 60 * minute) return `${Math.floor(milliseconds / minute)} minutes ago`
  return milliseconds < 2 * day
    ? `${Math.floor(milliseconds / (60 * minute))} hours ago`
    : `${Math.floor(milliseconds / day)} days ago`
}
