/** A stored sign-in in words. */
import type { LockWords, Outlook, SignInStatus } from '../model/sign-in.js'
import { escapeText } from './words.js'

const minute = 60_000
const day = 86_400_000

/** What is told of a sign-in. */
export interface SignInWords {
  readonly status: SignInStatus
  readonly outlook: Outlook | null
  readonly locks: readonly LockWords[]
  readonly daysLeft: number
}

/** Everything about a sign-in but the tokens. `now` in milliseconds since 1970. */
export function describeSignIn({ status, outlook, locks, daysLeft }: SignInWords, now: number): string {
  const minutes = Math.floor((status.accessExpiresAt - now) / minute)
  const held = locks.filter(({ holder }) => holder !== null)
  const rows: readonly (readonly [string, string])[] = [
    ['Server', status.baseUrl],
    ['Account', status.account === null ? 'not told by the server' : escapeText(status.account)],
    ['Scopes', status.scopes.join(' ') || 'not told by the server'],
    ['Client id', status.clientId],
    ['Redirect URL', status.redirectUri],
    ['Signed in', ago(now - status.authorizedAt)],
    ['Last refresh', `${ago(now - status.rotatedAt)}, generation ${status.generation}`],
    ['Access token', minutes > 0 ? `good for ${minutes} more minutes` : 'has expired'],
    [
      'Refresh token',
      daysLeft >= 0
        ? `about ${daysLeft} of 90 days left, if the server keeps the default`
        : 'probably expired: sign in again',
    ],
    ['Stored', `${status.location}, ${status.isSealed ? 'sealed' : 'in plain text'}`],
    ...rowsOfTrouble(status, now),
    ...held.map(({ name, holder }) => ['In use', `${name}: ${escapeText(holder ?? '')}`] as const),
    ...(outlook === null ? [] : [['Next run', escapeText(outlook.text)] as const]),
  ]
  return rows.map(([name, text]) => `${name.padEnd(14)} ${text}\n`).join('')
}

function rowsOfTrouble({ pending, movingTo }: SignInStatus, now: number): readonly (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = []
  if (pending !== null) {
    const run = `${escapeText(pending.holder)} on ${escapeText(pending.host)}`
    rows.push(['Unfinished', `a refresh by ${run}, ${ago(now - pending.startedAt)}`])
  }
  if (movingTo !== null) rows.push(['Unfinished', `a move to ${escapeText(movingTo)}`])
  return rows
}

function ago(milliseconds: number): string {
  if (milliseconds < 2 * minute) return 'just now'
  if (milliseconds < 2 * 60 * minute) return `${Math.floor(milliseconds / minute)} minutes ago`
  return milliseconds < 2 * day
    ? `${Math.floor(milliseconds / (60 * minute))} hours ago`
    : `${Math.floor(milliseconds / day)} days ago`
}

/** What a refresh did. @param age as given: nothing was due before it */
export function refreshSentence({ generation }: SignInStatus, isRefreshed: boolean, age = ''): string {
  if (!isRefreshed) return `Nothing to do: the last refresh was less than ${age} ago.`
  return `Refreshed: generation ${generation}. Tokens of earlier generations are dead.`
}
