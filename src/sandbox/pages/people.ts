/** Users and groups, what they may, and through which group. */
import { type GlobalLevel, globalLevels, type Group, levelOf, type SandboxState, type User } from '../state.js'
import { hidden, Html, html } from './html.js'
import { problemNote } from './layout.js'
import { logIn } from './links.js'
import { callRest, problemOf, type Sent } from './rest-call.js'
import { counted, isAsked, searchPanel, stackTable } from './table.js'
import type { Outcome, Page, View } from './view.js'

const path = '/sandbox/people'
const usersShown = 50
const groupsShown = 100
const membersShown = 100

export const peoplePage: Page = { path, title: 'People', show, act }

function show(view: View): Html {
  const { host, at } = view
  const users = Object.values(host.state.users).filter(({ name, displayName, emailAddress }) =>
    isAsked(view, name, displayName, emailAddress),
  )
  const groups = Object.values(host.state.groups).filter(({ name }) => isAsked(view, name))
  return html`<h1>People</h1>
    <p class="lead">Who holds which global permission, and why.</p>
    ${searchPanel(view, path, 'Name or address')}
    ${view.viewer === undefined ? html`<p>${logIn(at, path)} to change something.</p>` : changes(view)}
    <h2 id="users">Users</h2>
    <section class="panel" id="user-list" data-live aria-labelledby="users">${userTable(host.state, users)}</section>
    <h2 id="groups">Groups</h2>
    <section class="panel" id="group-list" data-live aria-labelledby="groups">
      ${groupTable(host.state, groups)}
    </section>`
}

function userTable(state: SandboxState, users: readonly User[]): Html {
  const rows = sortByName(users)
    .slice(0, usersShown)
    .map((user) => {
      const key = user.name.toLowerCase()
      const level = levelOf(state, key)
      return html`<tr>
        <td>
          <b>${user.name}</b> ${!user.active && html`<span class="badge warn">inactive</span>`}
          ${!user.mutable && html`<span class="badge">read-only directory</span>`}
        </td>
        <td class="wide">${user.displayName}<br /><small>${user.emailAddress}</small></td>
        <td data-label="May"><span class="badge ${level === undefined ? 'warn' : ''}">${level ?? 'nothing'}</span></td>
        <td class="wide">${reasons(state, key)}</td>
      </tr>`
    })
  return stackTable(['Name', 'Person', 'May', 'Because'], rows, counted(users.length, usersShown, 'users'))
}

/** Every grant that reaches a user, strongest first. */
function reasons(state: SandboxState, user: string): string {
  const direct = state.userPermissions[user]
  const through = Object.entries(state.groupPermissions).filter(
    ([group]) => state.groups[group]?.members.includes(user) === true,
  )
  const all: readonly (readonly [GlobalLevel, string])[] = [
    ...(direct === undefined ? [] : [[direct, 'granted directly'] as const]),
    ...through.map(([group, level]) => [level, `through ${state.groups[group]?.name ?? group}`] as const),
  ]
  const sorted = [...all].sort(([a], [b]) => globalLevels.indexOf(b) - globalLevels.indexOf(a))
  return sorted.map(([level, why]) => `${level} ${why}`).join(', ') || 'no grant reaches this user'
}

function groupTable(state: SandboxState, groups: readonly Group[]): Html {
  const rows = sortByName(groups)
    .slice(0, groupsShown)
    .map(({ name, deletable, members }) => {
      const level = state.groupPermissions[name.toLowerCase()]
      const names = members.slice(0, membersShown).map((member) => state.users[member]?.name ?? member)
      const more = members.length > membersShown ? ` and ${members.length - membersShown} more` : ''
      return html`<tr>
        <td><b>${name}</b> ${!deletable && html`<span class="badge">read-only directory</span>`}</td>
        <td data-label="Grants">
          ${level === undefined ? html`<span class="dim">nothing</span>` : html`<span class="badge">${level}</span>`}
        </td>
        <td data-label="Members" class="number">${members.length}</td>
        <td class="wide">${names.join(', ')}${more}</td>
      </tr>`
    })
  return stackTable(
    ['Name', 'Grants', { number: 'Members' }, 'Who'],
    rows,
    counted(groups.length, groupsShown, 'groups'),
  )
}

