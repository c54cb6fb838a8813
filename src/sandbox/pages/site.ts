/**
 * The pages of the sandbox, one site: who may see and change what, and how a form becomes an answer.
 *
 * Reading is open where nobody but this machine can ask; there the API's own answers are shown, without any secret.
 * Everything that changes something, and everything on other addresses unless it was named, needs an administrator who
 * has signed in. Forms carry the token of their session, and requests that other sites cause are refused.
 */
import type { Reply } from '../answers.js'
import { omnipotent, signedIn } from '../caller.js'
import type { Entrance } from '../entrance.js'
import { parseForm } from '../form.js'
import { headerOf, type Request } from '../rest.js'
import { Session, type Sessions } from '../sessions.js'
import { applicationsPage } from './applications.js'
import { faultsPage } from './faults.js'
import { html } from './html.js'
import { iconAddress, pageReply, redirectReply, scriptAddress, sitePage, styleAddress } from './layout.js'
import { linksPage } from './links.js'
import { liveScript } from './live-script.js'
import { overviewPage } from './overview.js'
import { peoplePage } from './people.js'
import { projectsPage } from './projects.js'
import { requestsPage } from './requests.js'
import { settingsPage } from './settings.js'
import { errorPage, signInPage } from './sign-in.js'
import { icon, styleSheet } from './style.js'
import type { Page, SiteHost, View, Viewer } from './view.js'

const pages: ReadonlyMap<string, Page> = new Map(
  [overviewPage, settingsPage, peoplePage, projectsPage, linksPage, applicationsPage, requestsPage, faultsPage].map(
    (page) => [page.path, page] as const,
  ),
)

const assets: Readonly<Record<string, readonly [type: string, text: string]>> = {
  [styleAddress]: ['text/css; charset=utf-8', styleSheet],
  [scriptAddress]: ['text/javascript; charset=utf-8', liveScript],
  [iconAddress]: ['image/svg+xml', icon],
}

/** What the site is made of. */
export interface SiteOptions {
  readonly host: SiteHost
  /** The context path. */
  readonly base: string
  readonly sessions: Sessions
  readonly entrance: Entrance
  /** Whether settings may be read without signing in. */
  readonly isOpen: boolean
}

/** Whether a path belongs to the pages; what is asked there is neither logged nor met by faults. */
export function isPagePath(path: string): boolean {
  return path === '/' || path === '/login' || path === '/logout' || path === '/sandbox' || path.startsWith('/sandbox/')
}

/** The site of a running sandbox. */
export class Site {
  readonly #options: SiteOptions

  constructor(options: SiteOptions) {
    this.#options = options
  }

  /** Whether this request may follow what happens. */
  mayFollow(request: Request): boolean {
    const session = this.#options.sessions.find(headerOf(request, 'cookie'))
    return refuseForeign(request) === undefined && (this.#options.isOpen || this.#viewerOf(session) !== undefined)
  }

  answer(request: Request): Reply {
    const { path, method } = request
    const { sessions } = this.#options
    const asset = Object.hasOwn(assets, path) ? assets[path] : undefined
    if (asset !== undefined) return assetReply(asset)
    if (refuseForeign(request) !== undefined) return this.#refuse(403, 'Another site caused this request.')
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
      return this.#refuse(405, 'This page takes no such request.')
    const known = sessions.find(headerOf(request, 'cookie'))
    if (known !== undefined) return this.#route(request, known)
    // Only whoever is about to sign in needs one that lasts.
    if (path !== '/login' || method === 'POST') return this.#route(request, new Session())
    const session = sessions.open()
    const reply = this.#route(request, session)
    return { ...reply, headers: { ...reply.headers, 'set-cookie': sessions.cookieOf(session) } }
  }

  #route(request: Request, session: Session): Reply {
    const { path, method } = request
    const form = method === 'POST' ? formOf(request) : undefined
    if (form !== undefined && !session.owns(form))
      return this.#refuse(403, 'The form has expired. Load the page again.')
    if (path === '/login') return this.#logIn(request, session, form)
    if (path === '/logout') return this.#logOut(session, form)
    const page = pages.get(path === '/sandbox' ? '/' : path)
    if (page === undefined) return this.#refuse(404, 'There is no such page.')
    return this.#visit(page, request, session, form)
  }

  #visit(page: Page, request: Request, session: Session, form: URLSearchParams | undefined): Reply {
    const viewer = this.#viewerOf(session)
    const isPersonal = page.isPersonal === true
    const mayAct = viewer !== undefined && (isPersonal || isAdministrator(viewer))
    const maySee = mayAct || (this.#options.isOpen && !isPersonal)
    if (!maySee || (form !== undefined && !mayAct)) return this.#askForSignIn(page, viewer)
    const view = this.#viewOf(request, session, mayAct ? viewer : undefined)
    return form === undefined ? this.#show(page, view) : this.#act(page, view, form)
  }

