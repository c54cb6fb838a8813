/**
 * Listens on the redirect URL for the answer of one sign-in.
 *
 * `localhost` means 127.0.0.1 and ::1, and both or neither: on an address that is left open, another program of this
 * machine could wait for the code. (Where the machine has no IPv6 at all, 127.0.0.1 alone is both.) Whatever does not
 * belong to this sign-in gets an error and listening goes on, and nothing that was received is ever sent back.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { AuthError, InterruptedError } from '../model/errors.js'
import type { Authorization, Grant, Verdict } from '../oauth/authorize.js'

/** Where and for what to listen. */
export interface CallbackOptions {
  readonly authorization: Authorization
  /** PEM of certificate and key, for an https redirect URL. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Aborted: the wait ends. */
  readonly signal: AbortSignal
}

/** A listener that waits. */
export interface Callback {
  /**
   * The grant of the redirect.
   * @throws AuthError where the redirect refuses; InterruptedError on abort.
   */
  waitForGrant(): Promise<Grant>
  close(): Promise<void>
}

/**
 * Listens on every address of the redirect URL.
 * @throws AuthError `AUTH_REDIRECT` where that is not possible.
 */
export async function listenForCallback(options: CallbackOptions): Promise<Callback> {
  const url = new URL(options.authorization.request.redirectUri)
  let settle: (verdict: Exclude<Verdict, { type: 'foreign' }>) => void = () => undefined
  const settled = new Promise<Exclude<Verdict, { type: 'foreign' }>>((resolve) => {
    settle = resolve
  })
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const verdict = judgeRequest(request, url, options.authorization)
    respond(response, verdict)
    // The page is on its way before the wait ends, since closing follows.
    if (typeof verdict !== 'number') response.once('close', () => settle(verdict))
  }
  const servers = await listenOnAll(url, options.tls, answer)
  return {
    async waitForGrant() {
      const verdict = await raceAbort(settled, options.signal)
      if (verdict.type === 'granted') return verdict.grant
      throw verdict.error
    },
    async close() {
      await Promise.all(servers.map(closeServer))
    },
  }
}

/** The verdict on a redirect of this sign-in, or the status for everything else. */
function judgeRequest(
  request: IncomingMessage,
  expected: URL,
  authorization: Authorization,
): Exclude<Verdict, { type: 'foreign' }> | number {
  // A page of another name that resolves to this machine (DNS rebinding) names itself here.
  if (request.headers.host?.toLowerCase() !== expected.host) return 421
  const target = URL.canParse(request.url ?? '', expected.origin) ? new URL(request.url ?? '', expected.origin) : null
  if (target === null || target.origin !== expected.origin || target.pathname !== expected.pathname) return 404
  if (request.method !== 'GET') return 405
  const verdict = authorization.judge(target.searchParams)
  return verdict.type === 'foreign' ? 400 : verdict
}

const pages = {
  granted: ['Bitbucket has answered', 'You can close this window and go back to the terminal.'],
  refused: ['Access was not granted', 'You can close this window. The terminal says what happened.'],
  foreign: ['Not the expected answer', 'This address waits for the answer of a sign-in that was begun in a terminal.'],
} as const

function respond(response: ServerResponse, verdict: Exclude<Verdict, { type: 'foreign' }> | number): void {
  const status = typeof verdict === 'number' ? verdict : verdict.type === 'granted' ? 200 : 403
  const [title, text] = pages[typeof verdict === 'number' ? 'foreign' : verdict.type]
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  })
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bbstate: ${title}</title>
<h1>${title}</h1>
<p>${text}</p>
</html>
`)
}

async function listenOnAll(
  url: URL,
  tls: CallbackOptions['tls'],
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<readonly Server[]> {
  if (url.protocol === 'https:' && tls === undefined) {
    throw new AuthError('AUTH_REDIRECT', `The redirect URL ${url.href} is https, and no certificate is given`, {
      hint: 'Give --callback-cert and --callback-key, or use --paste, which needs no listener.',
    })
  }
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const servers: Server[] = []
  try {
    for (const address of addressesOf(url.hostname)) {
      const server =
        tls !== undefined && url.protocol === 'https:' ? createSecureServer(tls, answer) : createServer(answer)
      server.maxRequestsPerSocket = 1
      if (await listen(server, address, port, servers.length > 0)) servers.push(server)
    }
    return servers
  } catch (thrown) {
    await Promise.all(servers.map(closeServer))
    throw describeFailure(url, port, thrown)
  }
}

function addressesOf(hostname: string): readonly string[] {
  if (hostname === 'localhost') return ['127.0.0.1', '::1']
  if (hostname === '[::1]') return ['::1']
  // Any other name is one of this machine's own: which address the browser takes for it is not known here.
  return /^127\./u.test(hostname) ? [hostname] : ['0.0.0.0']
}

/** `false`: the machine does not have the address, and another one is served already. */
async function listen(server: Server, address: string, port: number, isOptional: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'
      if (isOptional && isAbsent) resolve(false)
      else reject(error)
    })
    server.listen({ host: address, port, exclusive: true }, () =>
      resolve((server.address() as AddressInfo).port === port),
    )
  })
}

function describeFailure(url: URL, port: number, thrown: unknown): AuthError {
  const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is in use by another program`,
    EACCES: `port ${port} needs more rights than this user has`,
    EADDRNOTAVAIL: `${url.hostname} is no address of this machine`,
  }
  const reason = reasons[code] ?? `${code}: certificate and key may not belong together`
  return new AuthError('AUTH_REDIRECT', `Cannot listen on the redirect URL ${url.href}: ${reason}`, {
    hint: 'Stop that program, register another redirect URL in the application link and name it with --redirect-uri, or use --paste.',
  })
}

async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = (): InterruptedError =>
    new InterruptedError('Stopped waiting for the sign-in; nothing was stored')
  if (signal.aborted) throw interrupted()
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(interrupted())
    signal.addEventListener('abort', onAbort, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
