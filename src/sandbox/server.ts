/**
 * A Bitbucket Data Center for one machine.
 *
 * Written from Atlassian's REST documents, its pages on OAuth 2.0 and what others saw on real servers; it imports
 * nothing of bbstate's client, so that it cannot agree with that one's mistakes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { failure, type Reply, unrouted } from './answers.js'
import { identify } from './caller.js'
import { makeCertificate, type ServerCertificate } from './certificate.js'
import { answerControl } from './control.js'
import { Controls } from './controls.js'
import { type DataLock, lockData } from './data-lock.js'
import { makeEnding } from './ending.js'
import { Entrance } from './entrance.js'
import { EventStream } from './event-stream.js'
import { replyOf, type Trouble } from './faults.js'
import { createLimiter } from './limiter.js'
import { OAuthEndpoints } from './oauth-endpoints.js'
import { callerRulesOf, featuresOf, isLoopback, type SandboxOptions, versions } from './options.js'
import { answerStatus, outsidePage } from './front.js'
import { bracket, KnownHosts } from './hosts.js'
import { closeListener, createListener, type Listener, openListener } from './listener.js'
import { eventsAddress } from './pages/layout.js'
import { isPagePath, refuseForeign, Site } from './pages/site.js'
import { placeSettings } from './recorded.js'
import { type Answered, answerRest, headerOf, type Request, type RestServer } from './rest.js'
import { createRouter } from './router.js'
import { allRoutes } from './routes.js'
import type { Sandbox } from './sandbox.js'
import { Sessions } from './sessions.js'
import { createSignIn } from './sign-in.js'
import { randomText, setPasswords } from './state.js'
import { parseTarget } from './target.js'
import { hasState, saveState } from './storage.js'
import { forgetOrders } from './table.js'
import { type TrustFile, writeTrustFile } from './trust-file.js'
import { cutConnection, hasBody, noBody, readBody, sendReply } from './wire.js'

export type { SandboxOptions } from './options.js'
export type { RequestRecord } from './request-log.js'
export type { Sandbox } from './sandbox.js'

/** Starts a sandbox and answers once it listens. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const lock = options.dataDir === undefined ? undefined : await lockData(options.dataDir)
  try {
    const running = new Running(options, lock)
    await running.listen()
    return running
  } catch (error) {
    await lock?.release()
    throw error
  }
}

class Running extends Controls implements Sandbox {
  readonly controlToken = randomText()
  readonly password = randomText(12)
  readonly version: string
  readonly #options: SandboxOptions
  readonly #lock: DataLock | undefined
  readonly #certificate: ServerCertificate | undefined
  readonly #listener: Listener
  readonly #events = new EventStream()
  readonly #site: Site
  #trust: TrustFile | undefined
  readonly #base: string
  readonly #hosts: KnownHosts
  readonly #rest: RestServer
  readonly #endpoints: OAuthEndpoints
  readonly #ended = makeEnding()
  #served = 0

  constructor(options: SandboxOptions, lock: DataLock | undefined) {
    super(options)
    this.#lock = lock
    const { bitbucket = '9.4', contextPath = '', host = '127.0.0.1' } = options
    this.#options = options
    this.#base = contextPath.replace(/^(?=[^/])/u, '/').replace(/\/+$/u, '')
    this.#hosts = new KnownHosts(host, options.allowedHosts ?? [])
    this.version = versions[bitbucket]
    setPasswords(this.state, this.password)
    const now = (): number => this.now()
    const features = featuresOf(options)
    this.#rest = {
      state: this.state,
      features,
      find: createRouter(allRoutes(features, this.version)),
      limit: createLimiter(this.state),
      anonymousRead: options.anonymousRead === true,
      rules: callerRulesOf(options),
      now,
    }
    // Once: afterwards the kept state has them.
    if (options.recorded !== undefined && !hasState(options.dataDir)) placeSettings(this.#rest, options.recorded)
    const sessions = new Sessions(this.state, () => this.#describeCookie())
    const entrance = new Entrance(this.state)
    const [base, autoConsent, isOpen] = [
      this.#base,
      options.autoConsent === true,
      options.openPages ?? isLoopback(host),
    ]
    const signIn = createSignIn(this.state, this.oauth, { base, autoConsent, sessions, entrance, now })
    this.#endpoints = new OAuthEndpoints(this.state, this.oauth, signIn, now)
    this.#site = new Site({ host: this, base, sessions, entrance, isOpen })
    this.#certificate = options.tls === true ? makeCertificate(this.#hosts.bare) : undefined
    this.#listener = createListener(this.#certificate, (request, response) => {
      this.#serve(request, response).catch(() => {
        // Never what went wrong within.
        if (response.headersSent) response.destroy()
        else sendReply(response, 'GET', failure(500, null, 'The sandbox has made a mistake'))
      })
    })
  }

  /** Browsers share cookies between the ports of a host. */
  #describeCookie(): { readonly name: string; readonly attributes: string } {
    const { port } = this.#listener.address() as AddressInfo
    const secure = this.#certificate === undefined ? '' : '; Secure'
    return { name: `SANDBOXSESSION${port}`, attributes: `Path=${this.#base || '/'}${secure}` }
  }

  get url(): string {
    const { port } = this.#listener.address() as AddressInfo
    const { host = '127.0.0.1' } = this.#options
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : bracket(host)
    return `http${this.#certificate === undefined ? '' : 's'}://${name}:${port}${this.#base}`
  }

  get username(): string {
    return 'admin'
  }

  get caFile(): string | undefined {
    return this.#trust?.path
  }

  get dataDir(): string | undefined {
    return this.#options.dataDir
  }

  get rest(): RestServer {
    return this.#rest
  }

  async listen(): Promise<void> {
    const { port = 7990, host = '127.0.0.1', dataDir } = this.#options
    await openListener(this.#listener, port, host)
    if (this.#certificate !== undefined) this.#trust = writeTrustFile(this.#certificate.authority, dataDir)
    this.save()
  }

  async close(): Promise<void> {
    this.#events.close()
    await closeListener(this.#listener)
    // Whoever still waits has nobody to answer, and must not write into a directory that is another one's by now.
    this.#ended.abort()
    this.#trust?.remove()
    await this.#lock?.release()
  }

  save(): void {
    forgetOrders()
    if (this.#options.dataDir !== undefined) saveState(this.#options.dataDir, this.state)
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? 'GET'
    const body = hasBody(incoming) ? await readBody(incoming) : noBody
    // Names that lead elsewhere today and here tomorrow (DNS rebinding) get no answer.
    if (!this.#hosts.has(incoming.headers.host ?? ''))
      return sendReply(response, method, { status: 421, text: 'Unknown host' })
    if (body === null)
      return sendReply(response, method, { ...failure(413, null, 'Too large'), headers: { connection: 'close' } })
    const target = parseTarget(incoming.url ?? '/')
    if (target === undefined) return sendReply(response, method, unrouted(undefined, 400, 'Bad Request'))
    const isInside = target.path === this.#base || target.path.startsWith(`${this.#base}/`)
    if (!isInside) return sendReply(response, method, outsidePage)
    const path = target.path.slice(this.#base.length) || '/'
    const request: Request = { method, path, query: target.query, headers: incoming.headers, body }
    if (path.startsWith('/__control/')) {
      return sendReply(response, method, this.#control(request, incoming.socket.remoteAddress ?? ''))
    }
    if (isPagePath(path)) return this.#servePage(request, response)
    const trouble = this.script.take(method, path + target.search)
    await this.#answerSlowly(request, trouble, response)
  }

  /** Unseen by the log and unmet by faults, which are switched there. */
  #servePage(request: Request, response: ServerResponse): void {
    if (request.path === eventsAddress && request.method === 'GET' && this.#site.mayFollow(request)) {
      return this.#events.open(response)
    }
    sendReply(response, request.method, this.#site.answer(request))
    if (request.method === 'POST') this.#events.announce()
  }

  async #answerSlowly(request: Request, trouble: Trouble | undefined, response: ServerResponse): Promise<void> {
    const { method, path, query } = request
    const began = performance.now()
    const pause = (this.#options.latencyMilliseconds ?? 0) + (trouble?.kind === 'delay' ? trouble.milliseconds : 0)
    if (pause > 0) await wait(pause, undefined, { signal: this.#ended.signal })
    const note = (status: number, user?: string): void => {
      const milliseconds = performance.now() - began
      this.log.add(method, path, query, { status, user, at: this.now(), milliseconds })
      this.#events.announce()
    }
    if (trouble?.kind === 'drop-before') {
      note(0)
      return cutConnection(response)
    }
    const late = this.#endpoints.takesTime(request) ? await this.#endpoints.pass(this.#ended.signal) : undefined
    const { reply, user } = late === undefined ? this.#answer(request, trouble) : { reply: late, user: undefined }
    // What was done is on the disk before anybody hears of it. A code of the authorize page is given out by GET.
    if (method !== 'GET' || path.endsWith('/authorize')) this.save()
    note(trouble?.kind === 'drop-after' ? 0 : reply.status, user)
    if (trouble?.kind === 'drop-after') return cutConnection(response)
    sendReply(response, method, this.#sign(path, reply, user), trouble?.kind === 'truncate')
  }

  /** The headers by which a client knows the server, and the account that it answers. */
  #sign(path: string, reply: Reply, user: string | undefined): Reply {
    if (!path.startsWith('/rest/') || this.state.status !== 'RUNNING') return reply
    const minute = Math.floor(this.now() / 60_000) % 1440
    const headers: Record<string, string> = { 'x-arequestid': `@SBXx${minute}x${++this.#served}x0` }
    if (user !== undefined) headers['x-ausername'] = encodeURIComponent(user)
    if (reply.headers !== undefined) Object.assign(headers, reply.headers)
    return { status: reply.status, body: reply.body, ...(reply.text !== undefined && { text: reply.text }), headers }
  }

  #answer(request: Request, trouble: Trouble | undefined): Answered {
    const { path } = request
    const scripted = trouble === undefined ? undefined : replyOf(trouble)
    if (scripted !== undefined)
      return { reply: scripted, user: trouble?.kind === 'body' ? this.#nameCaller(request) : undefined }
    if (path === '/status') return { reply: answerStatus(this.state.status), user: undefined }
    if (this.state.status !== 'RUNNING')
      return { reply: { status: 503, text: 'Bitbucket is starting up' }, user: undefined }
    const reply = this.#endpoints.answer(request)
    if (reply !== undefined) return { reply, user: undefined }
    if (!path.startsWith('/rest/')) return { reply: unrouted(headerOf(request, 'accept')), user: undefined }
    return answerRest(this.#rest, request, trouble?.kind === 'anonymous')
  }

  /** A scripted body counts as the server's own, so it names the account. */
  #nameCaller(request: Request): string | undefined {
    const rules = { ...this.#rest.rules, deadToken: 'anonymous' } as const
    const caller = identify(headerOf(request, 'authorization'), this.state, this.now(), rules)
    return 'status' in caller || caller.user === undefined ? undefined : this.state.users[caller.user]?.name
  }

  /** Where it is off it does not exist. */
  #control(request: Request, from: string): Reply {
    if (!(this.#options.control ?? isLoopback(this.#options.host ?? '127.0.0.1')) || !isLoopback(from))
      return unrouted()
    if (refuseForeign(request) !== undefined) return { status: 403, text: 'Forbidden' }
    if (headerOf(request, 'x-control-token') !== this.controlToken) return { status: 403, text: 'Forbidden' }
    const reply = answerControl(this, request.method, request.path.slice('/__control/'.length), request.body.toString())
    this.save()
    return reply
  }
}
