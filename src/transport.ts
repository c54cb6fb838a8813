/**
 * The only place that opens a connection to a server.
 *
 * One undici pool for one origin: keep-alive, TLS with additional authorities and a client certificate, proxy,
 * separate timeouts for connecting, headers and body. Redirects are never followed, GET included: a redirect would
 * carry credentials to an address that nobody approved. Nothing is retried here; whoever asks decides what is safe.
 * undici is loaded with the first request, since loading it is the dearest part of a start.
 */
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { canonicalBaseUrl, isLoopbackHost } from './model/base-url.js'
import { AuthError, UsageError } from './model/errors.js'
import { TransportError } from './model/transport-error.js'

/** How to reach one server. */
export interface TransportOptions {
  /** Canonical base URL, context path included, without a trailing slash. */
  readonly baseUrl: string
  /** Connections kept open at most; more requests than that wait. */
  readonly connections: number
  /** PEM of authorities trusted beside `systemCa`. */
  readonly ca?: string
  /**
   * PEMs of the system's authorities (`tls.rootCertificates`, `NODE_EXTRA_CA_CERTS`), needed only beside `ca`: a `ca`
   * without them is the only authority trusted. Without `ca`, Node's own apply.
   */
  readonly systemCa?: readonly string[]
  /** PEM of the client certificate and its key. */
  readonly cert?: string
  readonly key?: string
  /** Proxy URL given by option; else `environment` decides. */
  readonly proxy?: string
  /** The variables of the process: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and `NODE_TLS_REJECT_UNAUTHORIZED` count. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Default 10 s. */
  readonly connectTimeoutMilliseconds?: number
  /** From the request to the last header of the answer. Default 60 s. */
  readonly headersTimeoutMilliseconds?: number
  /** Between two pieces of the body. Default 60 s. */
  readonly bodyTimeoutMilliseconds?: number
  /** An answer with a longer body is an error. Default 64 MiB. */
  readonly answerLimitBytes?: number
}

/** A request below the base URL. */
export interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Begins with `/` and is appended to the base URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Use a connection of its own that is closed afterwards, so that a stale one cannot leave the outcome unknown. */
  readonly freshConnection?: true
  /** How long to wait for headers and for each piece of the body, where the transport's own timeouts do not fit. */
  readonly answerTimeoutMilliseconds?: number
  /** Cuts the request, which then fails with the reason `ABORT_ERR`. */
  readonly signal?: AbortSignal
}

/** An answer, its body read whole. Header names are lower-case; repeated headers are joined by a comma. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends requests to one server. */
export interface Transport {
  readonly baseUrl: string
  /**
   * Sends once.
   * @throws TransportError where no whole answer came back; its `sent` says whether the server may have got it.
   */
  request(request: Request): Promise<Answer>
  /** Waits for what is in flight, then closes every connection. */
  close(): Promise<void>
}

/**
 * A transport to one server. Nothing is resolved, loaded or connected before the first request.
 *
 * @throws UsageError, AuthError `AUTH_ORIGIN` where the URL, the proxy or the environment rule a safe connection out.
 */
