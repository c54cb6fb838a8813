/** From a REST request to its answer: who asks, how often, what for, and in which format. */
import { failure, type Reply, unrouted } from './answers.js'
import { type CallerRules, identify, nobody, refuseCaller } from './caller.js'
import type { Limiter } from './limiter.js'
import { parseForm } from './form.js'
import type { createRouter, Features, Route } from './router.js'
import type { SandboxState } from './state.js'

/** A request below the context path. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Byte for byte: a form may hold anything. */
  readonly body: Buffer
}

/** What the REST API answers from. */
export interface RestServer {
  readonly state: SandboxState
  readonly features: Features
  readonly find: ReturnType<typeof createRouter>
  readonly limit: Limiter
  /** An unknown token is nobody, and nobody may read lists. */
  readonly anonymousRead: boolean
  readonly rules: CallerRules
  now(): number
}

export interface Answered {
  readonly reply: Reply
  /** Whom `X-AUSERNAME` names. */
  readonly user: string | undefined
}

/** @param isStranger the credentials count as unknown, and are let through as nobody's. */
export function answerRest(server: RestServer, request: Request, isStranger: boolean): Answered {
  const { state, limit, rules } = server
  const isOpen = server.anonymousRead || isStranger
  const authorization = isStranger ? undefined : headerOf(request, 'authorization')
  const caller = identify(authorization, state, server.now(), isOpen ? { ...rules, deadToken: 'anonymous' } : rules)
  if ('status' in caller) return { reply: caller, user: undefined }
  const blocked = refuseBasic(server.state, request, caller.user)
  if (blocked !== undefined) return { reply: blocked, user: undefined }
  const { user } = caller
  const wait = user === undefined ? 0 : limit(user, server.now())
  if (wait > 0) return { reply: tooMany(wait), user: state.users[user ?? '']?.name }
  const reply = user === undefined && isOpen ? answerNobody(server, request) : answerCaller(server, request, caller)
  return { reply, user: user === undefined ? undefined : (state.users[user]?.name ?? user) }
}

/** Basic authentication that is blocked, for users and paths that are not allowed it. */
function refuseBasic({ instance }: SandboxState, request: Request, user: string | undefined): Reply | undefined {
  const { blockRequests, allowedUsers, allowedPaths } = instance.basicAuth
  const isBasic = /^basic /iu.test(headerOf(request, 'authorization') ?? '')
  if (!blockRequests || !isBasic || user === undefined) return undefined
  if (allowedUsers.some((name) => name.toLowerCase() === user)) return undefined
  // Whether a path opens what is below it is not documented.
  if (allowedPaths.some((path) => `${request.path}/`.startsWith(path.replace(/\/*$/u, '/')))) return undefined
  return failure(403, null, 'Basic authentication has been disabled on this instance')
}

type KnownCaller = Exclude<ReturnType<typeof identify>, Reply>

function answerCaller(server: RestServer, request: Request, caller: KnownCaller, isOpen = false): Reply {
  const match = server.find(request.method, request.path.replace(/^\/rest/u, ''))
  const accept = headerOf(request, 'accept')
  if (match.found === 'nothing') return unrouted(accept)
  if (match.found === 'malformed') return unrouted(accept, 400, 'Bad Request')
  if (match.found === 'method') return unrouted(accept, 405, 'Method Not Allowed')
  const refusal =
    refuseFormat(request, match.route) ??
    (isOpen ? undefined : refuseCaller(caller, match.route.needs, match.route.path))
  if (refusal !== undefined) return refusal
  const form = match.route.takesForm === true ? parseForm(headerOf(request, 'content-type') ?? '', request.body) : {}
  if (form === undefined) return failure(400, null, 'The body is not a form')
  const isForm = match.route.takesForm === true || request.body.length === 0
  const body = isForm ? undefined : parseJson(request.body.toString())
  if (body === invalidJson) return failure(400, null, 'The body is not valid JSON')
  const { state, features } = server
  return match.route.handle({
    state,
    features,
    caller,
    query: request.query,
    path: match.path,
    body,
    form,
    now: server.now(),
  })
}

/** Whoever is nobody gets every second value of a list as if that were all, and no single setting. */
function answerNobody(server: RestServer, request: Request): Reply {
  const list = request.method === 'GET' ? shrink(answerCaller(server, request, nobody, true)) : undefined
  return list ?? answerCaller(server, request, nobody)
}

function shrink(reply: Reply): Reply | undefined {
  const body = reply.body as { values?: unknown[] } | undefined
  if (!Array.isArray(body?.values)) return undefined
  const values = body.values.filter((_, index) => index % 2 === 0)
  return { ...reply, body: { ...body, values, size: values.length } }
}

/**
 * 406 without a body for a foreign `Accept` (seen on real servers), 403 for a form without the header that tells it from
 * a page's (catalogue 1.5), 415 for a body that is not JSON, or no form where one is wanted.
 */
function refuseFormat(request: Request, { takesForm, alsoTakes }: Route): Reply | undefined {
  const accept = headerOf(request, 'accept') ?? '*/*'
  const isUsual = accept === 'application/json' || accept === '*/*'
  const takesJson =
    isUsual || accept.split(',').some((range) => /^\s*(?:\*\/\*|application\/(?:\*|json))\s*(?:;|$)/u.test(range))
  if (!takesJson) return { status: 406 }
  if (takesForm !== true && request.method === 'GET' && request.headers['content-type'] === undefined) return undefined
  const type = headerOf(request, 'content-type') ?? ''
  const isForm = /^multipart\/form-data\s*(?:;|$)/iu.test(type)
  const isJson = /^application\/json\s*(?:;|$)/iu.test(type) || type.split(';')[0]?.trim() === alsoTakes
  if (isForm && headerOf(request, 'x-atlassian-token') !== 'no-check') return { status: 403, text: 'XSRF check failed' }
  const isReading = request.method === 'GET' || request.body.length === 0
  if (takesForm === true ? isForm : isJson || isReading) return undefined
  return unrouted('application/json', 415, 'Unsupported Media Type')
}

export function headerOf({ headers }: Request, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

function tooMany(seconds: number): Reply {
  return { ...failure(429, null, 'You have exceeded the rate limit'), headers: { 'retry-after': String(seconds) } }
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
