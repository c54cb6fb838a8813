/**
 * The client of one server for one run.
 *
 * Every request passes one gate, is signed at the last moment, is repeated where that is safe, and its answer must name
 * the account: a token that the server no longer knows may be served as anonymous, and lists then shrink with status
 * 200 (catalogue 1.4). An answer without the name counts as a 401, and a list that it belongs to is begun again.
 */
import type { Credentials } from '../model/credentials.js'
import { ApiError } from '../model/errors.js'
import type { Event, Listener } from '../model/event.js'
import type { Reader, WriteMethod, Writer } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import type { Scrubber } from '../model/secret.js'
import type { Answer, Request, Transport } from '../transport.js'
import { readObject, stringIn } from './answer.js'
import { type Asked, detailsOf, explainAnswer, isUnrouted, isWebPage, nameRequest, parseJson } from './answer-errors.js'
import { asForm, asJson, type Content } from './content.js'
import { cutReads } from './cut-reads.js'
import { type ClientPorts, openGate } from './gate.js'
import { guardIdentity, type IdentityGuard, type Sent } from './identity.js'
import { readPages } from './paging.js'
import { sendPatiently } from './retry.js'

/** What a client is made of. */
export interface ClientOptions {
  readonly transport: Transport
  readonly credentials: Credentials
  readonly ports: ClientPorts
  readonly listen: Listener
  /** Knows every secret that was revealed; texts of the server pass it before they enter an error. */
  readonly scrubber: Scrubber
  /** The version of bbstate, for `User-Agent`. */
  readonly version: string
  /** What the run is, for `User-Agent`, such as `apply; run github 4711`. */
  readonly purpose?: string
  /** Requests under way at the same time. Default 10. */
  readonly parallelism?: number
  /** Requests a second at most. */
  readonly maxRate?: number
  /** Times that GET, PUT and DELETE are sent while the way to the server fails. Default 5. */
  readonly attempts?: number
  /** The moment on the clock of the ports after which no wait may end. */
  readonly deadline?: number
  /** Once aborted it cuts every wait and every read, and no request is started. */
  readonly signal?: AbortSignal
  /** Goes on although no answer names the account: a proxy strips `X-AUSERNAME`. */
  readonly allowNoIdentityHeader?: boolean
}

/** How many requests were sent; `repeated` are among them. */
export interface RequestCounts {
  readonly sent: number
  readonly repeated: number
}

/** Talks to one server. */
export interface Client {
  /**
   * Asks for the server's version and proves who is signed in. `account` is empty where the header may be missing.
   * @throws AuthError `AUTH_SIGN_IN_REQUIRED` where no account is named; ApiError where this is no Bitbucket.
   */
  identify(): Promise<{ readonly version: string; readonly account: string }>
  /** A reading pass: equal GETs are sent once, also when they are asked for at the same time. */
  reading(): Reader
  /** Reads anew each time, for stale checks and proofs. */
  fresh(): Reader
  /** Writes; its reads are fresh. `note` is told the request id of each change that the server answered. */
  writer(note?: (requestId: string) => void): Writer
  requests(): RequestCounts
  close(): Promise<void>
}

const identityPath = '/api/latest/application-properties'

/** Makes a client. Nothing is sent before the first call. */
export function createClient(given: ClientOptions): Client {
  const { signal } = given
  const options = signal === undefined ? given : { ...given, transport: cutReads(given.transport, signal) }
  const identity = guardIdentity(options)
  const counts = { sent: 0, repeated: 0 }
  const exchange = makeExchange(options, identity, counts)
  const endpoints = new Map<string, Promise<boolean>>()
  const fetch: Fetch = (path, accept) =>
    identity.renewing(() => exchange({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }))
  const readerOver = (get: Fetch): Reader => ({
    get: async (path) => readBody(await get(path), path, exchange),
    list: (path) =>
      // Begun again as a whole after a renewal: pages read as somebody else are worth nothing.
      identity.renewing(() =>
        readPages(path, async (page) => readBody(await exchange({ method: 'GET', path: page }), page, exchange)),
      ),
    text: async (path) => readText(await get(path, 'text/plain, */*;q=0.1'), path, exchange),
    has: (path) => remember(endpoints, path, async () => isHandled(await get(path), path, exchange)),
  })
  const fresh = readerOver(fetch)
  return {
    identify: () => identify(options, identity, fetch, exchange),
    reading: () => memoise(readerOver, fetch),
    fresh: () => fresh,
    writer: (note) => {
      const send = async (request: Sending): Promise<unknown> => {
        const { method, path } = request
        const answer = await identity.renewing(() => exchange(request), { method, path })
        const requestId = answer.headers['x-arequestid']
        if (requestId !== undefined && method !== 'GET') note?.(requestId)
        if (answer.status >= 300) throw await exchange.explain(answer, { method, path })
        return decodeBody(answer, { method, path }, exchange)
      }
      return {
        ...fresh,
        send: (method, path, body) => send({ method, path, ...(body === undefined ? {} : { content: asJson(body) }) }),
        secretText: () => {
          const text = options.ports.secretText()
          options.scrubber.add(text)
          return text
        },
        sendForm: (method, path, parts) => send({ method, path, content: asForm(parts) }),
      }
    },
    requests: () => ({ ...counts }),
    close: () => options.transport.close(),
  }
}