export function createTransport(options: TransportOptions): Transport {
  const url = new URL(canonicalBaseUrl(options.baseUrl))
  refuseUncheckedTls(options.environment)
  const proxy = isLoopbackHost(url.hostname) ? undefined : chooseProxy(options)
  const prefix = url.pathname === '/' ? '' : url.pathname
  let shared: Promise<Dispatcher> | undefined
  const connect = (connections: number): Promise<Dispatcher> => makeDispatcher(url.origin, connections, options, proxy)

  const send = async (dispatcher: Dispatcher, request: Request): Promise<Answer> => {
    try {
      const response = await dispatcher.request({
        origin: url.origin,
        path: prefix + request.path,
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
        reset: request.freshConnection === true,
        headersTimeout: request.answerTimeoutMilliseconds ?? options.headersTimeoutMilliseconds ?? 60_000,
        bodyTimeout: request.answerTimeoutMilliseconds ?? options.bodyTimeoutMilliseconds ?? 60_000,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
      const body = await readBody(response.body, options.answerLimitBytes ?? 64 * 2 ** 20)
      return { status: response.statusCode, headers: joinHeaders(response.headers), body }
    } catch (thrown) {
      throw describeFailure(url, proxy, thrown)
    }
  }

  return {
    baseUrl: canonicalBaseUrl(options.baseUrl),
    async request(request) {
      if (request.freshConnection !== true) {
        shared ??= connect(options.connections)
        return send(await shared, request)
      }
      const dispatcher = await connect(1)
      try {
        return await send(dispatcher, request)
      } finally {
        await dispatcher.destroy()
      }
    },
    async close() {
      await (await shared)?.close()
    },
  }
}

type Proxy = { readonly url: string } | { readonly http: string; readonly https: string; readonly except: string }

async function makeDispatcher(
  origin: string,
  connections: number,
  options: TransportOptions,
  proxy: Proxy | undefined,
): Promise<Dispatcher> {
  // undici is CommonJS: in a bundle its names are found on the default export alone.
  const { EnvHttpProxyAgent, Pool, ProxyAgent } = (await import('undici')).default
  const tls = {
    // Said explicitly, so that nothing set in the environment later can switch the check off.
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: [...(options.systemCa ?? []), options.ca] }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
  }
  const timeout = options.connectTimeoutMilliseconds ?? 10_000
  if (proxy === undefined) return new Pool(origin, { connections, pipelining: 1, connect: { ...tls, timeout } })
  const { cert: _, key: __, ...proxyTls } = tls
  const common = {
    connections,
    pipelining: 1,
    connect: { ...tls, timeout },
    requestTls: tls,
    proxyTls: { ...proxyTls, timeout },
  }
  if ('url' in proxy) return new ProxyAgent({ ...common, uri: proxy.url })
  // Empty texts, not absent ones: what is absent, undici takes from the process's environment.
  return new EnvHttpProxyAgent({ ...common, httpProxy: proxy.http, httpsProxy: proxy.https, noProxy: proxy.except })
}

function refuseUncheckedTls(environment: TransportOptions['environment']): void {
  if (environment?.['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return
  throw new AuthError('AUTH_ORIGIN', 'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the check who the server is', {
    hint: 'Unset it. For an authority of your own, name its PEM file with --ca-file.',
  })
}

function chooseProxy(options: TransportOptions): Proxy | undefined {
  const variable = (name: string): string =>
    options.environment?.[name.toLowerCase()] ?? options.environment?.[name] ?? ''
  if (options.proxy !== undefined) return { url: checkProxy(options.proxy, '--proxy') }
  const http = variable('HTTP_PROXY')
  const https = variable('HTTPS_PROXY')
  if (http === '' && https === '') return undefined
  if (http !== '') checkProxy(http, 'HTTP_PROXY')
  if (https !== '') checkProxy(https, 'HTTPS_PROXY')
  return { http, https, except: variable('NO_PROXY') }
}

function checkProxy(text: string, where: string): string {
  if (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol)) return text
  // The text is not repeated: it may hold a password.
  throw new UsageError(`${where} is not an http or https URL`, { hint: 'Give it as http://proxy.example.com:3128' })
}

/** The whole body. Listening to pieces costs half of what iterating over them does, and lists are many small answers. */
function readBody(body: Readable, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0
    body.on('data', (piece: Uint8Array) => {
      length += piece.byteLength
      if (length > limit) body.destroy(new TooLarge())
      else pieces.push(piece)
    })
    body.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
    body.on('error', reject)
  })
}

class TooLarge extends Error {
  readonly code = 'ANSWER_TOO_LARGE'
}

function joinHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}

/** The cause is not kept: errors of the libraries may quote what was sent. */
function describeFailure(url: URL, proxy: Proxy | undefined, thrown: unknown): TransportError {
  const { code, syscall, message } = readError(thrown)
  if (proxy !== undefined) {
    // undici 7.30 gives the refused CONNECT no code of its own; unrecognised, it counts as perhaps sent.
    if (message.startsWith('Proxy response (')) return new TransportError(url.origin, { reason: 'PROXY_REFUSED' })
    // A failure that names the server itself is of a connection past the proxy (NO_PROXY).
    const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']
    if (unreachable.includes(code) && !message.includes(url.hostname)) {
      return new TransportError(url.origin, { reason: 'PROXY_UNREACHABLE' })
    }
  }
  // A failed connect(2) never carried a byte, whatever its code.
  return new TransportError(url.origin, { reason: code, ...(syscall === 'connect' ? { sent: false } : {}) })
}

function readError(thrown: unknown): { code: string; syscall: string | undefined; message: string } {
  if (!(thrown instanceof Error)) return { code: 'UNKNOWN', syscall: undefined, message: '' }
  const { code, syscall } = thrown as Error & { readonly code?: unknown; readonly syscall?: unknown }
  return {
    code: typeof code === 'string' ? code : thrown.name,
    syscall: typeof syscall === 'string' ? syscall : undefined,
    message: thrown.message,
  }
}
