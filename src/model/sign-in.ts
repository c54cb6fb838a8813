/** A stored sign-in as people may see it: everything about the tokens but the tokens. */

/** What is stored. All times are milliseconds since 1970. */
export interface SignInStatus {
  readonly baseUrl: string
  readonly clientId: string
  readonly redirectUri: string
  /** User name that the tokens act for; `null` where the server has not told it. */
  readonly account: string | null
  readonly scopes: readonly string[]
  /** 1 after the sign-in, one more with each refresh. */
  readonly generation: number
  readonly authorizedAt: number
  readonly rotatedAt: number
  readonly accessExpiresAt: number
  /** When the refresh token ends, if the server keeps Bitbucket's default of 90 days without use. */
  readonly refreshExpiresAbout: number
  /** A refresh that was begun and not finished: another run is at it, or died. */
  readonly pending: { readonly holder: string; readonly host: string; readonly startedAt: number } | null
  /** Whether the tokens are encrypted where they lie. */
  readonly isSealed: boolean
  /** Where they lie, in words. */
  readonly location: string
  /** The store that a move to it was begun to; `null`: none was. */
  readonly movingTo: string | null
}

/** One of the two locks of a token. */
export interface LockWords {
  /** The rotation lock is held for a refresh, the use lease while a run works with the token. */
  readonly name: 'rotation lock' | 'use lease'
  /** In words; `null`: nobody. */
  readonly holder: string | null
  /** Whether somebody else can free it. */
  readonly isForcible: boolean
}

/** What the next run that needs the token would do with it. */
export interface Outlook {
  readonly action: 'use' | 'refresh' | 'commit' | 'wait' | 'find-out' | 'sign-in' | 'recover' | 'finish-move'
  /** In words. */
  readonly text: string
}

/** What became of the tokens of a sign-out at the server. */
export type RevocationState = 'revoked' | 'not-offered' | 'failed' | 'unreadable' | 'moved' | 'none'
