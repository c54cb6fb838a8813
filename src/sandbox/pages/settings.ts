/** Every setting of the instance, read and changed by hand: that is how drift is made. */
import type { Reply } from '../answers.js'
import { allRoutes } from '../routes.js'
import type { Route } from '../router.js'
import { hidden, Html, html } from './html.js'
import { logIn } from './links.js'
import { problemNote } from './layout.js'
import { callRest, problemOf } from './rest-call.js'
import { bodyOf, type Field, readField, type SettingForm, settingForms } from './setting-forms.js'
import { actOnUpload, isUpload, showUploads } from './uploads.js'
import type { Outcome, Page, SiteHost, View } from './view.js'

const path = '/sandbox/settings'

export const settingsPage: Page = { path, title: 'Settings', show, act }

/** A setting, and the methods that its resource has. */
interface Setting extends SettingForm {
  readonly methods: ReadonlySet<string>
}

/** Lists that the page of people shows. */
const elsewhere = /^\/api\/latest\/admin\/(?:users|groups|permissions)\b/u

/** Those with a form, then every other resource of the administration, so that none is missing. */
function settingsOf({ rest, version }: SiteHost): readonly Setting[] {
  const routes = allRoutes(rest.features, version).filter(({ takesForm }) => takesForm !== true)
  const pathOf = (route: Route): string => route.path.replace('{version}', 'latest').replace('{scm}', 'git')
  const methods = new Map<string, Set<string>>()
  for (const route of routes) methods.set(pathOf(route), (methods.get(pathOf(route)) ?? new Set()).add(route.method))
  const known = settingForms(rest.features)
  const isOther = (route: Route): boolean =>
    route.method === 'GET' &&
    /ADMIN$/u.test(route.needs) &&
    !pathOf(route).includes('{') &&
    !elsewhere.test(pathOf(route)) &&
    !isUpload(pathOf(route)) &&
    !known.some((one) => one.path === pathOf(route))
  const others = routes.filter(isOther).map((route) => ({ path: pathOf(route), title: pathOf(route) }))
  return [...known, ...others].flatMap((one) => {
    const found = methods.get(one.path)
    return found === undefined ? [] : [{ ...one, methods: found }]
  })
}

function show(view: View): Html {
  const rows = settingsOf(view.host).map((setting) => settingRow(view, setting))
  return html`<div class="head">
      <div>
        <h1>Settings</h1>
        <p class="lead">
          What the REST API says of the instance. Change one by hand, and <code>bbstate drift</code> finds it.
        </p>
      </div>
      <span class="live" role="status"></span>
    </div>
    ${view.viewer === undefined && html`<p>${logIn(view.at, path)} to change something.</p>`}${rows}${showUploads(view)}
    <h2 id="other">Any other request</h2>
    ${view.viewer !== undefined && requestForm(view)}`
}

function idOf(setting: SettingForm): string {
  return setting.path.replaceAll(/[^a-z]+/giu, '-').replaceAll(/^-|-$/gu, '')
}

function settingRow(view: View, setting: Setting): Html {
  const { host, reader, refused, query } = view
  const id = idOf(setting)
  const answer = callRest(host.rest, reader, 'GET', setting.path)
  const isOpen = refused?.form === id || query.get('open') === id
  return html`<details class="setting" id="${id}" ${isOpen && new Html(' open')}>
    <summary><b>${setting.title}</b><span id="value-${id}" data-live>${summarize(setting, answer)}</span></summary>
    <div>
      ${refused?.form === id && problemNote(refused.problem)}${view.viewer === undefined ? json(answer) : formOf(view, setting, answer)}
      <p>
        <small><code>${setting.path}</code></small>
      </p>
    </div>
  </details>`
}

function summarize({ fields }: SettingForm, { status, body }: Reply): string {
  if (status === 404 || status === 204 || body === undefined) return 'not set'
  if (status >= 400) return `status ${status}`
  const values = (body as { values?: unknown }).values
  if (Array.isArray(values)) return values.length === 0 ? 'none' : `${values.length}: ${shorten(values)}`
  if (fields === undefined) return shorten(body)
  const texts = fields.flatMap((field) => {
    const value = readField(body, field)
    return value === undefined || value === null ? [] : [`${field.label}: ${String(value)}`]
  })
  return texts.length === 0 ? 'not set' : texts.join(' · ')
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 140 ? `${text.slice(0, 140)}…` : text
}

function json({ body }: Reply): Html {
  return html`<pre tabindex="0">${body === undefined ? 'nothing' : JSON.stringify(body, null, 2)}</pre>`
}

function formOf(view: View, setting: Setting, answer: Reply): Html {
  const { at, session, refused } = view
  const id = idOf(setting)
  const method = writerOf(setting)
  const isList = Array.isArray((answer.body as { values?: unknown } | undefined)?.values)
  if (method === undefined) return json(answer)
  const sent = refused?.form === id ? refused.sent : undefined
  const inputs =
    setting.fields?.map((field) => inputOf(field, sent, answer.body)) ??
    html`<label
      >${isList ? 'One more, as JSON' : 'JSON'}
      <textarea name="json" spellcheck="false" rows="8">
${sent?.get('json') ?? (isList ? '' : draftOf(setting, answer))}</textarea>
    </label>`
  const clear =
    setting.methods.has('DELETE') && html`<button class="danger" name="do" value="clear" formnovalidate>Reset</button>`
  return html`${isList && json(answer)}
    <form method="post" action="${at(path)}">
      ${hidden({ csrf: session.csrf, setting: id })}${inputs}
      <div class="buttons">
        <button name="do" value="write">${method === 'POST' && isList ? 'Add' : 'Save'}</button>${clear}
      </div>
    </form>`
}

