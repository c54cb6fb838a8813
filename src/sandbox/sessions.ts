/** Sessions of browsers: who has signed in, and the token that every form of theirs must carry. */
import { timingSafeEqual } from 'node:crypto'
import type { Html } from './pages/html.js'
import { levelOf, randomText, type SandboxState } from './state.js'

const mostSessions = 1000

/** One browser. */
export class Session {
  readonly id = randomText()
  readonly csrf = randomText()
  /** Name of the account, lower-case; `undefined` before somebody signs in. */
  readonly user: string | undefined
  /** What a person must type after too many wrong passwords; another one after each attempt. */
  challenge: string | undefined
  #notice: Html | undefined

  constructor(user?: string) {
    this.user = user
  }

  /** Keeps something for the next page, which alone shows it. */
  leaveNotice(notice: Html): void {
    this.#notice = notice
  }

  takeNotice(): Html | undefined {
    const notice = this.#notice
    this.#notice = undefined
    return notice
  }

  /** Whether a form came from a page of this session. */
  owns(form: URLSearchParams): boolean {
    return isSame(form.get('csrf') ?? '', this.csrf)
  }
}

/** All sessions of a server; they end with it. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #state: SandboxState
  readonly #describeCookie: () => { readonly name: string; readonly attributes: string }

  /** @param describeCookie known once the server listens: cookies are shared by all ports of a host, so the name has it. */
  constructor(state: SandboxState, describeCookie: () => { readonly name: string; readonly attributes: string }) {
    this.#state = state
    this.#describeCookie = describeCookie
  }

  open(user?: string): Session {
    const session = new Session(user)
    this.#sessions.set(session.id, session)
    if (this.#sessions.size > mostSessions) this.#dropOldest()
    return session
  }

  /** The session of a cookie. Whoever was deleted, deactivated or lost the licence meanwhile has none. */
  find(cookie = ''): Session | undefined {
    const { name } = this.#describeCookie()
    const [, id = ''] = new RegExp(`(?:^|;\\s*)${name}=([\\w-]+)`, 'u').exec(cookie) ?? []
    const session = this.#sessions.get(id)
    const { user } = session ?? {}
    const isWelcome =
      user === undefined || (this.#state.users[user]?.active === true && levelOf(this.#state, user) !== undefined)
    return isWelcome ? session : undefined
  }

  /** Another id for somebody else: one that was known before signing in is worth nothing afterwards. */
  replace(session: Session, user?: string): Session {
    this.#sessions.delete(session.id)
    return this.open(user)
  }

  /** Whoever only looks must not push out those who have signed in. */
  #dropOldest(): void {
    const all = [...this.#sessions.values()]
    const oldest = all.find(({ user }) => user === undefined) ?? all[0]
    if (oldest !== undefined) this.#sessions.delete(oldest.id)
  }

  /** The value of `Set-Cookie`. */
  cookieOf(session: Session): string {
    const { name, attributes } = this.#describeCookie()
    return `${name}=${session.id}; HttpOnly; SameSite=Lax; ${attributes}`
  }
}

/** Compares without telling by its time how much is right. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
