/** Incoming application links: who may ask for consent. A new one shows its secret once. */
import { randomText } from '../state.js'
import { hidden, Html, html } from './html.js'
import { problemNote } from './layout.js'
import { scopes } from './sign-in.js'
import type { Outcome, Page, View } from './view.js'

const path = '/sandbox/links'

export const linksPage: Page = { path, title: 'Links', show, act }

function show(view: View): Html {
  const { host } = view
  const rows = host.state.links.map((link) => {
    const grants = host.state.tokens.filter(
      ({ clientId, rotatedAt, revoked }) => clientId === link.clientId && rotatedAt === undefined && revoked !== true,
    )
    return html`<section class="panel">
      <div class="head">
        <h3>${link.name ?? 'Application link'}</h3>
        <span class="badge">${grants.length} live grants</span>
      </div>
      <dl>
        <dt>Client id</dt>
        <dd><code>${link.clientId}</code></dd>
        <dt>Redirect URL</dt>
        <dd><code>${link.redirectUri}</code></dd>
        <dt>Scopes</dt>
        <dd>${link.scopes.join(', ')}</dd>
      </dl>
      ${view.viewer !== undefined && deletion(view, link.clientId)}
    </section>`
  })
  return html`<h1>Application links</h1>
    <p class="lead">
      An external application needs an incoming link before anybody can allow it something. On a real server:
      Administration, Application links, Create link, External application, Incoming.
    </p>
    ${rows.length === 0 ? html`<p class="empty">There is none.</p>` : rows}
    <h2 id="new">Create link</h2>
    ${creation(view)}`
}

function deletion({ at, session }: View, clientId: string): Html {
  return html`<details>
    <summary>Delete</summary>
    <form class="line" method="post" action="${at(path)}">
      ${hidden({ csrf: session.csrf, do: 'delete', clientId })}
      <p>Every token that was given out through it stops working.</p>
      <button class="danger">Delete this link</button>
    </form>
  </details>`
}

function creation({ at, session, viewer, refused }: View): Html {
  if (viewer === undefined) return html`<p>${logIn(at, path)} to create one.</p>`
  const { sent } = refused ?? {}
  const ticked = sent?.getAll('scope') ?? ['SYSTEM_ADMIN']
  const ticks = scopes.map(
    ([name, text]) =>
      html`<label class="tick"
        ><input type="checkbox" name="scope" value="${name}" ${ticked.includes(name) && new Html(' checked')} /><span
          >${text} <small>${name}</small></span
        ></label
      >`,
  )
  return html`<form class="panel" method="post" action="${at(path)}">
    ${hidden({ csrf: session.csrf, do: 'create' })} ${refused !== undefined && problemNote(refused.problem)}
    <label>Name <input name="name" value="${sent?.get('name') ?? 'bbstate'}" required /></label>
    <label
      >Redirect URL
      <input
        name="redirectUri"
        type="url"
        value="${sent?.get('redirectUri') ?? 'http://localhost:34106/'}"
        required
      /><small>Compared character for character.</small></label
    >
    <fieldset>
      <legend>Application permissions</legend>
      <div class="ticks">${ticks}</div>
    </fieldset>
    <div class="buttons"><button>Save</button></div>
  </form>`
}

/** A link to the sign-in that comes back. */
export function logIn(at: View['at'], back: string): Html {
  return html`<a href="${at('/login')}?next=${encodeURIComponent(back)}">Log in as an administrator</a>`
}

function act(view: View, form: URLSearchParams): Outcome {
  return form.get('do') === 'delete' ? remove(view, form) : create(view, form)
}

function create({ host }: View, form: URLSearchParams): Outcome {
  const name = (form.get('name') ?? '').trim()
  const redirectUri = (form.get('redirectUri') ?? '').trim()
  const chosen = form.getAll('scope').filter((scope) => scopes.some(([known]) => known === scope))
  if (name === '') return { problem: 'The link needs a name.', form: 'create' }
  if (!isRedirect(redirectUri)) {
    return {
      problem: 'The redirect URL must be an http or https URL without a fragment; http is for this machine only.',
      form: 'create',
    }
  }
  const link = {
    name,
    clientId: randomText(),
    clientSecret: randomText(24),
    redirectUri,
    scopes: chosen.length === 0 ? ['PUBLIC_REPOS'] : chosen,
  }
  host.state.links.push(link)
  return {
    done: html`<p><strong>${name}</strong> is there. Copy these now: the secret is not shown again.</p>
      <dl>
        <dt>Client id</dt>
        <dd>
          <div class="copied"><pre id="client-id">${link.clientId}</pre></div>
        </dd>
        <dt>Client secret</dt>
        <dd>
          <div class="copied"><pre id="client-secret">${link.clientSecret}</pre></div>
        </dd>
      </dl>`,
  }
}

/** As the provider has it: https, or this machine. */
function isRedirect(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, hash } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return hash === '' && (protocol === 'https:' || (protocol === 'http:' && isHere))
}

function remove({ host: { state } }: View, form: URLSearchParams): Outcome {
  const clientId = form.get('clientId')
  const link = state.links.find((one) => one.clientId === clientId)
  if (link === undefined) return { problem: 'This link is not there any more.' }
  state.links.splice(state.links.indexOf(link), 1)
  state.codes = state.codes.filter((code) => code.clientId !== clientId)
  for (const pair of state.tokens) if (pair.clientId === clientId) pair.revoked = true
  return { done: `The link ${link.name ?? ''} is deleted, and its tokens with it.` }
}
