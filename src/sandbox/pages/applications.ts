/** What the person who has signed in allowed to applications, and the way to take it back. */
import type { TokenPair } from '../state.js'
import { hidden, type Html, html } from './html.js'
import { scopeList } from './sign-in.js'
import type { Outcome, Page, View } from './view.js'

const path = '/sandbox/applications'

export const applicationsPage: Page = { path, title: 'Applications', isPersonal: true, show, act }

/** The live grants of somebody: the newest pair of each family. */
function grantsOf({ host, viewer }: View): readonly TokenPair[] {
  const isOpen = ({ user, rotatedAt, revoked }: TokenPair): boolean =>
    user === viewer?.user && rotatedAt === undefined && revoked !== true
  return host.state.tokens.filter((pair) => isOpen(pair) && pair.refreshExpiresAt > host.rest.now())
}

function show(view: View): Html {
  const { host, at, session, viewer } = view
  const rows = grantsOf(view).map(({ family, clientId, scopes, accessExpiresAt, refreshExpiresAt }) => {
    const link = host.state.links.find((one) => one.clientId === clientId)
    return html`<section class="panel">
      <h3>${link?.name ?? 'An application'}</h3>
      ${scopeList(scopes)}
      <dl>
        <dt>Client id</dt>
        <dd><code>${clientId}</code></dd>
        <dt>Access token until</dt>
        <dd>${timeOf(accessExpiresAt)}</dd>
        <dt>Refresh token until</dt>
        <dd>${timeOf(refreshExpiresAt)}</dd>
      </dl>
      <form method="post" action="${at(path)}">
        ${hidden({ csrf: session.csrf, family })}
        <div class="buttons"><button class="danger">Revoke access</button></div>
      </form>
    </section>`
  })
  return html`<h1>Authorized applications</h1>
    <p class="lead">What you, ${viewer?.user}, have allowed. On a real server this is in your profile.</p>
    <div id="grants" data-live>
      ${rows.length === 0 ? html`<p class="empty">You have allowed nothing to anybody.</p>` : rows}
    </div>`
}

function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function act(view: View, form: URLSearchParams): Outcome {
  const grant = grantsOf(view).find(({ family }) => family === form.get('family'))
  if (grant === undefined) return { problem: 'This application has no access any more.' }
  for (const pair of view.host.state.tokens) if (pair.family === grant.family) pair.revoked = true
  return { done: 'Its tokens do not work any more.' }
}
