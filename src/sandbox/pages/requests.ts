/** The request log: who asked for what, what came of it, and how long it took. No header and no body is ever kept. */
import type { RequestRecord } from '../request-log.js'
import { hidden, type Html, html } from './html.js'
import { isAsked, searchPanel, stackTable } from './table.js'
import type { Page, View } from './view.js'

const shown = 200

export const requestsPage: Page = { path: '/sandbox/requests', title: 'Requests', reloads: true, show, act }

/** One line a request, newest first. */
export function requestTable(records: readonly RequestRecord[]): Html {
  if (records.length === 0) return html`<p class="empty">Nothing has been asked yet.</p>`
  const rows = records.map(
    ({ at, method, path, status, user, milliseconds }) =>
      html`<tr>
        <td>${new Date(at).toISOString().slice(11, 19)}</td>
        <td class="method">${method}</td>
        <td class="wide"><code>${path}</code></td>
        <td><span class="badge ${tone(status)}">${status === 0 ? 'cut' : status}</span></td>
        <td>${user ?? html`<span class="dim">nobody</span>`}</td>
        <td class="number">${milliseconds.toFixed(1)} ms</td>
      </tr>`,
  )
  return stackTable(['Time (UTC)', 'Method', 'Path', 'Status', 'Who', { number: 'Took' }], rows)
}

function tone(status: number): string {
  return status === 0 || status >= 500 ? 'bad' : status >= 400 ? 'warn' : status >= 200 && status < 300 ? 'good' : ''
}

function show(view: View): Html {
  const { host, at, viewer, session } = view
  const isWanted = ({ method, path, status, user }: RequestRecord): boolean =>
    isAsked(view, `${method} ${path} ${status} ${user ?? 'nobody'}`)
  const found = host.requests.filter(isWanted)
  const counts = Object.entries(host.requestCounts).map(([method, count]) => `${count} ${method}`)
  const forget = html`<form method="post" action="${at('/sandbox/requests')}">
    ${hidden({ csrf: session.csrf })}
    <div class="buttons"><button class="plain">Forget them all</button></div>
  </form>`
  return html`<div class="head">
      <div>
        <h1>Requests</h1>
        <p class="lead">
          What clients asked of the APIs. These pages are not counted, and no header, token or body is kept.
        </p>
      </div>
      <span class="live" role="status">Loads itself again every 5 seconds</span>
    </div>
    ${searchPanel(view, '/sandbox/requests', 'Only with', 'PUT, banner, 404, admin')}
    <section class="panel" id="log" data-live aria-label="Request log">
      <p class="dim">
        ${counts.length === 0 ? 'None so far.' : `${counts.join(', ')}. `}${found.length > shown && `The newest ${shown} of ${found.length} are shown.`}
      </p>
      ${requestTable(found.slice(-shown).reverse())}
    </section>
    ${viewer !== undefined && forget}`
}

function act({ host }: View): { done: string } {
  host.forgetRequests()
  return { done: 'The log is empty.' }
}
