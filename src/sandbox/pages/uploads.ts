/** What the API takes as a file: hook scripts and X.509 certificates. There is no change of one, as it is a new file. */
import type { Reply } from '../answers.js'
import { hidden, Html, html } from './html.js'
import { problemNote } from './layout.js'
import { callRest, problemOf } from './rest-call.js'
import type { Outcome, SiteHost, View } from './view.js'

const path = '/sandbox/settings'

interface Entry {
  readonly id: number
  readonly shown: Html
}

/** A list of files, by the path of its REST resource behind `/rest`. */
interface Upload {
  readonly id: string
  readonly path: string
  readonly title: string
  /** Of hook scripts the API has no list: the pages look where they are kept. */
  entries(view: View): readonly Entry[]
  inputs(sent: URLSearchParams | undefined): Html
}

const hookScripts: Upload = {
  id: 'hook-scripts',
  path: '/api/latest/hook-scripts',
  title: 'Hook scripts',
  entries: ({ host }) =>
    host.state.instance.hookScripts.map(({ id, name, type, description, version }) => ({
      id,
      shown: html`<b>${name}</b> <span class="badge">${type}</span> version ${version}
        ${description !== '' && html`<br /><small>${description}</small>`}`,
    })),
  inputs: (sent) =>
    html`<label>Name <input name="name" value="${sent?.get('name') ?? ''}" autocomplete="off" required /></label>
      <label
        >Runs
        <select name="type">
          <option value="PRE">before a push is taken (PRE)</option>
          <option value="POST" ${sent?.get('type') === 'POST' && new Html('selected')}>after it (POST)</option>
        </select></label
      >
      <label
        >Description <input name="description" value="${sent?.get('description') ?? ''}" autocomplete="off"
      /></label>
      <label>Script <input type="file" name="content" required /></label>`,
}

interface Certificates {
  readonly values?: readonly { readonly id: number; readonly fingerprint: string }[]
}

const certificates: Upload = {
  id: 'x509-certificates',
  path: '/api/latest/signing/x509-certificates',
  title: 'X.509 certificates',
  entries: ({ host, reader }) => {
    const { status, body }: Reply = callRest(host.rest, reader, 'GET', certificates.path)
    const { values = [] } = status === 200 ? (body as Certificates) : {}
    return values.map(({ id, fingerprint }) => ({ id, shown: html`<code>${fingerprint}</code>` }))
  },
  inputs: () =>
    html`<label
      >Certificate, as PEM <input type="file" name="certificate" accept=".pem,.crt,.cer,.cert" required
    /></label>`,
}

const uploads: readonly Upload[] = [hookScripts, certificates]

/** Whether a resource has its own place here. */
export function isUpload(resource: string): boolean {
  return uploads.some((upload) => upload.path === resource)
}

/** Those of this version. */
export function showUploads(view: View): readonly Html[] {
  return uploads
    .filter(({ path: resource }) => view.host.rest.find('POST', resource).found === 'route')
    .map((upload) => showUpload(view, upload))
}

function showUpload(view: View, upload: Upload): Html {
  const { refused, query } = view
  const { id, title, path: resource } = upload
  const entries = upload.entries(view)
  const isRefused = refused?.form === id
  const isOpen = isRefused || query.get('open') === id
  return html`<details class="setting" id="${id}" ${isOpen && new Html(' open')}>
    <summary>
      <b>${title}</b><span id="value-${id}" data-live>${entries.length === 0 ? 'none' : entries.length}</span>
    </summary>
    <div>
      ${isRefused && problemNote(refused.problem)}${entries.length > 0 && listOf(view, upload, entries)}
      ${view.viewer !== undefined && formOf(view, upload)}
      <p>
        <small><code>${resource}</code></small>
      </p>
    </div>
  </details>`
}

function listOf({ at, session, viewer }: View, upload: Upload, entries: readonly Entry[]): Html {
  const rows = entries.map(({ id, shown }) => {
    const remove = html`<form class="inline" method="post" action="${at(path)}">
      ${hidden({ csrf: session.csrf, setting: upload.id, entry: String(id) })}
      <button class="danger small" name="do" value="remove">Delete</button>
    </form>`
    return html`<tr>
      <td>${shown}</td>
      <td class="number">${viewer !== undefined && remove}</td>
    </tr>`
  })
  return html`<table aria-label="${upload.title}">
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function formOf({ at, session, refused }: View, { id, title, inputs }: Upload): Html {
  const sent = refused?.form === id ? refused.sent : undefined
  return html`<form method="post" enctype="multipart/form-data" action="${at(path)}" aria-label="${title}: one more">
    ${hidden({ csrf: session.csrf, setting: id })}${inputs(sent)}
    <div class="buttons"><button name="do" value="upload">Upload</button></div>
  </form>`
}

/** Carries out what was sent from here; nothing where it was sent from elsewhere. */
export function actOnUpload(
  { host, viewer }: { readonly host: SiteHost; readonly viewer: NonNullable<View['viewer']> },
  form: URLSearchParams,
): Outcome | undefined {
  const upload = uploads.find(({ id }) => id === form.get('setting'))
  if (upload === undefined) return undefined
  const { id, title, path: resource } = upload
  const isRemoval = form.get('do') === 'remove'
  const answer = isRemoval
    ? callRest(host.rest, viewer, 'DELETE', `${resource}/${encodeURIComponent(form.get('entry') ?? '')}`)
    : callRest(host.rest, viewer, 'POST', resource, { form: Object.fromEntries(form) })
  const problem = problemOf(answer)
  return problem === undefined ? { done: `${title}: done.` } : { problem, form: id }
}
