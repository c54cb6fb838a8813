/**
 * The base URL of a server, in one spelling.
 *
 * Stored tokens are found by this spelling and sent nowhere else, so two texts that reach one server must become equal
 * here, and everything that could smuggle a second server or a credential into the text is refused.
 */
import { AuthError, UsageError } from './errors.js'

/**
 * Whether a host, as `URL.hostname` spells it, can only be this machine: 127.0.0.0/8, ::1 and the literal `localhost`.
 * Names that merely resolve to it are not counted, since a resolver can be told otherwise.
 */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase()
  return name === 'localhost' || name === '[::1]' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/u.test(name)
}

/**
 * The one spelling of a base URL: lower-case scheme and host, no default port, context path without a trailing slash.
 *
 * @throws UsageError where the text is no base URL; AuthError `AUTH_ORIGIN` where credentials may not be sent to it:
 * user information in it, or http to anything but a loopback literal.
 */
export function canonicalBaseUrl(text: string): string {
  const url = parseUrl(text)
  if (url.username !== '' || url.password !== '') {
    throw new AuthError('AUTH_ORIGIN', `The URL of ${url.host} holds a user name or password`, {
      hint: 'Leave out everything before the @: who signs in is decided by the stored token.',
    })
  }
  if (text.includes('?') || text.includes('#')) {
    throw new UsageError(`${url.origin}${url.pathname} is followed by a query or fragment, which a base URL has not`, {
      hint: 'Give scheme, host and context path only, such as https://bitbucket.example.com/bitbucket',
    })
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new AuthError('AUTH_ORIGIN', `${url.origin} is not https: credentials would cross the network readable`, {
      hint: 'Use https. Only 127.0.0.0/8, [::1] and localhost may be http.',
    })
  }
  return url.origin + url.pathname.replace(/\/+$/u, '')
}

/**
 * Refuses to go on where credentials of one server were about to be used for another.
 *
 * @param owner the canonical base URL that the credentials belong to
 * @param asked the URL that they are asked for
 * @param where who asks, in words: `--url`, `server: in bbstate.yaml:1`
 * @throws AuthError `AUTH_ORIGIN` where they differ, before any name is resolved.
 */
export function requireSameOrigin(owner: string, asked: string, where: string): void {
  const canonical = canonicalBaseUrl(asked)
  if (canonical === owner) return
  throw new AuthError('AUTH_ORIGIN', `${where} names ${canonical}, but these credentials belong to ${owner}`, {
    hint: `Nothing was sent. Name ${owner} there, or sign in to ${canonical} with bbstate auth login --url ${canonical}`,
  })
}

function parseUrl(text: string): URL {
  const example = 'Give it as https://bitbucket.example.com, with the context path where the server has one.'
  const url = /^https?:\/\//iu.test(text.trim()) ? parseOrNull(text.trim()) : null
  if (url === null) throw new UsageError('The URL of the server is not an http or https URL', { hint: example })
  return url
}

function parseOrNull(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
