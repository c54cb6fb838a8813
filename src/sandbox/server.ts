/**
 * A Bitbucket Data Center for one machine.
 *
 * Written from Atlassian's REST documents, its pages on OAuth 2.0 and what others saw on real servers; it imports
 * nothing of bbstate's client, so that it cannot agree with that one's mistakes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Reply, unrouted } from './answers.js'
import { identify, refuseCaller } from './caller.js'
import { answerControl } from './control.js'
import { addEstate, type Estate } from './estate.js'
import { createFaults, type Fault, type Trouble } from './faults.js'
import { createLimiter } from './limiter.js'
import { answerToken, type OAuthOptions } from './oauth.js'
import { startPage } from './pages.js'
import { createRouter, type Features, type Route } from './router.js'
import { limitRoutes } from './routes/limits.js'
import { peopleRoutes } from './routes/people.js'
import { settingsRoutes, sshRoutes } from './routes/settings.js'
import { createSignIn } from './sign-in.js'
import { makeState, randomText, type SandboxState } from './state.js'
import { loadState, saveState } from './storage.js'

/** How the sandbox is started. What a document leaves open is an option with its default stated. */
export interface SandboxOptions {
  /** 0 picks a free port. Default 7990. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Such as `/bitbucket`. Default: none. */
  readonly contextPath?: string
  /** Keeps the state there; else it is gone with the process. */
  readonly dataDir?: string
  /** Answers the authorize page as the administrator, without a human. */
  readonly autoConsent?: boolean
  readonly latencyMilliseconds?: number
  readonly rateLimit?: { readonly capacity: number; readonly fillRate: number }
  /** The server's cap of `limit`. Default 1000. */
  readonly pageLimit?: number
  readonly estate?: Estate
  /** Default 3600. */
  readonly accessTokenSeconds?: number
  /** Default 7776000, 90 days. */
  readonly refreshTokenSeconds?: number
  /** Default 10. */
  readonly codeSeconds?: number
  /** What a replayed refresh token does; not documented. Default `invalid-grant`. */
  readonly replay?: OAuthOptions['replay']
  /** Default `strict-if-present`. */
  readonly redirectUriOnRefresh?: OAuthOptions['redirectUriOnRefresh']
  /** Of the application link that is there from the start. Default `http://localhost:34106/`. */
  readonly redirectUri?: string
  /** Scopes ticked on that link. Default `SYSTEM_ADMIN`. */
  readonly scopes?: readonly string[]
  readonly bitbucket?: '7.21' | '8.19' | '9.4' | '10.2'
  /** Serves an unknown bearer token as nobody, with lists cut to half, instead of refusing it. */
  readonly anonymousRead?: boolean
  /** Default: kebab for 7.21, else camel. */
  readonly mailSpelling?: 'camel' | 'kebab'
  /** Where the SSH key policy answers; the documents print it without its module. Default `ssh`. */
  readonly sshPolicyMount?: 'ssh' | 'keys' | 'root'
  readonly clock?: () => number
}

/** One request as the log keeps it: no header, no body, token parameters blanked. */
export interface RequestRecord {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly user: string | undefined
  readonly at: number
}

/** A running sandbox. */
export interface Sandbox {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly username: string
  readonly password: string
  /** Needed by `/__control`. */
  readonly controlToken: string
  /** An HTTP access token of the administrator. */
  readonly httpAccessToken: string
  readonly version: string
  /** Live; may be changed in place. */
  readonly state: SandboxState
  readonly requests: readonly RequestRecord[]
  /** Forgets the requests so far. */
  forgetRequests(): void
  addFault(fault: Fault): void
  /** Moves the server's clock. */
  advance(milliseconds: number): void
  close(): Promise<void>
}

const versions = { '7.21': '7.21.23', '8.19': '8.19.12', '9.4': '9.4.2', '10.2': '10.2.1' } as const
const logLength = 100_000

