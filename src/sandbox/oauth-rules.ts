/**
 * What Bitbucket's documents on its OAuth 2.0 provider leave open, one name each, with what it is here unless said
 * otherwise. Nobody could look at a real server for these: whoever depends on one tries both.
 */

/** The default stands first. */
export const oauthRules = {
  /** What a replayed refresh token does: `grace` issues another pair for a minute, `same-pair` the one issued then. */
  replay: ['invalid-grant', 'revoke-family', 'grace', 'same-pair'],
  /** Whether a refresh must repeat the redirect URI. Clients report all three. */
  redirectUriOnRefresh: ['strict-if-present', 'lenient', 'required'],
  /** Whether a rotation kills the access token of the old pair at once. */
  oldAccessToken: ['dies', 'lives'],
  /** Whether a second consent to the same link leaves the first one alive. */
  grants: ['independent', 'replaced'],
  /** Whether the time of a refresh token begins anew with each rotation. */
  refreshLifetime: ['sliding', 'absolute'],
  /** Status of `invalid_client`. */
  invalidClientStatus: ['401', '400'],
  /** Status of `invalid_grant`. */
  invalidGrantStatus: ['400', '401'],
  /** Status of a body that is no form; 500 was reported of another product of the same family. */
  contentTypeStatus: ['400', '415', '500'],
  /** The client's id and secret in an `Authorization` header. */
  clientSecretBasic: ['refused', 'accepted'],
  /** `/rest/oauth2/latest/revoke`, as RFC 7009 has it. */
  revoke: ['absent', 'present'],
  /** Redirect URIs with http; documented as refused, and used by clients with this machine's names. */
  httpRedirect: ['loopback', 'any', 'refused'],
  /** Status where a token's user may and its scopes do not. */
  scopeFailure: ['401', '403'],
  /** An unknown or killed bearer token: nobody, who is let in where everybody is, or refused everywhere. */
  deadToken: ['anonymous', 'refused'],
  /** Whether secure administrator sessions keep bearer tokens from administration. */
  webSudo: ['off', 'refuses-tokens'],
} as const

export type OAuthRules = { readonly [name in keyof typeof oauthRules]: (typeof oauthRules)[name][number] }

/** Numbers of the provider: seconds but for the last. */
export const oauthNumbers = {
  accessTokenSeconds: 3600,
  /** 90 days. */
  refreshTokenSeconds: 7_776_000,
  codeSeconds: 10,
  /** How long a request waits for the server's token lock. */
  lockSeconds: 10,
  /** How long a token request holds that lock. */
  tokenMilliseconds: 0,
} as const

export type OAuthNumbers = { readonly [name in keyof typeof oauthNumbers]: number }

/** All rules, those that are given over the defaults. */
export function fillRules(given: Partial<OAuthRules>): OAuthRules {
  const filled = Object.entries(oauthRules).map(([name, [first]]) => [name, given[name as keyof OAuthRules] ?? first])
  return Object.fromEntries(filled) as OAuthRules
}

/** @throws TypeError that names what is known */
export function readOAuthOption(text: string): readonly [string, string | number] {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/u.exec(text) ?? []
  if (Object.hasOwn(oauthNumbers, name)) {
    if (/^\d+$/u.test(value)) return [name, Number(value)]
    throw new TypeError(`--oauth ${name} needs a whole number`)
  }
  if (!Object.hasOwn(oauthRules, name)) {
    const known = [...Object.keys(oauthRules), ...Object.keys(oauthNumbers)]
    throw new TypeError(`--oauth ${JSON.stringify(text)} is not NAME=VALUE with one of ${known.join(', ')}`)
  }
  const values: readonly string[] = oauthRules[name as keyof OAuthRules]
  if (values.includes(value)) return [name, value]
  throw new TypeError(`--oauth ${name} is one of ${values.join(', ')}`)
}
