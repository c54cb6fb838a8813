/**
 * The authorization code flow up to the code: RFC 6749 section 4.1, with PKCE (RFC 7636).
 *
 * One `Authorization` is one sign-in: its state is 256 random bits, accepted once, and the object that checks it also
 * holds the verifier, server and client that it was made for. A redirect that was pasted passes the same checks as one
 * that was received.
 */
import { isLoopbackHost } from '../model/base-url.js'
import { AuthError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import { encodeBase64Url } from '../model/base64.js'
import type { CryptoPort } from './ports.js'

/** What is asked for. */
export interface AuthorizationRequest {
  /** Canonical base URL. */
  readonly baseUrl: string
  readonly clientId: string
  /** Character for character as registered in the application link. */
  readonly redirectUri: string
  /** Such as `SYSTEM_ADMIN`; must be ticked in the application link. */
  readonly scope: string
}

/** What to exchange for tokens: good once, and only for seconds. */
export interface Grant {
  readonly code: Secret
  readonly verifier: Secret
}

/** What a redirect turned out to be. */
export type Verdict =
  | { readonly type: 'granted'; readonly grant: Grant }
  /** It answers this sign-in, with a refusal. */
  | { readonly type: 'refused'; readonly error: AuthError }
  /** It does not belong to this sign-in, or this sign-in has been answered before. */
  | { readonly type: 'foreign' }

/** One sign-in that waits for its redirect. */
export interface Authorization {
  readonly request: AuthorizationRequest
  /** Where the person goes. Holds the state and the challenge, never the verifier. */
  readonly url: string
  /** Judges the parameters of a redirect; the first one with the right state uses it up. */
  judge(parameters: URLSearchParams): Verdict
  /**
   * Judges a redirect that a person copied from the address bar, whole or from the `?` on.
   * @throws AuthError where it grants nothing.
   */
  judgePasted(text: string): Grant
}

/**
 * Begins a sign-in.
 * @throws AuthError `AUTH_REDIRECT` where the redirect URL can receive no code safely.
 */
export function beginAuthorization(request: AuthorizationRequest, crypto: CryptoPort): Authorization {
  checkRedirectUri(request.redirectUri)
  const state = encodeBase64Url(crypto.randomBytes(32))
  const verifier = encodeBase64Url(crypto.randomBytes(32))
  const challenge = encodeBase64Url(crypto.sha256(new TextEncoder().encode(verifier)))
  let isAnswered = false
  const judge = (parameters: URLSearchParams): Verdict => {
    if (isAnswered || parameters.getAll('state').length !== 1 || parameters.get('state') !== state) {
      return { type: 'foreign' }
    }
    isAnswered = true
    const error = parameters.get('error')
    if (error !== null) return { type: 'refused', error: describeRefusal(error, request) }
    const code = parameters.get('code')
    if (code === null || code === '') return { type: 'refused', error: describeMissingCode() }
    return { type: 'granted', grant: { code: new Secret(code), verifier: new Secret(verifier) } }
  }
  return {
    request,
    url: makeUrl(request, state, challenge),
    judge,
    judgePasted: (text) => judgePasted(text, request.redirectUri, judge),
  }
}

function makeUrl(request: AuthorizationRequest, state: string, challenge: string): string {
  const query = new URLSearchParams({
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    response_type: 'code',
    state,
    scope: request.scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  return `${request.baseUrl}/rest/oauth2/latest/authorize?${query}`
}

function checkRedirectUri(redirectUri: string): void {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : null
  const isHttp = url?.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (url !== null && (isHttp || url.protocol === 'https:') && url.hash === '' && url.username === '') return
  throw new AuthError('AUTH_REDIRECT', `The redirect URL ${JSON.stringify(redirectUri)} cannot receive a code safely`, {
    hint: 'Use https, or http on localhost such as http://localhost:34106/, exactly as registered in the application link.',
  })
}

function judgePasted(text: string, redirectUri: string, judge: (parameters: URLSearchParams) => Verdict): Grant {
  const verdict = judge(readPasted(text.trim(), redirectUri))
  if (verdict.type === 'granted') return verdict.grant
  if (verdict.type === 'refused') throw verdict.error
  throw new AuthError('AUTH_REDIRECT', 'The pasted redirect does not answer this sign-in', {
    hint: 'It may be from an earlier one, or cut off. Run bbstate auth login again and copy the whole address.',
  })
}

function readPasted(text: string, redirectUri: string): URLSearchParams {
  if (text.startsWith('?')) return new URLSearchParams(text)
  const url = URL.canParse(text) ? new URL(text) : null
  const expected = new URL(redirectUri)
  if (url !== null && url.origin === expected.origin && url.pathname === expected.pathname) return url.searchParams
  // The text is not repeated: it may hold a code.
  throw new AuthError('AUTH_REDIRECT', `What was pasted does not begin with the redirect URL ${redirectUri}`, {
    hint: 'After consenting, copy the whole address from the address bar, even where the page itself could not be shown.',
  })
}

function describeRefusal(error: string, request: AuthorizationRequest): AuthError {
  // Error codes of RFC 6749 section 4.1.2.1. Whatever else stands there is not shown: anybody can write a redirect.
  switch (error) {
    case 'access_denied':
      return new AuthError('AUTH_SIGN_IN_REQUIRED', 'The consent was denied in Bitbucket, so there is no token', {
        hint: 'Run bbstate auth login again and allow the access.',
      })
    case 'invalid_scope':
      return new AuthError('AUTH_SCOPE', `The application link does not grant the scope ${request.scope}`, {
        hint: 'Tick it in the application link (Administration, Application links), or ask for less with --scope.',
      })
    case 'unauthorized_client':
    case 'unsupported_response_type':
      return new AuthError('AUTH_CLIENT', 'Bitbucket does not let this client sign anybody in', {
        hint: 'The application link must be an incoming one, of an external application. Check --client-id.',
      })
    case 'server_error':
    case 'temporarily_unavailable':
      return new AuthError('AUTH_SIGN_IN_REQUIRED', 'Bitbucket could not complete the sign-in', {
        hint: 'Run bbstate auth login again. If it stays so, look into the log of Bitbucket.',
      })
    default:
      return new AuthError('AUTH_REDIRECT', 'Bitbucket refused the sign-in as a wrong request', {
        hint: `Compare client id and redirect URL ${request.redirectUri} with the application link, character for character.`,
      })
  }
}

function describeMissingCode(): AuthError {
  return new AuthError('AUTH_REDIRECT', 'The redirect holds neither a code nor an error', {
    hint: 'Something between Bitbucket and this machine changes redirects. Try bbstate auth login --paste.',
  })
}