/** Starts a sandbox and answers once it listens. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const running = new Running(options)
  await running.listen()
  return running
}

class Running implements Sandbox {
  readonly state: SandboxState
  readonly requests: RequestRecord[] = []
  readonly controlToken = randomText()
  readonly version: string
  readonly #options: SandboxOptions
  readonly #server: Server
  readonly #faults = createFaults()
  readonly #base: string
  readonly #features: Features
  readonly #oauth: OAuthOptions
  readonly #find: ReturnType<typeof createRouter>
  readonly #limit: ReturnType<typeof createLimiter> | undefined
  readonly #signIn: ReturnType<typeof createSignIn>
  #offset = 0
  #served = 0

  constructor(options: SandboxOptions) {
    const { bitbucket = '9.4', contextPath = '', redirectUri = 'http://localhost:34106/' } = options
    this.#options = options
    this.#base = contextPath.replace(/\/+$/u, '')
    this.version = versions[bitbucket]
    this.state = this.#initialState(redirectUri)
    this.#features = featuresOf(options, bitbucket)
    this.#oauth = {
      accessTokenSeconds: options.accessTokenSeconds ?? 3600,
      refreshTokenSeconds: options.refreshTokenSeconds ?? 7_776_000,
      codeSeconds: options.codeSeconds ?? 10,
      replay: options.replay ?? 'invalid-grant',
      redirectUriOnRefresh: options.redirectUriOnRefresh ?? 'strict-if-present',
    }
    const routes: readonly Route[] = [
      ...settingsRoutes,
      ...sshRoutes(options.sshPolicyMount ?? 'ssh'),
      ...limitRoutes,
      ...peopleRoutes,
      this.#properties(),
    ]
    this.#find = createRouter(routes.filter(({ since = '0' }) => isAtLeast(bitbucket, since)))
    this.#limit = options.rateLimit && createLimiter(options.rateLimit)
    this.#signIn = createSignIn(this.state, this.#oauth, {
      action: `${this.#base}/rest/oauth2/latest/authorize`,
      autoConsent: options.autoConsent === true,
      now: () => this.#now(),
    })
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
    this.#server.keepAliveTimeout = 30_000
  }

  #initialState(redirectUri: string): SandboxState {
    const { dataDir, estate, scopes } = this.#options
    const kept = dataDir === undefined ? undefined : loadState(dataDir)
    if (kept !== undefined) return kept
    const state = makeState(redirectUri)
    if (estate !== undefined) addEstate(state, estate)
    const [link] = state.links
    if (link !== undefined && scopes !== undefined) link.scopes = [...scopes]
    return state
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    const { host = '127.0.0.1' } = this.#options
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}${this.#base}`
  }

  get #link() {
    const [link] = this.state.links
    if (link === undefined) throw new Error('The sandbox has lost its application link')
    return link
  }

  get clientId(): string {
    return this.#link.clientId
  }

  get clientSecret(): string {
    return this.#link.clientSecret
  }

  get redirectUri(): string {
    return this.#link.redirectUri
  }

  get username(): string {
    return 'admin'
  }

  get password(): string {
    return this.state.users['admin']?.password ?? ''
  }

  get httpAccessToken(): string {
    return Object.keys(this.state.httpAccessTokens)[0] ?? ''
  }

  async listen(): Promise<void> {
    const { port = 7990, host = '127.0.0.1' } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    this.#save()
  }

  forgetRequests(): void {
    this.requests.length = 0
  }

  addFault(fault: Fault): void {
    this.#faults.add(fault)
  }

  advance(milliseconds: number): void {
    this.#offset += milliseconds
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)() + this.#offset
  }

  #save(): void {
    if (this.#options.dataDir !== undefined) saveState(this.#options.dataDir, this.state)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const method = request.method ?? 'GET'
    const body = await readBody(request)
    if (!this.#isKnownHost(request.headers.host)) return send(response, method, { status: 421, text: 'Unknown host' })
    if (!url.pathname.startsWith(`${this.#base}/`)) return send(response, method, { status: 404, text: 'Not Found' })
    const path = url.pathname.slice(this.#base.length)
    if (path.startsWith('/__control/')) return send(response, method, this.#control(request, method, path, body))
    if (this.#options.latencyMilliseconds) await sleep(this.#options.latencyMilliseconds)
    const trouble = this.#faults.take(method, `${path}${url.search}`)
    if (trouble?.kind === 'drop-before') return void response.destroy()
    if (trouble?.kind === 'delay') await sleep(trouble.milliseconds)
    const answered = this.#answer(request, method, path, url.searchParams, body, trouble)
    if (method !== 'GET') this.#save()
    this.#log(method, path, url.searchParams, answered)
    if (trouble?.kind === 'drop-after') return void response.destroy()
    send(response, method, answered.reply, trouble?.kind === 'truncate')
  }

  #answer(
    request: IncomingMessage,
    method: string,
    path: string,
    query: URLSearchParams,
    body: string,
    trouble: Trouble | undefined,
  ): Answered {
    const scripted = trouble === undefined ? undefined : replyOf(trouble)
    if (scripted !== undefined) return { reply: scripted, user: undefined }
    if (path === '/' || path === '/status') return { reply: this.#page(path), user: undefined }
    const isStarting = this.state.status !== 'RUNNING'
    if (isStarting) return { reply: { status: 503, text: 'Bitbucket is starting up' }, user: undefined }
    const [, version = ''] = /^\/rest\/oauth2\/(latest|1\.0)\//u.exec(path) ?? []
    if (version !== '') return { reply: this.#oauthReply(request, method, path, query, body), user: undefined }
    return this.#rest(request, method, path, query, body, trouble)
  }

  #oauthReply(request: IncomingMessage, method: string, path: string, query: URLSearchParams, body: string): Reply {
    const endpoint = path.split('/').at(-1)
    if (endpoint === 'authorize') return this.#signIn(method, query, body, request.headers.cookie)
    if (endpoint === 'token' && method === 'POST') {
      const parameters = new URLSearchParams([...query, ...new URLSearchParams(body)])
      return answerToken(this.state, this.#oauth, this.#now(), request.headers['content-type'], parameters)
    }
    if (endpoint === 'client') return { status: 401, body: { errors: [] } }
    return unrouted()
  }

  #rest(
    request: IncomingMessage,
    method: string,
    path: string,
    query: URLSearchParams,
    body: string,
    trouble: Trouble | undefined,
  ): Answered {
    const unknown = this.#options.anonymousRead === true || trouble?.kind === 'anonymous' ? 'anonymous' : 'refuse'
    const authorization = trouble?.kind === 'anonymous' ? undefined : request.headers.authorization
    const caller = identify(authorization, this.state, this.#now(), unknown)
    if ('status' in caller) return { reply: caller, user: undefined }
    const { user } = caller
    const wait = user === undefined ? 0 : (this.#limit?.(user, this.#now()) ?? 0)
    if (wait > 0) return { reply: tooMany(wait), user }
    const match = this.#find(method, path.replace(/^\/rest/u, ''))
    if (match.found === 'nothing' || !path.startsWith('/rest/')) return { reply: unrouted(), user }
    if (match.found === 'method')
      return { reply: { status: 405, body: { message: 'HTTP 405 Method Not Allowed' } }, user }
    const needs = match.route.needs
    const isOpen = unknown === 'anonymous' && method === 'GET' && user === undefined
    const refusal = isOpen ? undefined : refuseCaller(caller, needs)
    if (refusal !== undefined) return { reply: refusal, user }
    const parsed = parseJson(body)
    if (parsed === invalidJson)
      return {
        reply: { status: 400, body: { errors: [{ context: null, message: 'Not JSON', exceptionName: null }] } },
        user,
      }
    const context = { state: this.state, features: this.#features, caller, query, path: match.path, body: parsed }
    const reply = match.route.handle(context)
    return { reply: isOpen ? shrink(reply) : reply, user }
  }

  #properties(): Route {
    return {
      method: 'GET',
      path: '/api/{version}/application-properties',
      needs: 'anyone',
      handle: () => {
        const properties = { version: this.version, buildNumber: '9004002', buildDate: '1729123200000' }
        return { status: 200, body: { ...properties, displayName: 'Bitbucket' } }
      },
    }
  }

  #page(path: string): Reply {
    if (path === '/status') return { status: 200, body: { state: this.state.status } }
    const {
      users: _users,
      links: _links,
      codes: _codes,
      tokens: _tokens,
      httpAccessTokens: _own,
      mailServer,
      ...rest
    } = this.state
    const shown = { ...rest, mailServer: mailServer && { ...mailServer, password: '(hidden)' } }
    const html = startPage(this.url, this.version, shown, this.requests.slice(-30).reverse())
    return { status: 200, text: html, headers: { 'content-type': 'text/html; charset=utf-8' } }
  }

  #control(request: IncomingMessage, method: string, path: string, body: string): Reply {
    const isLocal = /^(?:::ffff:)?127\.|^::1$/u.test(request.socket.remoteAddress ?? '')
    const token = request.headers['x-control-token']
    if (!isLocal || token !== this.controlToken) return { status: 403, text: 'Forbidden' }
    const reply = answerControl(this, this.#faults, this.#now(), method, path.slice('/__control/'.length), body)
    this.#save()
    return reply
  }

  /** Names that lead elsewhere today and here tomorrow (DNS rebinding) get no answer. */
  #isKnownHost(header: string | undefined): boolean {
    const name = (header ?? '').replace(/:\d+$/u, '')
    return ['127.0.0.1', 'localhost', '[::1]', this.#options.host].includes(name)
  }

  #log(method: string, path: string, query: URLSearchParams, { reply, user }: Answered): void {
    const shown = new URLSearchParams(query)
    for (const name of secretParameters) if (shown.has(name)) shown.set(name, '…')
    const text = [...shown].map(([name, value]) => `${name}=${value}`).join('&')
    const at = this.#now()
    if (this.requests.length === logLength) this.requests.shift()
    this.requests.push({ method, path: text === '' ? path : `${path}?${text}`, status: reply.status, user, at })
    const { status } = this.state
    if (path.startsWith('/rest/') && status === 'RUNNING') {
      reply.headers = { ...reply.headers, 'x-arequestid': `@SBX${++this.#served}x${method}` }
      if (user !== undefined) reply.headers['x-ausername'] = encodeURIComponent(user)
    }
  }
}

