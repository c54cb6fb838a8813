/**
 * Asks the server to forget a token (RFC 7009). No document of Bitbucket Data Center names such an endpoint, so it is
 * tried, never relied on, and what is claimed is what was seen: a token that is still accepted was not revoked.
 */
import type { Secret } from '../model/secret.js'
import type { Transport } from '../transport.js'

/** What became of a revocation. */
export type Revocation =
  /** The server said yes, and knows the token no more. */
  | 'revoked'
  /** There is no such endpoint. */
  | 'not-offered'
  /** No answer, or one that says nothing. */
  | 'failed'

/** What names the client. */
export interface RevokingClient {
  readonly transport: Transport
  readonly clientId: string
  readonly clientSecret: Secret
}

const path = '/rest/oauth2/latest/revoke'

/** Sends one token once, as a form. Never throws: a sign-out goes on without it. */
export async function revokeToken(
  { transport, clientId, clientSecret }: RevokingClient,
  token: Secret,
  kind: 'refresh_token' | 'access_token',
): Promise<Revocation> {
  const form = {
    token: token.reveal(),
    token_type_hint: kind,
    client_id: clientId,
    client_secret: clientSecret.reveal(),
  }
  try {
    const { status, headers } = await transport.request({
      method: 'POST',
      path,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      freshConnection: true,
    })
    // A page of single sign-on is no answer of Bitbucket.
    if (status === 200) return headers['content-type']?.startsWith('text/html') === true ? 'not-offered' : 'revoked'
    return status >= 500 || status === 429 ? 'failed' : 'not-offered'
  } catch {
    return 'failed'
  }
}
