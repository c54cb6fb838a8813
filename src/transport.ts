/**
 * The only place that opens a connection to a server.
 *
 * One undici pool for one origin: keep-alive, TLS with additional authorities and a client certificate, proxy,
 * separate timeouts for connecting, headers and body. Redirects are never followed, GET included: a redirect would
 * carry credentials to an address that nobody approved. Nothing is retried here; whoever asks decides what is safe.
 */

/** How to reach one server. */
export interface TransportOptions {
  /** Canonical base URL, context path included, without a trailing slash. */
  readonly baseUrl: string
  /** Connections kept open at most; more requests than that wait. */
  readonly connections: number
  /** PEM of authorities trusted beside the system's. */
  readonly ca?: string
  /** PEM of the client certificate and its key. */
  readonly cert?: string
  readonly key?: string
  /** Proxy URL given by option; else `proxyEnvironment` decides. */
  readonly proxy?: string
  /** The variables `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` (any case) as they are set. */
  readonly proxyEnvironment?: Readonly<Record<string, string | undefined>>
  readonly connectTimeoutMilliseconds?: number
  readonly headersTimeoutMilliseconds?: number
  readonly bodyTimeoutMilliseconds?: number
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
}

/** An answer, its body read whole. Header names are lower-case. */
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
   * @throws TransportError where no whole answer came back.
   */
  request(request: Request): Promise<Answer>
  close(): Promise<void>
}
