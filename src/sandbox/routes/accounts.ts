/** Users of the internal directory: I-18 of the catalogue. Everything of a new user travels in the query. */
import { absentPrincipal, failure, invalid, noContent, ok, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import { dropHolder, renameHolder } from '../holders.js'
import type { Context, Route } from '../router.js'
import { refuseSeats } from '../seats.js'
import { levelOf, makeUser, type SandboxState, type User } from '../state.js'
import type { Table } from '../table.js'
import { key, showDetailed } from './people.js'
import { fieldsOf } from './settings.js'

const users = '/api/{version}/admin/users'

function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/u.test(text)
}

function post({ state, query }: Context): Reply {
  const text = (name: string): string => query.get(name) ?? ''
  const [name, displayName, emailAddress] = [text('name'), text('displayName'), text('emailAddress')]
  if (name.trim() === '') return invalid('A name is needed', 'name')
  if (displayName.trim() === '') return invalid('A display name is needed', 'displayName')
  if (!isAddress(emailAddress)) return invalid('Not a mail address', 'emailAddress')
  const notifies = query.has('notify') && text('notify') !== 'false'
  if (!notifies && text('password') === '') return invalid('A password is needed unless notify is set', 'password')
  if (notifies && state.mailServer === null) return invalid('No mail server is configured', 'notify')
  const conflict = refuseTwin(state, name, emailAddress)
  if (conflict !== undefined) return conflict
  const joins = text('addToDefaultGroup') !== 'false'
  const refusal = joins ? refuseSeats(state, [key(name)]) : undefined
  if (refusal !== undefined) return refusal
  const id = Math.max(0, ...Object.values(state.users).map((user) => user.id)) + 1
  const user = { ...makeUser(name, displayName, id), emailAddress }
  if (!notifies) user.password = text('password')
  state.users[key(name)] = user
  if (joins) state.groups['stash-users']?.members.push(key(name))
  return noContent()
}

/** The documents give the 409 to the name alone. */
function refuseTwin({ users }: SandboxState, name: string, address: string): Reply | undefined {
  if (users[key(name)] !== undefined) return taken(`named ${name}`)
  const isKnown = Object.values(users).some(({ emailAddress }) => key(emailAddress) === key(address))
  return isKnown ? taken(`with the address ${address}`) : undefined
}

function taken(who: string): Reply {
  return failure(409, 'IntegrityException', `A user ${who} already exists`)
}

/**
 * The user that a name stands for, or why it cannot be changed. Of somebody stronger the documents say 401 where they are
 * changed and 403 where they are deleted; of read-only directories nothing, and 400 is the one status that fits.
 */
function changeable({ state, caller }: Context, name: unknown, whenStronger: 401 | 403 = 401): User | Reply {
  if (typeof name !== 'string' || name.trim() === '') return invalid('A name is needed', 'name')
  const user = state.users[key(name)]
  if (user === undefined) return absentPrincipal('User', name)
  const level = levelOf(state, key(name))
  if (level !== undefined && !reaches(caller, level)) {
    return failure(whenStronger, 'AuthorisationException', `${user.name} has more rights than you`)
  }
  return user.mutable ? user : invalid(`${user.name} lives in a read-only directory`, 'name')
}

function put(context: Context): Reply {
  const { name, displayName, email } = fieldsOf(context.body)
  const user = changeable(context, name)
  if ('status' in user) return user
  if (displayName != null && (typeof displayName !== 'string' || displayName.trim() === '')) {
    return invalid('A display name is needed', 'displayName')
  }
  if (email != null && (typeof email !== 'string' || !isAddress(email))) return invalid('Not a mail address', 'email')
  user.displayName = displayName ?? user.displayName
  user.emailAddress = email ?? user.emailAddress
  return ok(showDetailed(context.features, user))
}

function rename(context: Context): Reply {
  const { state } = context
  const { name, newName } = fieldsOf(context.body)
  const user = changeable(context, name)
  if ('status' in user) return user
  if (typeof newName !== 'string' || newName.trim() === '') return invalid('A name is needed', 'newName')
  const [from, to] = [key(user.name), key(newName)]
  // Not in the documents; as where a user is created.
  if (from !== to && state.users[to] !== undefined) return taken(`named ${newName}`)
  const { slug } = makeUser(newName, user.displayName, user.id)
  user.name = newName
  user.slug = slug
  move(state.users, from, to)
  move(state.userPermissions, from, to)
  move(state.rateLimitUsers, from, to)
  move(state.code.visits, from, to)
  move(state.failedSignIns, from, to)
  for (const group of Object.values(state.groups)) {
    group.members = group.members.map((member) => (member === from ? to : member))
  }
  for (const owned of ownedBy(state)) if (owned.user === from) owned.user = to
  renameHolder(state, from, to, slug)
  for (const [token, name] of Object.entries(state.httpAccessTokens)) {
    if (name === from) state.httpAccessTokens[token] = to
  }
  return ok(showDetailed(context.features, user))
}

function move<T>(table: Table<T>, from: string, to: string): void {
  const value = table[from]
  if (value === undefined || from === to) return
  delete table[from]
  table[to] = value
}

function ownedBy({ instance, tokens, codes }: SandboxState): readonly { user: string }[] {
  return [...instance.sshKeys, ...instance.gpgKeys, ...instance.personalTokens, ...tokens, ...codes]
}

function putCredentials(context: Context): Reply {
  const { name, password, passwordConfirm } = fieldsOf(context.body)
  const user = changeable(context, name)
  if ('status' in user) return user
  if (typeof password !== 'string' || password === '') return invalid('A password is needed', 'password')
  if (password !== passwordConfirm) return invalid('The passwords differ', 'passwordConfirm')
  user.password = password
  return noContent()
}

function remove(context: Context): Reply {
  const { state, query, caller } = context
  const name = key(query.get('name'))
  const user = changeable(context, name, 403)
  if ('status' in user) return user
  if (name === caller.user) return failure(409, 'IntegrityException', 'You cannot delete yourself')
  delete state.users[name]
  delete state.userPermissions[name]
  delete state.rateLimitUsers[name]
  delete state.code.visits[name]
  delete state.failedSignIns[name]
  for (const group of Object.values(state.groups)) group.members = group.members.filter((member) => member !== name)
  dropOwned(state, name)
  dropHolder(state.code, 'users', name)
  return ok(showDetailed(context.features, user))
}

/** Nothing of a user may come to life again with another one of the same name. */
function dropOwned(state: SandboxState, name: string): void {
  const isOthers = (owned: { user: string }): boolean => owned.user !== name
  const { instance } = state
  instance.sshKeys = instance.sshKeys.filter(isOthers)
  instance.gpgKeys = instance.gpgKeys.filter(isOthers)
  instance.personalTokens = instance.personalTokens.filter(isOthers)
  state.tokens = state.tokens.filter(isOthers)
  state.codes = state.codes.filter(isOthers)
  for (const [token, owner] of Object.entries(state.httpAccessTokens)) {
    if (owner === name) delete state.httpAccessTokens[token]
  }
}

export const accountRoutes: readonly Route[] = [
  { method: 'POST', path: users, needs: 'ADMIN', handle: post },
  { method: 'PUT', path: users, needs: 'ADMIN', handle: put },
  { method: 'DELETE', path: users, needs: 'ADMIN', handle: remove },
  { method: 'POST', path: `${users}/rename`, needs: 'ADMIN', handle: rename },
  { method: 'PUT', path: `${users}/credentials`, needs: 'ADMIN', handle: putCredentials },
]
