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
}
