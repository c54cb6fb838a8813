/** The authorize endpoint: sign-in, consent, and the redirect with a code. */
import { timingSafeEqual } from 'node:crypto'
import type { Reply } from './answers.js'
import { type Authorize, grantCode, judgeAuthorize, type OAuthOptions, redirectWith } from './oauth.js'
import { consentPage, errorPage, signInPage } from './pages.js'
import { randomText, type SandboxState } from './state.js'

/** What the pages need to know of the server. */
export interface SignInOptions {
  /** Where the forms are sent. */
  readonly action: string
  readonly autoConsent: boolean
  now(): number
}

interface Session {
  readonly id: string
  readonly csrf: string
  readonly user: string | undefined
}

type Asked = Extract<Authorize, { outcome: 'ask' }>

/** One visit of the page, judged and with its session. */
interface Visit {
  readonly asked: Asked
  /** The parameters of the authorize request, which the forms carry along. */
  readonly request: URLSearchParams
  readonly session: Session
  readonly form: URLSearchParams
}

/** Handles `GET` and `POST` of the authorize endpoint. Sessions live in a cookie that only this path sees. */
export function createSignIn(
  state: SandboxState,
  oauth: OAuthOptions,
  options: SignInOptions,
): (method: string, query: URLSearchParams, body: string, cookie: string | undefined) => Reply {
  const sessions = createSessions()
  const grant = (asked: Asked, request: URLSearchParams, user: string): Reply =>
    redirect(grantCode(state, oauth, options.now(), request, asked, user))
  const show = (session: Session, redirectUri: string, page: string, status = 200): Reply => {
    const reply = html(status, page, new URL(redirectUri).origin)
    const cookie = `${cookieName}=${session.id}; HttpOnly; SameSite=Lax; Path=${options.action}`
    return { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } }
  }
  const ask = ({ asked, request, session }: Omit<Visit, 'form'>): Reply =>
    show(session, asked.link.redirectUri, nextPage(options.action, request, session, asked))
  const signIn = (visit: Visit): Reply => {
    const { asked, request, session, form } = visit
    const name = (form.get('username') ?? '').toLowerCase()
    const { password, active } = state.users[name] ?? {}
    if (password === undefined || active !== true || !isSame(password, form.get('password') ?? '')) {
      const page = signInPage(options.action, request.toString(), session.csrf, 'Invalid username or password')
      return show(session, asked.link.redirectUri, page, 401)
    }
    return ask({ ...visit, session: sessions.replace(session, name) })
  }
  return (method, query, body, cookie) => {
    const form = new URLSearchParams(body)
    const request = method === 'POST' ? new URLSearchParams(form.get('query') ?? '') : query
    const asked = judgeAuthorize(state, request)
    if (asked.outcome === 'page') return html(400, errorPage(asked.message))
    if (asked.outcome === 'redirect') return redirect(asked.location)
    if (options.autoConsent) return grant(asked, request, 'admin')
    const session = sessions.find(cookie) ?? sessions.open()
    if (method !== 'POST') return ask({ asked, request, session })
    if (!isSame(form.get('csrf') ?? '', session.csrf)) return html(403, errorPage('The form has expired. Start again.'))
    if (form.get('step') === 'sign-in') return signIn({ asked, request, session, form })
    if (form.get('consent') === 'switch') return ask({ asked, request, session: sessions.replace(session) })
    if (session.user === undefined) return ask({ asked, request, session })
    if (form.get('consent') === 'allow') return grant(asked, request, session.user)
    const denial = { error: 'access_denied', error_description: 'The user denied access' }
    return redirect(redirectWith(asked.link, request, denial))
  }
}

const cookieName = 'SANDBOXSESSION'
const mostSessions = 1000

function createSessions() {
  const sessions = new Map<string, Session>()
  const open = (user?: string): Session => {
    const session: Session = { id: randomText(), csrf: randomText(), user }
    sessions.set(session.id, session)
    const [oldest] = sessions.keys()
    if (sessions.size > mostSessions && oldest !== undefined) sessions.delete(oldest)
    return session
  }
  return {
    open,
    find: (cookie = ''): Session | undefined =>
      sessions.get(new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]+)`, 'u').exec(cookie)?.[1] ?? ''),
    /** Another id for somebody else: one that was known before signing in is worth nothing afterwards. */
    replace: (session: Session, user?: string): Session => {
      sessions.delete(session.id)
      return open(user)
    },
  }
}

function nextPage(action: string, request: URLSearchParams, session: Session, asked: Asked): string {
  if (session.user === undefined) return signInPage(action, request.toString(), session.csrf)
  const { redirectUri } = asked.link
  return consentPage(action, request.toString(), session.csrf, {
    user: session.user,
    redirectUri,
    scopes: asked.scopes,
  })
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** @param target where a form of this page may lead: browsers hold forms to the policy through all redirects. */
function html(status: number, page: string, target = ''): Reply {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `form-action 'self' ${target}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    status,
    text: page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': policy.join('; '),
    },
  }
}

function redirect(location: string): Reply {
  return { status: 302, text: '', headers: { location, 'cache-control': 'no-store' } }
}
