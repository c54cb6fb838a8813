/** Sign-in, consent and what is wrong with a request. */
import type { Session } from '../sessions.js'
import { hidden, type Html, html } from './html.js'
import { barePage, problemNote } from './layout.js'

/** Asks for user name and password. @param carried fields that the form brings back. */
export function signInPage(
  base: string,
  action: string,
  session: Session,
  carried: Readonly<Record<string, string>>,
  refused?: { readonly refusal: string; readonly username: string },
): string {
  const { challenge } = session
  const captcha = html`<label
    >Characters <span><code class="badge">${challenge?.split('').join(' ')}</code></span>
    <input name="captcha" autocomplete="off" autocapitalize="characters" required /><small
      >A real server shows a picture.</small
    ></label
  >`
  return barePage(
    base,
    'Log in',
    html`<h1>Log in</h1>
      <p class="dim">Every account has the password that the sandbox printed when it started.</p>
      ${refused !== undefined && problemNote(refused.refusal)}
      <form method="post" action="${action}">
        ${hidden({ ...carried, csrf: session.csrf })}
        <label
          >Username
          <input
            name="username"
            autocomplete="username"
            autocapitalize="none"
            value="${refused?.username}"
            required
            autofocus
        /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
        ${challenge !== undefined && captcha}
        <div class="buttons"><button>Log in</button></div>
      </form>`,
  )
}

const scopeTexts: Readonly<Record<string, string>> = {
  PUBLIC_REPOS: 'See and clone public projects and repositories',
  ACCOUNT_WRITE: 'Change your own account settings',
  REPO_READ: 'See, clone and fork what you can see; comment on pull requests',
  REPO_WRITE: 'Push and merge',
  REPO_ADMIN: 'Change settings and permissions of repositories',
  PROJECT_ADMIN: 'Change settings and permissions of projects, create repositories',
  ADMIN_WRITE: 'Most administration of the whole server',
  SYSTEM_ADMIN: 'Everything that you may, settings of the system included',
}

/** The scopes of an incoming link, weakest first, with what each allows. */
export const scopes = Object.entries(scopeTexts)

/** Scopes with what they allow. */
export function scopeList(names: readonly string[]): Html {
  const items = names.map((name) => html`<li><code>${name}</code><small>${scopeTexts[name]}</small></li>`)
  return html`<ul class="scopes">
    ${items}
  </ul>`
}

/** Asks for consent. */
export function consentPage(
  base: string,
  action: string,
  carried: Readonly<Record<string, string>>,
  about: {
    readonly user: string
    readonly redirectUri: string
    readonly scopes: readonly string[]
    readonly name: string
  },
): string {
  return barePage(
    base,
    'Allow access',
    html`<h1>Allow access to your account?</h1>
      <p>
        <strong>${about.name}</strong> at <code>${new URL(about.redirectUri).host}</code> wants to act as
        <strong>${about.user}</strong> with these permissions:
      </p>
      ${scopeList(about.scopes)}
      <p class="dim">It can do no more than you can. You can take this back under Applications.</p>
      <form method="post" action="${action}">
        ${hidden(carried)}
        <div class="buttons">
          <button name="consent" value="allow">Allow</button>
          <button class="plain" name="consent" value="deny">Deny</button>
          <button class="plain" name="consent" value="switch">Use another account</button>
        </div>
      </form>`,
  )
}

/** Says what is wrong with a request, and what to do. */
export function errorPage(base: string, message: string, advice?: Html): string {
  return barePage(
    base,
    'Error',
    html`<h1>This request cannot be served</h1>
      <p role="alert">${message}</p>
      ${advice}
      <p><a href="${base}/">Back to the overview</a></p>`,
  )
}