type Fetch = (path: string, accept?: string) => Promise<Answer>

interface Sending {
  readonly method: WriteMethod | 'GET'
  readonly path: string
  readonly content?: Content
  /** Default: JSON. */
  readonly accept?: string
}

interface Exchange {
  (request: Sending): Promise<Answer>
  /** The error for an answer that is not a success. */
  explain(answer: Answer, sent: Sent): Promise<ApiError>
  asked(sent: Sent): Asked
}

/** One request from signing to judging who was answered, repeated where that is safe. */
function makeExchange(
  options: ClientOptions,
  identity: IdentityGuard,
  counts: { sent: number; repeated: number },
): Exchange {
  const { credentials, ports, parallelism = 10, attempts = 5 } = options
  const gate = openGate({ ...options, parallelism })
  const transmit = async (request: Request): Promise<Answer> => {
    counts.sent++
    const start = ports.now()
    const answer = await options.transport.request(request)
    options.listen(requestEvent(request, answer, ports.now() - start, options.scrubber))
    return answer
  }
  const means = {
    ...options,
    gate,
    attempts,
    onRepeat: () => {
      counts.repeated++
    },
  }
  const exchange = ({ method, path, content, accept }: Sending): Promise<Answer> => {
    const headers = {
      ...headersOf(method, options, content?.type),
      ...(accept === undefined ? {} : { accept }),
    }
    const body = content === undefined ? {} : { body: content.body }
    const send = async (): Promise<Answer> => {
      identity.requireSignIn()
      refuseOverdue(options)
      // Signed behind the gate and anew for each repetition: a wait may be longer than the token lives.
      const authorization = await credentials.authorize()
      const signed = { ...headers, authorization: authorization.reveal() }
      const answer = await transmit({ method, path: `/rest${path}`, headers: signed, ...body })
      identity.judge(answer, authorization, { method, path })
      return answer
    }
    return sendPatiently(method, () => gate.pass(send), means)
  }
  const explain: Exchange['explain'] = async (answer, sent) => {
    if (answer.status === 503) {
      const state = await readState(transmit)
      if (state !== undefined && state !== 'RUNNING') return notRunning(answer, state)
    }
    return explainAnswer(answer, identity.asked(sent))
  }
  return Object.assign(exchange, { explain, asked: identity.asked })
}

/** @throws ApiError `API_TIMEOUT` once the time of the run is up: nothing more is sent. */
function refuseOverdue({ deadline, ports }: ClientOptions): void {
  if (deadline === undefined || ports.now() <= deadline) return
  throw new ApiError('API_TIMEOUT', 'The run took longer than --timeout allows; nothing more was sent', {
    hint: 'Raise --timeout, or find out why the server is slow. What was done is done: the same command goes on from there.',
  })
}