  #viewerOf(session: Session | undefined): Viewer | undefined {
    const { user } = session ?? {}
    return user === undefined ? undefined : signedIn(this.#options.host.state, user)
  }

  #viewOf(request: Request, session: Session, viewer: Viewer | undefined): View {
    const { host, base } = this.#options
    return { host, session, viewer, reader: viewer ?? omnipotent, query: request.query, at: (path) => base + path }
  }

  #show(page: Page, view: View, status = 200): Reply {
    return pageReply(status, sitePage(view, page, page.show(view)))
  }

  #act(page: Page, view: View, form: URLSearchParams): Reply {
    const { viewer, session } = view
    if (page.act === undefined || viewer === undefined) return this.#refuse(405, 'There is nothing to change here.')
    const outcome = page.act({ ...view, viewer }, form)
    if ('problem' in outcome) {
      const { problem, form: where } = outcome
      return this.#show(page, { ...view, refused: { problem, form: where, sent: form } }, 400)
    }
    const { done } = outcome
    view.host.save()
    session.leaveNotice(
      html`<div class="note good" role="status">${typeof done === 'string' ? html`<p>${done}</p>` : done}</div>`,
    )
    const open = form.get('setting')
    return redirectReply(
      view.at(page.path) + (open === null ? '' : `?open=${encodeURIComponent(open)}#${encodeURIComponent(open)}`),
    )
  }

  #askForSignIn(page: Page, viewer: Viewer | undefined): Reply {
    if (viewer !== undefined)
      return this.#refuse(403, `${viewer.user} is no administrator. Log in with another account.`)
    return redirectReply(`${this.#options.base}/login?next=${encodeURIComponent(page.path)}`)
  }

  #logIn(request: Request, session: Session, form: URLSearchParams | undefined): Reply {
    const { base, sessions, entrance } = this.#options
    const next = form?.get('next') ?? request.query.get('next') ?? '/'
    const page = (status: number, refused?: Parameters<typeof signInPage>[4]): Reply =>
      pageReply(status, signInPage(base, `${base}/login`, session, { next }, refused))
    if (form === undefined) return page(200)
    const entry = entrance.admit(session, form)
    if ('refusal' in entry) return page(401, { ...entry, username: form.get('username') ?? '' })
    const reply = redirectReply(base + (pages.has(next) ? next : '/'))
    const own = sessions.replace(session, entry.user)
    return { ...reply, headers: { ...reply.headers, 'set-cookie': sessions.cookieOf(own) } }
  }

  #logOut(session: Session, form: URLSearchParams | undefined): Reply {
    const { base, sessions } = this.#options
    const reply = redirectReply(`${base}/`)
    if (form === undefined) return reply
    return { ...reply, headers: { ...reply.headers, 'set-cookie': sessions.cookieOf(sessions.replace(session)) } }
  }

  #refuse(status: number, message: string): Reply {
    return pageReply(status, errorPage(this.#options.base, message))
  }
}

/** A form with a file comes in parts; one that cannot be read has no token either, and is refused. */
function formOf(request: Request): URLSearchParams {
  const type = headerOf(request, 'content-type') ?? ''
  if (!/^multipart\//iu.test(type)) return new URLSearchParams(request.body.toString())
  return new URLSearchParams(Object.entries(parseForm(type, request.body) ?? {}))
}

function isAdministrator({ level }: Viewer): boolean {
  return level === 'ADMIN' || level === 'SYS_ADMIN'
}

function assetReply([type, text]: readonly [string, string]): Reply {
  return {
    status: 200,
    text,
    headers: { 'content-type': type, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' },
  }
}

/**
 * Browsers say where a request comes from. Another site may lead a person here by a link; it may not send forms, and it
 * may not load anything in the background.
 */
export function refuseForeign(request: Request): 'foreign' | undefined {
  const site = headerOf(request, 'sec-fetch-site') ?? 'none'
  const origin = headerOf(request, 'origin')
  const host = headerOf(request, 'host') ?? ''
  const isNavigation = request.method === 'GET' && headerOf(request, 'sec-fetch-mode') === 'navigate'
  if (origin !== undefined && origin.replace(/^https?:\/\//u, '') !== host) return 'foreign'
  return site === 'same-origin' || site === 'none' || isNavigation ? undefined : 'foreign'
}