function sortByName<T extends { readonly name: string }>(all: readonly T[]): readonly T[] {
  return [...all].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
}

/** One form of the changes: its inputs, and a button for each thing that can be done with them. */
interface Change {
  readonly form: string
  readonly title: string
  readonly inputs: (input: (name: string, label: string) => Html) => Html
  readonly buttons: readonly (readonly [value: string, text: string])[]
}

const levelInput = html`<label
  >Permission
  <select name="permission">
    ${globalLevels.map((level) => html`<option>${level}</option>`)}
  </select></label
>`
const holderInput = html`<label
  >Of
  <select name="holder">
    <option value="groups">group</option>
    <option value="users">user</option>
  </select></label
>`

const changeForms: readonly Change[] = [
  {
    form: 'member',
    title: 'Membership',
    inputs: (input) => html`${input('user', 'User')}${input('group', 'Group')}`,
    buttons: [
      ['add', 'Add to group'],
      ['remove', 'Take out'],
    ],
  },
  {
    form: 'grant',
    title: 'Global permission',
    inputs: (input) => html`${holderInput}${input('name', 'Name')}${levelInput}`,
    buttons: [
      ['grant', 'Grant'],
      ['revoke', 'Take away'],
    ],
  },
  {
    form: 'group',
    title: 'Group',
    inputs: (input) => input('name', 'Name'),
    buttons: [
      ['create', 'Create'],
      ['delete', 'Delete'],
    ],
  },
]

function changes({ at, session, refused }: View): Html {
  const forms = changeForms.map(({ form, title, inputs, buttons }) => {
    const problem = refused?.form === form ? refused : undefined
    const input = (name: string, label: string): Html =>
      html`<label
        >${label}
        <input
          name="${name}"
          value="${problem?.sent.get(name) ?? ''}"
          autocapitalize="none"
          autocomplete="off"
          required
      /></label>`
    const shown = buttons.map(
      ([value, text], index) =>
        html`<button name="do" value="${value}" class="${index === 0 ? '' : 'danger'}">${text}</button>`,
    )
    return html`<form class="panel" method="post" action="${at(path)}" aria-label="${title}">
      ${hidden({ csrf: session.csrf, form })}
      <h3>${title}</h3>
      ${problem !== undefined && problemNote(problem.problem)}${inputs(input)}
      <div class="buttons">${shown}</div>
    </form>`
  })
  const isOpen = refused?.form !== undefined
  return html`<details class="plain" ${isOpen && new Html(' open')}>
    <summary>Change something</summary>
    <div class="columns">${forms}</div>
  </details>`
}

/** The request that a button stands for. */
function requestOf(form: URLSearchParams): readonly [method: string, path: string, sent: Sent] | undefined {
  const text = (name: string): string => (form.get(name) ?? '').trim()
  const admin = '/api/latest/admin'
  const named = new URLSearchParams({ name: text('name') })
  const holder = text('holder') === 'users' ? 'users' : 'groups'
  const granted = new URLSearchParams({ name: text('name'), permission: text('permission') })
  switch (form.get('do')) {
    case 'add':
      return ['POST', `${admin}/users/add-groups`, { body: { user: text('user'), groups: [text('group')] } }]
    case 'remove':
      return ['POST', `${admin}/users/remove-group`, { body: { context: text('user'), itemName: text('group') } }]
    case 'grant':
      return ['PUT', `${admin}/permissions/${holder}`, { query: granted }]
    case 'revoke':
      return ['DELETE', `${admin}/permissions/${holder}`, { query: named }]
    case 'create':
      return ['POST', `${admin}/groups`, { query: named }]
    case 'delete':
      return ['DELETE', `${admin}/groups`, { query: named }]
    default:
      return undefined
  }
}

function act(
  { host, viewer }: View & { readonly viewer: NonNullable<View['viewer']> },
  form: URLSearchParams,
): Outcome {
  const request = requestOf(form)
  if (request === undefined) return { problem: 'There is no such action.' }
  const problem = problemOf(callRest(host.rest, viewer, ...request))
  return problem === undefined ? { done: 'Done.' } : { problem, form: form.get('form') ?? '' }
}
