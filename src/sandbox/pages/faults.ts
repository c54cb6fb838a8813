/** Switches for trouble: what goes wrong with which requests, the state of the server, its clock and its tokens. */
import type { Fault } from '../faults.js'
import { isServerStatus } from '../state.js'
import { hidden, Html, html } from './html.js'
import { logIn } from './links.js'
import { problemNote } from './layout.js'
import { stackTable } from './table.js'
import type { Outcome, Page, View } from './view.js'

const path = '/sandbox/faults'

export const faultsPage: Page = { path, title: 'Faults', show, act }

/** The kinds that the form offers, with what each does. */
const kinds = {
  'status-500': ['Answer 500', { kind: 'status', status: 500 }],
  'status-503': ['Answer 503 with Retry-After 2', { kind: 'status', status: 503, retryAfter: 2 }],
  'status-429': ['Answer 429 with Retry-After 2', { kind: 'status', status: 429, retryAfter: 2 }],
  'drop-before': ['Cut the connection before anything is done', { kind: 'drop-before' }],
  'drop-after': ['Do it, then cut the connection', { kind: 'drop-after' }],
  truncate: ['Send half of the body', { kind: 'truncate' }],
  'delay-5000': ['Answer 5 seconds late', { kind: 'delay', milliseconds: 5000 }],
  html: ['Answer with a sign-in page in HTML', { kind: 'html' }],
  anonymous: ['Treat the token as unknown', { kind: 'anonymous' }],
  redirect: ['Redirect to another host', { kind: 'redirect', location: 'https://elsewhere.example.com/' }],
} as const satisfies Readonly<Record<string, readonly [string, Fault]>>

const switches = {
  'expire-access': 'Expire all access tokens',
  'kill-access': 'Forget all access tokens',
  'kill-refresh': 'Forget all refresh tokens',
  hour: 'Move the clock by one hour',
  'ninety-days': 'Move the clock by 90 days',
} as const

const statuses = ['RUNNING', 'STARTING', 'FIRST_RUN', 'MAINTENANCE', 'STOPPING', 'ERROR']

function show(view: View): Html {
  const { host, viewer, at } = view
  const armed = host.faults.map(({ fault, left, skip }) => {
    const times = left === Number.POSITIVE_INFINITY ? 'every time' : `${left} more`
    return html`<tr>
      <td data-label="What">${describe(fault)}</td>
      <td data-label="Method">${fault.method ?? 'any'}</td>
      <td data-label="Path"><code>${fault.path ?? 'any'}</code></td>
      <td data-label="Left">${times}${skip > 0 && `, after ${skip}`}</td>
    </tr>`
  })
  const table = stackTable(['What', 'Method', 'Path', 'Left'], armed)
  return html`<div class="head">
      <div>
        <h1>Faults</h1>
        <p class="lead">See what a client does when the server misbehaves. These pages are never met by a fault.</p>
      </div>
      <span class="live" role="status"></span>
    </div>
    <section class="panel" id="armed" data-live aria-label="Armed faults">
      ${armed.length === 0 ? html`<p class="empty">No fault is armed.</p>` : table}
    </section>
    ${viewer === undefined ? html`<p>${logIn(at, path)} to arm one.</p>` : forms(view)}`
}

function describe(fault: Fault): string {
  const known = Object.values(kinds).find(([, one]) =>
    Object.entries(one).every(([name, value]) => Reflect.get(fault, name) === value),
  )
  return known?.[0] ?? fault.kind
}