function requestEvent(request: Request, answer: Answer, milliseconds: number, scrubber: Scrubber): Event {
  const { method, path } = request
  const requestId = answer.headers['x-arequestid']
  return {
    type: 'request',
    method,
    path: scrubber.scrub(path),
    status: answer.status,
    milliseconds,
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function headersOf(
  method: Request['method'],
  { version, purpose }: Pick<ClientOptions, 'version' | 'purpose'>,
  type = 'application/json',
): Readonly<Record<string, string>> {
  return {
    accept: 'application/json',
    // Wanted by multipart and form endpoints, harmless elsewhere (catalogue 1.5).
    'x-atlassian-token': 'no-check',
    'user-agent': purpose === undefined ? `bbstate/${version}` : `bbstate/${version} (${purpose})`,
    ...(method === 'GET' || method === 'DELETE' ? {} : { 'content-type': type }),
  }
}

/** `state` of `{base}/status`, which answers while Bitbucket starts (catalogue 1.7). */
async function readState(transmit: (request: Request) => Promise<Answer>): Promise<string | undefined> {
  try {
    const status = parseJson(
      (await transmit({ method: 'GET', path: '/status', headers: { accept: 'application/json' } })).body,
    )
    return isObject(status) && typeof status['state'] === 'string' ? status['state'] : undefined
  } catch {
    return undefined
  }
}

function notRunning(answer: Answer, state: string): ApiError {
  const word = state === 'STARTING' ? 'still starting' : `not running (its state is ${state})`
  return new ApiError('API_SERVER', `Bitbucket is ${word}`, detailsOf(answer, 'Try again when /status says RUNNING.'))
}

/** The body of a GET: `null` for an absent object. */
async function readBody(answer: Answer, path: string, exchange: Exchange): Promise<unknown> {
  if (answer.status === 404 && !isUnrouted(answer)) return null
  const sent = { method: 'GET', path } as const
  if (answer.status >= 300) throw await exchange.explain(answer, sent)
  return decodeBody(answer, sent, exchange)
}

/** The body of a GET as it is: `null` for an absent text. */
async function readText(answer: Answer, path: string, exchange: Exchange): Promise<string | null> {
  if (answer.status === 404 && !isUnrouted(answer)) return null
  if (answer.status >= 300) throw await exchange.explain(answer, { method: 'GET', path })
  return answer.body
}

/** Whether something handles the path, whatever it says; a server that is not available says nothing of its paths. */
async function isHandled(answer: Answer, path: string, { explain }: Exchange): Promise<boolean> {
  const { status } = answer
  if (status >= 500 || status === 429 || (status >= 300 && status < 400)) {
    throw await explain(answer, { method: 'GET', path })
  }
  return !isUnrouted(answer)
}

/** The parsed body; `null` for an empty one, the text itself where the server declares plain text. */
function decodeBody(answer: Answer, sent: Sent, { asked }: Exchange): unknown {
  if (answer.status === 204 || answer.body.trim() === '') return null
  const value = parseJson(answer.body)
  if (value !== undefined) return value
  if (answer.headers['content-type']?.startsWith('text/plain') === true) return answer.body
  if (isWebPage(answer)) {
    const hint =
      'A proxy, a login page of single sign-on, or a wrong URL: use the base URL of Bitbucket with its context path, and let /rest pass.'
    throw new ApiError(
      'API_UNEXPECTED',
      `A web page came back instead of JSON (${nameRequest(asked(sent))})`,
      detailsOf(answer, hint),
    )
  }
  throw new ApiError(
    'API_UNEXPECTED',
    `The answer of ${nameRequest(asked(sent))} is not JSON, or was cut off`,
    detailsOf(answer, 'Try again; if it stays, a proxy between here and Bitbucket changes or truncates answers.'),
  )
}

async function identify(
  { allowNoIdentityHeader }: ClientOptions,
  identity: IdentityGuard,
  fetch: Fetch,
  exchange: Exchange,
): Promise<{ version: string; account: string }> {
  const answer = await fetch(identityPath)
  if (answer.status === 404) throw notBitbucket(answer)
  const properties = readObject(identityPath, await readBody(answer, identityPath, exchange))
  const account = identity.account()
  if (account === undefined && allowNoIdentityHeader !== true) throw identity.unnamed(answer)
  return { version: stringIn(properties, 'version'), account: account ?? '' }
}

function notBitbucket(answer: Answer): ApiError {
  return new ApiError(
    'API_UNEXPECTED',
    'There is no Bitbucket Data Center at this URL: its REST API does not answer',
    detailsOf(
      answer,
      'Use the base URL as Bitbucket shows it, with its context path (such as https://host/bitbucket).',
    ),
  )
}

/** A reader whose answers are kept; what failed is asked for again. */
function memoise(readerOver: (get: Fetch) => Reader, fetch: Fetch): Reader {
  const answers = new Map<string, Promise<Answer>>()
  const lists = new Map<string, Promise<readonly unknown[] | null>>()
  const reader = readerOver(async (path, accept) => {
    const answer = await remember(answers, path, () => fetch(path, accept))
    if (answer.status >= 500 || answer.status === 429) answers.delete(path)
    return answer
  })
  return { ...reader, list: (path) => remember(lists, path, () => reader.list(path)) }
}

function remember<T>(store: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = store.get(key)
  if (known !== undefined) return known
  const promise = make()
  store.set(key, promise)
  promise.catch(() => store.delete(key))
  return promise
}
