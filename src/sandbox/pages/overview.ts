/** The first page: what this server is, what is on it, and how to connect to it. */
import type { SandboxState } from '../state.js'
import { type Html, html } from './html.js'
import { requestTable } from './requests.js'
import type { Page, SiteHost, View } from './view.js'

export const overviewPage: Page = { path: '/', title: 'Overview', show }

function show(view: View): Html {
  const { host } = view
  return html`<h1>Bitbucket Data Center sandbox</h1>
    <p class="lead">Answers like Bitbucket ${host.version}. Try what you like: nothing here is real.</p>
    <div id="counts" data-live>${tiles(view)}</div>
    <div class="columns">
      <section class="panel" aria-labelledby="server">
        <h2 id="server">Server</h2>
        ${facts(host)}
      </section>
      <section class="panel" aria-labelledby="connect">
        <h2 id="connect">Connect bbstate</h2>
        ${connect(host)}
      </section>
    </div>
    <section class="panel" aria-labelledby="latest">
      <div class="head">
        <h2 id="latest">Latest requests</h2>
        <span class="live" role="status"></span>
      </div>
      <div id="log" data-live>${requestTable(host.requests.slice(-8).reverse())}</div>
      <p><a href="${view.at('/sandbox/requests')}">All requests</a></p>
    </section>`
}

/** What is counted, and where it is shown. */
function tiles({ host, at }: View): Html {
  const { state } = host
  const { repositories } = state.instance
  const counts = [
    [Object.keys(state.users).length, 'users', '/sandbox/people'],
    [Object.keys(state.groups).length, 'groups', '/sandbox/people#groups'],
    [state.code.projects.length, 'projects', '/sandbox/projects'],
    [repositories.length, 'repositories', '/sandbox/projects'],
    [state.links.length, 'links', '/sandbox/links'],
    [liveGrants(state), 'live grants', '/sandbox/applications'],
    [Object.values(host.requestCounts).reduce((sum, count) => sum + count, 0), 'requests', '/sandbox/requests'],
    [host.faults.length, 'faults armed', '/sandbox/faults'],
  ] as const
  const items = counts.map(
    ([count, what, path]) =>
      html`<li>
        <a href="${at(path)}"><b>${count}</b>${what}</a>
      </li>`,
  )
  return html`<ul class="tiles">
    ${items}
  </ul>`
}

function liveGrants({ tokens }: SandboxState): number {
  return tokens.filter(({ rotatedAt, revoked }) => rotatedAt === undefined && revoked !== true).length
}

function facts(host: SiteHost): Html {
  const { license } = host.state.instance
  const seats = license === null ? 'none' : `${license.maximumNumberOfUsers} users, until ${dayOf(license.expiryDate)}`
  const { status } = host.state
  return html`<dl>
    <dt>Base URL</dt>
    <dd><code>${host.url}</code></dd>
    <dt>Version</dt>
    <dd>${host.version}</dd>
    <dt>State</dt>
    <dd><span class="badge ${status === 'RUNNING' ? 'good' : 'bad'}">${status}</span></dd>
    <dt>Licence</dt>
    <dd>${seats}</dd>
    <dt>Kept in</dt>
    <dd>
      ${host.dataDir === undefined ? 'memory: it is gone when the sandbox stops' : html`<code>${host.dataDir}</code>`}
    </dd>
    ${
      host.caFile !== undefined &&
      html`<dt>CA file</dt>
        <dd><code>${host.caFile}</code></dd>`
    }
    <dt>API</dt>
    <dd>
      <a href="${host.url}/rest/api/latest/application-properties">application-properties</a> ·
      <a href="${host.url}/status">status</a>
    </dd>
  </dl>`
}

function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

function connect(host: SiteHost): Html {
  const [link] = host.state.links
  if (link === undefined) return html`<p>There is no application link. Make one under Links.</p>`
  const trust = host.caFile === undefined ? '' : `export BBSTATE_CA_FILE=${host.caFile}\n`
  const setting = `export BBSTATE_URL=${host.url}\nexport BBSTATE_CLIENT_ID=${link.clientId}\n${trust}`
  return html`<p>
      In a terminal. The secret of this link was printed when the sandbox started; a new link under Links has a new one.
    </p>
    <div class="copied">
      <pre>
${setting}export BBSTATE_CLIENT_SECRET=…
bbstate auth login --redirect-uri ${link.redirectUri}</pre>
    </div>
    <p>Then write the first configuration from what is live, change it, and see the plan:</p>
    <div class="copied">
      <pre>
bbstate export --out bbstate
bbstate plan
bbstate drift</pre>
    </div>`
}