function forms({ at, session, host, refused }: View): Html {
  const field = (what: string): Html => hidden({ csrf: session.csrf, do: what })
  const sent = refused?.sent
  const options = Object.entries(kinds).map(
    ([name, [text]]) =>
      html`<option value="${name}" ${sent?.get('kind') === name && new Html(' selected')}>${text}</option>`,
  )
  const states = statuses.map(
    (status) => html`<option${status === host.state.status && new Html(' selected')}>${status}</option>`,
  )
  const buttons = Object.entries(switches).map(
    ([name, text]) => html`<button class="plain" name="switch" value="${name}">${text}</button>`,
  )
  return html`<div class="columns">
    <form class="panel" method="post" action="${at(path)}" aria-labelledby="arm">
      ${field('arm')}
      <h2 id="arm">Arm a fault</h2>
      ${refused?.form === 'arm' && problemNote(refused.problem)}
      <label
        >What happens
        <select name="kind">
          ${options}
        </select></label
      >
      <label
        >Method
        <select name="method">
          <option value="">any</option>
          <option>GET</option>
          <option>POST</option>
          <option>PUT</option>
          <option>PATCH</option>
          <option>DELETE</option>
        </select></label
      >
      <label
        >Path matches
        <input name="path" value="${sent?.get('path') ?? ''}" placeholder="/admin/banner" autocapitalize="none" /><small
          >A regular expression on the path with its query; empty for every request.</small
        ></label
      >
      <label
        >How often <input name="count" type="number" min="-1" value="${sent?.get('count') ?? '1'}" /><small
          >-1 for every time.</small
        ></label
      >
      <div class="buttons"><button>Arm</button></div>
    </form>
    <div class="panel">
      <h2>Switches</h2>
      <form method="post" action="${at(path)}">
        ${field('status')}<label
          >State of the server
          <select name="status">
            ${states}
          </select></label
        >
        <div class="buttons"><button class="plain">Set</button></div>
      </form>
      <h2>Tokens and clock</h2>
      <form method="post" action="${at(path)}">
        ${field('switch')}
        <div class="buttons">${buttons}</div>
      </form>
      <h2>Enough</h2>
      <form method="post" action="${at(path)}">
        ${field('clear')}
        <div class="buttons"><button class="danger">Disarm all faults</button></div>
      </form>
    </div>
  </div>`
}

function act(view: View, form: URLSearchParams): Outcome {
  const { host } = view
  switch (form.get('do')) {
    case 'arm':
      return arm(view, form)
    case 'clear':
      host.clearFaults()
      return { done: 'No fault is armed any more.' }
    case 'status': {
      const status = form.get('status')
      if (!isServerStatus(status)) return { problem: 'There is no such state.' }
      host.state.status = status
      return { done: `The server says that it is ${status}.` }
    }
    default:
      return turn(view, form.get('switch') ?? '')
  }
}

function arm({ host }: View, form: URLSearchParams): Outcome {
  const kind = form.get('kind') ?? ''
  const fault = Object.entries(kinds).find(([name]) => name === kind)?.[1][1]
  const [method = '', pattern = ''] = [form.get('method'), form.get('path')].map((text) => text?.trim())
  const count = Number(form.get('count') ?? '1')
  if (fault === undefined) return { problem: 'There is no such fault.', form: 'arm' }
  if (!Number.isInteger(count) || count < -1 || count === 0) {
    return { problem: 'How often must be a whole number of at least 1, or -1.', form: 'arm' }
  }
  try {
    new RegExp(pattern, 'u').test('')
  } catch {
    return { problem: `${pattern} is not a regular expression.`, form: 'arm' }
  }
  host.addFault({ ...fault, count, ...(method === '' ? {} : { method }), ...(pattern === '' ? {} : { path: pattern }) })
  return { done: 'The fault is armed.' }
}

const hour = 3_600_000

function turn({ host }: View, name: string): Outcome {
  const actions: Readonly<Record<string, () => void>> = {
    'expire-access': () => host.expireAccessTokens(),
    'kill-access': () => host.killAccessTokens(),
    'kill-refresh': () => host.killRefreshTokens(),
    hour: () => host.advance(hour),
    'ninety-days': () => host.advance(90 * 24 * hour),
  }
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) return { problem: 'There is no such switch.' }
  action()
  return { done: `${switches[name as keyof typeof switches]}: done.` }
}