interface Answered {
  readonly reply: Reply
  readonly user: string | undefined
}

const secretParameters = ['client_secret', 'refresh_token', 'access_token', 'code', 'code_verifier', 'password']

function featuresOf(options: SandboxOptions, bitbucket: keyof typeof versions): Features {
  return {
    version: bitbucket,
    pageLimit: options.pageLimit ?? 1000,
    mailSpelling: options.mailSpelling ?? (bitbucket === '7.21' ? 'kebab' : 'camel'),
    sshMount: options.sshPolicyMount ?? 'ssh',
    leaksOptionals: !isAtLeast(bitbucket, '9.4'),
  }
}

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantMajor = 0, wantMinor = 0] = least.split('.').map(Number)
  return major !== wantMajor ? major > wantMajor : minor >= wantMinor
}

function tooMany(seconds: number): Reply {
  const message = 'You have exceeded the rate limit'
  const errors = [{ context: null, message, exceptionName: null }]
  return { status: 429, headers: { 'retry-after': String(seconds) }, body: { errors } }
}

function replyOf(trouble: Trouble): Reply | undefined {
  switch (trouble.kind) {
    case 'status': {
      const wait = trouble.retryAfter === undefined ? {} : { 'retry-after': String(trouble.retryAfter) }
      return { status: trouble.status, headers: wait, body: { errors: [] } }
    }
    case 'html':
      return { status: 200, text: '<html><body>Single sign-on</body></html>', headers: { 'content-type': 'text/html' } }
    case 'redirect':
      return { status: trouble.status ?? 302, text: '', headers: { location: trouble.location } }
    case 'body':
      return { status: trouble.status ?? 200, body: trouble.body }
    case 'delay':
    case 'drop-before':
    case 'drop-after':
    case 'truncate':
    case 'anonymous':
      return undefined
  }
}

/** What nobody sees of a list: every second value. */
function shrink(reply: Reply): Reply {
  const body = reply.body as { values?: unknown[] } | undefined
  if (!Array.isArray(body?.values)) return reply
  return { ...reply, body: { ...body, values: body.values.filter((_, index) => index % 2 === 0) } }
}

const invalidJson = Symbol('invalid JSON')

function parseJson(body: string): unknown {
  if (body.trim() === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return invalidJson
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, method: string, reply: Reply, truncates = false): void {
  const isJson = reply.text === undefined
  const text = reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body))
  const type = isJson ? 'application/json;charset=UTF-8' : 'text/plain; charset=utf-8'
  const isEmpty = text === '' || method === 'HEAD'
  const bytes = Buffer.from(text)
  response.writeHead(reply.status, {
    ...(isEmpty ? {} : { 'content-type': type }),
    'content-length': bytes.length,
    ...reply.headers,
  })
  if (!truncates) return void response.end(isEmpty ? undefined : bytes)
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
