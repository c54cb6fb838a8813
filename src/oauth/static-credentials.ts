/** Credentials that cannot be renewed: a given bearer token, or user name and password (RFC 7617). */
import type { Credentials } from '../model/credentials.js'
import { Secret } from '../model/secret.js'
import { encodeBase64 } from '../model/base64.js'

/**
 * A bearer token as it was given. An HTTP access token of Bitbucket never reaches administrative endpoints
 * (BSERV-10482); an access token of OAuth 2.0 does, until it expires.
 */
export function staticBearer(token: Secret): Credentials {
  return fixed('bearer', new Secret(`Bearer ${token.reveal()}`))
}

/** User name and password. Fails where sign-in is by single sign-on only, and wrong ones end in a CAPTCHA. */
export function basic(user: string, password: Secret): Credentials {
  const bytes = new TextEncoder().encode(`${user}:${password.reveal()}`)
  return fixed('basic', new Secret(`Basic ${encodeBase64(bytes)}`))
}

function fixed(scheme: 'bearer' | 'basic', header: Secret): Credentials {
  return {
    scheme,
    authorize: () => Promise.resolve(header),
    renew: () => Promise.resolve(false),
  }
}