/** What there is, as the resource wants it back. */
function draftOf({ draft }: Setting, { status, body }: Reply): string {
  const known = status === 200 ? (body ?? {}) : {}
  return JSON.stringify(draft === undefined ? known : draft(known), null, 2)
}

function writerOf({ methods, inPath }: Setting): string | undefined {
  return inPath === true ? 'PUT' : ['PUT', 'PATCH', 'POST'].find((method) => methods.has(method))
}

function inputOf(field: Field, sent: URLSearchParams | undefined, body: unknown): Html {
  const { name, label, type } = field
  const live = readField(body, field)
  const value = sent?.get(name) ?? (live === undefined || live === null ? '' : String(live))
  if (type === 'switch') {
    const isOn = sent === undefined ? live === true : sent.get(name) === 'on'
    return html`<label class="tick"
      ><input type="checkbox" name="${name}" ${isOn && new Html(' checked')} />${label}</label
    >`
  }
  if (type === 'area') return html`<label>${label} <textarea name="${name}">${value}</textarea></label>`
  if (typeof type !== 'string') {
    const options = type.map((one) => html`<option${one === value && new Html(' selected')}>${one}</option>`)
    return html`<label
      >${label}
      <select name="${name}">
        ${options}
      </select></label
    >`
  }
  const kind =
    type === 'password' ? html`type="password" autocomplete="new-password"` : html`type="${type}" autocomplete="off"`
  return html`<label>${label} <input ${kind} name="${name}" value="${value}" /></label>`
}

function requestForm({ at, session, refused }: View): Html {
  const sent = refused?.form === 'request' ? refused.sent : undefined
  const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'].map(
    (method) => html`<option${sent?.get('method') === method && new Html(' selected')}>${method}</option>`,
  )
  return html`<form class="panel" method="post" action="${at(path)}" aria-labelledby="other">
    ${hidden({ csrf: session.csrf, do: 'request' })} ${refused?.form === 'request' && problemNote(refused.problem)}
    <p class="dim">As yourself, to any resource that takes JSON, such as mirrors, keys or projects.</p>
    <div class="columns">
      <label
        >Method
        <select name="method">
          ${methods}
        </select></label
      ><label>Path with query <input name="path" value="${sent?.get('path') ?? '/rest/api/latest/'}" required /></label>
    </div>
    <label>Body, as JSON <textarea name="json" spellcheck="false">${sent?.get('json') ?? ''}</textarea></label>
    <div class="buttons"><button>Send</button></div>
  </form>`
}

function act(view: View & { readonly viewer: NonNullable<View['viewer']> }, form: URLSearchParams): Outcome {
  if (form.get('do') === 'request') return sendAny(view, form)
  const uploaded = actOnUpload(view, form)
  if (uploaded !== undefined) return uploaded
  const setting = settingsOf(view.host).find((one) => idOf(one) === form.get('setting'))
  const method = setting === undefined ? undefined : writerOf(setting)
  if (setting === undefined || method === undefined) return { problem: 'There is no such setting.' }
  const id = idOf(setting)
  const call = (verb: string, to: string, body?: unknown): Outcome => {
    const problem = problemOf(callRest(view.host.rest, view.viewer, verb, to, { body }))
    return problem === undefined ? { done: `${setting.title}: done.` } : { problem, form: id }
  }
  if (form.get('do') === 'clear') return call('DELETE', setting.path)
  const { fields = [], inPath } = setting
  if (inPath === true)
    return call('PUT', `${setting.path}/${encodeURIComponent(form.get(fields[0]?.name ?? '') ?? '')}`)
  const body = setting.fields === undefined ? parse(form.get('json')) : bodyOf(setting.fields, form)
  return body === notJson ? { problem: 'This is not valid JSON.', form: id } : call(method, setting.path, body)
}

const notJson = Symbol('not JSON')

function parse(text: string | null): unknown {
  if (text === null || text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return notJson
  }
}

function sendAny(view: View & { readonly viewer: NonNullable<View['viewer']> }, form: URLSearchParams): Outcome {
  const [target = '', query = ''] = (form.get('path') ?? '').trim().split('?')
  const body = parse(form.get('json'))
  if (!target.startsWith('/rest/')) return { problem: 'The path must begin with /rest/.', form: 'request' }
  if (body === notJson) return { problem: 'This is not valid JSON.', form: 'request' }
  const method = form.get('method') ?? 'GET'
  const sent = { query: new URLSearchParams(query), body }
  const answer = callRest(view.host.rest, view.viewer, method, target.slice('/rest'.length), sent)
  const problem = problemOf(answer)
  if (problem !== undefined) return { problem, form: 'request' }
  return {
    done: html`<p><code>${method} ${target}</code> answered ${answer.status}.</p>
      ${json(answer)}`,
  }
}
