/** The authorize endpoint: sign-in, consent, and the redirect with a code. */
import type { Reply } from './answers.js'
import type { Entrance } from './entrance.js'
import { type Authorize, grantCode, judgeAuthorize, type OAuthOptions, redirectWith } from './oauth.js'
import { type Html, html } from './pages/html.js'
import { pageReply, redirectReply } from './pages/layout.js'
import { consentPage, errorPage, signInPage } from './pages/sign-in.js'
import type { Session, Sessions } from './sessions.js'
import type { SandboxState } from './state.js'

/** What the pages need to know of the server. */
export interface SignInOptions {
  /** The context path. */
  readonly base: string
  readonly autoConsent: boolean
  readonly sessions: Sessions
  readonly entrance: Entrance
  now(): number
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

/** Handles `GET` and `POST` of the authorize endpoint. */
export function createSignIn(
  state: SandboxState,
  oauth: OAuthOptions,
  options: SignInOptions,
): (method: string, query: URLSearchParams, body: string, cookie: string | undefined) => Reply {
  const { base, sessions, entrance } = options
  const action = `${base}/rest/oauth2/latest/authorize`
  const grant = (asked: Asked, request: URLSearchParams, user: string): Reply =>
    redirectReply(grantCode(state, oauth, options.now(), request, asked, user), 302)
  const show = (session: Session, redirectUri: string, page: string, status = 200): Reply => {
    const reply = pageReply(status, page, new URL(redirectUri).origin)
    return { ...reply, headers: { ...reply.headers, 'set-cookie': sessions.cookieOf(session) } }
  }
  const ask = ({ asked, request, session }: Omit<Visit, 'form'>): Reply => {
    const { link } = asked
    const carried = { query: request.toString() }
    if (session.user === undefined) {
      return show(session, link.redirectUri, signInPage(base, action, session, { ...carried, step: 'sign-in' }))
    }
    const about = {
      user: session.user,
      redirectUri: link.redirectUri,
      scopes: asked.scopes,
      name: link.name ?? 'An application',
    }
    const fields = { ...carried, step: 'consent', csrf: session.csrf }
    return show(session, link.redirectUri, consentPage(base, action, fields, about))
  }
  const signIn = (visit: Visit): Reply => {
    const { asked, request, session, form } = visit
    const entry = entrance.admit(session, form)
    if ('user' in entry) return ask({ ...visit, session: sessions.replace(session, entry.user) })
    const refused = { ...entry, username: form.get('username') ?? '' }
    const page = signInPage(base, action, session, { query: request.toString(), step: 'sign-in' }, refused)
    return show(session, asked.link.redirectUri, page, 401)
  }
  return (method, query, body, cookie) => {
    const form = new URLSearchParams(body)
    const request = method === 'POST' ? new URLSearchParams(form.get('query') ?? '') : query
    const asked = judgeAuthorize(state, oauth, request)
    if (asked.outcome === 'page') return pageReply(400, errorPage(base, asked.message, advise(base, request)))
    if (asked.outcome === 'redirect') return redirectReply(asked.location, 302)
    if (options.autoConsent) return grant(asked, request, 'admin')
    const session = sessions.find(cookie) ?? sessions.open()
    if (method !== 'POST') return ask({ asked, request, session })
    if (!session.owns(form)) return pageReply(403, errorPage(base, 'The form has expired. Start again.'))
    if (form.get('step') === 'sign-in') return signIn({ asked, request, session, form })
    if (form.get('consent') === 'switch') return ask({ asked, request, session: sessions.replace(session) })
    if (session.user === undefined) return ask({ asked, request, session })
    if (form.get('consent') === 'allow') return grant(asked, request, session.user)
    const denial = { error: 'access_denied', error_description: 'The user denied access' }
    return redirectReply(redirectWith(asked.link, request, denial), 302)
  }
}

/** Shows what was sent, for whoever compares it with the link. */
function advise(base: string, request: URLSearchParams): Html {
  const sent = ['client_id', 'redirect_uri'].map(
    (name) =>
      html`<dt>${name}</dt>
        <dd>${request.has(name) ? html`<code>${request.get(name) ?? ''}</code>` : 'not sent'}</dd>`,
  )
  return html`<dl>${sent}</dl>
    <p>
      Compare this, character for character, with the <a href="${base}/sandbox/links">application link</a>. Nobody is
      sent to an address that is not registered there.
    </p>`
}
