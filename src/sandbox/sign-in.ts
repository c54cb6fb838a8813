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
  readonly csrf: string
  user?: string
}

type Asked = Extract<Authorize, { outcome: 'ask' }>

/** Handles `GET` and `POST` of the authorize endpoint. Sessions live in a cookie that only this path sees. */
export function createSignIn(
  state: SandboxState,
  oauth: OAuthOptions,
  options: SignInOptions,
): (method: string, query: URLSearchParams, body: string, cookie: string | undefined) => Reply {
  const sessions = new Map<string, Session>()
  const open = (cookie: string | undefined): readonly [string, Session] => {
    const id = /(?:^|;\s*)SANDBOXSESSION=([\w-]+)/u.exec(cookie ?? '')?.[1]
    const known = id === undefined ? undefined : sessions.get(id)
    if (id !== undefined && known !== undefined) return [id, known]
    const fresh: readonly [string, Session] = [randomText(), { csrf: randomText() }]
    sessions.set(...fresh)
    return fresh
  }
  const grant = (asked: Asked, query: URLSearchParams, user: string): Reply =>
    redirect(grantCode(state, oauth, options.now(), query, asked, user))
  return (method, query, body, cookie) => {
    const form = new URLSearchParams(body)
    const request = method === 'POST' ? new URLSearchParams(form.get('query') ?? '') : query
    const asked = judgeAuthorize(state, request)
    if (asked.outcome === 'page') return html(400, errorPage(asked.message))
    if (asked.outcome === 'redirect') return redirect(asked.location)
    if (options.autoConsent) return grant(asked, request, 'admin')
    const [id, session] = open(cookie)
    const answer = (page: string, status = 200): Reply => {
      const reply = html(status, page)
      reply.headers = {
        ...reply.headers,
        'set-cookie': `SANDBOXSESSION=${id}; HttpOnly; SameSite=Lax; Path=${options.action}`,
      }
      return reply
    }
    const ask = (): Reply => answer(nextPage(options.action, request, session, asked))
    if (method !== 'POST') return ask()
    if (!isSame(form.get('csrf') ?? '', session.csrf))
      return answer(errorPage('The form has expired. Start again.'), 403)
    if (form.get('step') === 'sign-in') {
      const name = (form.get('username') ?? '').toLowerCase()
      const password = state.users[name]?.password
      if (password === undefined || !isSame(password, form.get('password') ?? '')) {
        return answer(signInPage(options.action, request.toString(), session.csrf, 'Invalid username or password'), 401)
      }
      session.user = name
      return ask()
    }
    if (session.user === undefined) return ask()
    if (form.get('consent') === 'allow') return grant(asked, request, session.user)
    return redirect(
      redirectWith(asked.link, request, { error: 'access_denied', error_description: 'The user denied access' }),
    )
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

function html(status: number, page: string): Reply {
  return {
    status,
    text: page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  }
}

function redirect(location: string): Reply {
  return { status: 302, text: '', headers: { location, 'cache-control': 'no-store' } }
}
