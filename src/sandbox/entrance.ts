/** User name and password of a person at a page; after too many wrong ones also characters that a person can read. */
import { randomInt } from 'node:crypto'
import { forgetFailures, isChallenged, noteFailure } from './failed-sign-ins.js'
import { isSame, type Session } from './sessions.js'
import { levelOf, type SandboxState } from './state.js'

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** Who came in, or why nobody did. */
export type Entry = { readonly user: string } | { readonly refusal: string }

/** Watches the door of one server. */
export class Entrance {
  readonly #state: SandboxState

  constructor(state: SandboxState) {
    this.#state = state
  }

  /** Judges what was typed, and leaves a new challenge in the session where one is due. */
  admit(session: Session, form: URLSearchParams): Entry {
    const name = (form.get('username') ?? '').trim().toLowerCase()
    const { challenge } = session
    session.challenge = undefined
    const isDue = isChallenged(this.#state, name)
    const isMet = challenge !== undefined && isSame(challenge, (form.get('captcha') ?? '').trim().toUpperCase())
    if (isDue && !isMet) return this.#refuse(session, name, challenge === undefined ? asked : mistyped)
    const { password, active } = this.#state.users[name] ?? {}
    if (password === undefined || active !== true || !isSame(password, form.get('password') ?? '')) {
      noteFailure(this.#state, name)
      return this.#refuse(session, name, wrong)
    }
    forgetFailures(this.#state, name)
    if (levelOf(this.#state, name) === undefined) return { refusal: unlicensed }
    return { user: name }
  }

  #refuse(session: Session, name: string, refusal: string): Entry {
    const isDue = isChallenged(this.#state, name)
    if (isDue) session.challenge = Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')
    return { refusal: refusal === wrong && isDue ? `${wrong} ${due}` : refusal }
  }
}

const wrong = 'Invalid username or password. Please check the username and password and try again.'
const due = 'There were too many failed attempts: type the characters below, too.'
const asked =
  'CAPTCHA required. Your account has been marked as requiring a CAPTCHA to be solved before it may be used again.'
const mistyped = 'The characters that you typed do not match. Try again.'
const unlicensed = 'You are not currently licensed to use Bitbucket. Please contact your administrator.'
