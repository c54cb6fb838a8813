/** What `doctor` says of the way to the server: TLS, clocks, and whether Bitbucket itself answers there. */
import { isObject } from '../model/schema.js'
import type { Answer } from '../transport.js'
import { describeSkew, skewOf } from './clock-skew.js'
import type { Connection } from './connection.js'
import type { Check } from './doctor-token.js'
import type { World } from './world.js'

/** The checks of the way, the last one of Bitbucket itself. `isThere: false`: the rest would only ask a stranger. */
export interface Way {
  readonly checks: readonly Check[]
  readonly isThere: boolean
}

/**
 * Asks `/status`: TCP, TLS, and the clocks, since tokens expire by the clock of this machine.
 * @throws TransportError where nothing answers
 */
export async function checkWay(world: World, { transport, baseUrl }: Connection): Promise<Way> {
  const asked = world.clock.now()
  const answer = await transport.request({ method: 'GET', path: '/status' })
  const skew = skewOf(answer, asked, world.clock.now())
  const before = [describeTls(baseUrl), describeClock(skew)]
  const reach = judgeStatus(answer)
  if (reach !== null) return { checks: [...before, reach], isThere: true }
  const properties = await transport.request({ method: 'GET', path: '/rest/api/latest/application-properties' })
  const stranger = describeStranger(answer, baseUrl)
  // A proxy may keep /status to itself; the API is what counts.
  if (!isBitbucket(properties)) return { checks: [...before, { ...stranger, state: 'failed' }], isThere: false }
  const message = `${stranger.message}; its REST API does answer`
  const advice = 'Nothing needs /status but this check. Let the proxy in front pass it, if it shall tell of restarts.'
  return { checks: [...before, { name: 'Reach', state: 'warning', message, advice }], isThere: true }
}

/** `null`: whatever answered, it did not say how Bitbucket is. */
function judgeStatus({ status, body, headers }: Answer): Check | null {
  if (body.includes('"state"')) {
    if (body.includes('RUNNING')) return { name: 'Reach', state: 'ok', message: 'RUNNING' }
    const advice = 'Wait until it has started, or ask its administrators.'
    return { name: 'Reach', state: 'warning', message: `Bitbucket is not running: ${body.slice(0, 80)}`, advice }
  }
  if (status === 429) {
    const wait = headers['retry-after'] === undefined ? '' : ` (for ${headers['retry-after']} s, it says)`
    const message = `the server takes no more requests for now${wait}: /status answered 429`
    const advice =
      'Wait, then run it again. If it stays so, have the account exempted: Administration → Rate limiting → Exemptions.'
    return { name: 'Reach', state: 'warning', message, advice }
  }
  if (status < 500) return null
  const message = `no Bitbucket behind ${describeKind(headers)}: /status answered ${status}`
  const advice = 'Bitbucket is down or restarts, and what stands before it answers instead. Ask who runs it.'
  return { name: 'Reach', state: 'warning', message, advice }
}

function describeKind(headers: Answer['headers']): string {
  const { server } = headers
  return server === undefined ? 'this address' : `this address (${server.slice(0, 40)})`
}

function describeStranger({ status, headers }: Answer, baseUrl: string): Check {
  const { location } = headers
  if (status >= 300 && status < 400 && location !== undefined) {
    const message = `/status is redirected to ${describeTarget(location)}`
    const advice =
      'Redirects are never followed. If the address has changed, give the new one; if a single sign-on stands in front, have it let /rest and /status pass.'
    return { name: 'Reach', state: 'failed', message, advice }
  }
  const { pathname, origin } = new URL(baseUrl)
  const context =
    pathname === '/'
      ? `Where Bitbucket has a context path it belongs into the URL, such as ${origin}/bitbucket.`
      : `Perhaps the context path is another one than ${pathname}, or there is none: ${origin}.`
  const message = `no Bitbucket answers at ${baseUrl}: /status answered ${status}, not as Bitbucket does`
  return { name: 'Reach', state: 'failed', message, advice: `${context} A browser shows the right one.` }
}

/** Without the query, which may hold more than an address. */
function describeTarget(location: string): string {
  return location.split(/[?#]/u, 1)[0]?.slice(0, 120) ?? ''
}

/** Whoever is not signed in may be refused; that, too, only Bitbucket writes in this form. */
function isBitbucket({ body }: Answer): boolean {
  try {
    const data: unknown = JSON.parse(body)
    return isObject(data) && ('version' in data || 'errors' in data)
  } catch {
    return false
  }
}

function describeTls(baseUrl: string): Check {
  if (baseUrl.startsWith('https:')) return { name: 'TLS', state: 'ok', message: 'https, its certificate is trusted' }
  const advice = 'Fine for a sandbox on this machine. Bitbucket itself offers OAuth 2.0 on https only.'
  return { name: 'TLS', state: 'ok', message: 'http on this machine, nothing is encrypted', advice }
}

function describeClock(skew: number | null): Check {
  if (skew === null) return { name: 'Clock', state: 'ok', message: 'the server does not tell its time' }
  if (Math.abs(skew) <= 60_000) return { name: 'Clock', state: 'ok', message: 'differs by less than a minute' }
  const advice = 'Set the clock of this machine, and let it be kept (NTP).'
  return { name: 'Clock', state: 'warning', message: describeSkew(skew), advice }
}
