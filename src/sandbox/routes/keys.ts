/** Keys of users: U-01 and U-02 of the catalogue. Everybody manages their own, an ADMIN everybody's. */
import { absent, absentPrincipal, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Caller, reaches } from '../caller.js'
import type { GpgKey, SshKey } from '../instance-state.js'
import { fingerprintOf } from '../openpgp.js'
import { readPublicKey } from '../openssh.js'
import { isAtLeast } from '../options.js'
import type { Context, Route } from '../router.js'
import { key } from './people.js'
import type { SandboxState } from '../state.js'
import { type Fields, fieldsOf, isPositive } from './settings.js'

const ssh = '/ssh/{version}/keys'
const gpg = '/gpg/{version}/keys'

/** The refusal of somebody who meddles with what is another user's, if any. */
export function refuseStranger(caller: Caller, name: string): Reply | undefined {
  if (name === caller.user || reaches(caller, 'ADMIN')) return undefined
  return failure(401, 'AuthorisationException', 'You are not permitted to access this resource')
}

/**
 * Does something for the user whom the query names, else for the caller.
 *
 * @param names the parameters that may name the user; of SSH keys the documents have two
 */
function withOwner(names: readonly string[], work: (context: Context, name: string) => Reply): Route['handle'] {
  return (context) => {
    const { state, query, caller } = context
    const given = names.map((name) => query.get(name)).find((name) => name !== null)
    const name = given === undefined ? (caller.user ?? '') : key(given)
    if (state.users[name] === undefined) return absentPrincipal('User', name)
    return refuseStranger(caller, name) ?? work(context, name)
  }
}

const byUser = ['user']
const byUserOrName = ['user', 'userName']

export function showSsh({ id, text, label, expiryDays }: Omit<SshKey, 'user'>): Record<string, unknown> {
  const read = readPublicKey(text)
  return {
    id,
    text,
    ...(label === undefined ? {} : { label }),
    ...(expiryDays === undefined ? {} : { expiryDays }),
    ...(read && { algorithmType: read.algorithm, bitLength: read.bitLength, fingerprint: read.fingerprint }),
  }
}

/** "not a valid RSA/DSA/ECDSA/Ed25519 key of a supported length" */
export function refuseKey(state: SandboxState, key: Fields): Reply | undefined {
  const { text, expiryDays } = key
  const read = typeof text === 'string' ? readPublicKey(text) : undefined
  if (read === undefined) return invalid('The text is not a public key', 'text')
  const { algorithm, bitLength } = read
  const rule = state.sshPolicy.keyTypeRestrictions.find((one) => one.algorithm === algorithm)
  if (rule?.allowed === false) return invalid(`Keys of the type ${algorithm} are not allowed`, 'text')
  const least = rule?.minKeyLength ?? 0
  if (bitLength < least) return invalid(`A key of the type ${algorithm} needs at least ${least} bits`, 'text')
  if (expiryDays != null && !isPositive(expiryDays)) return invalid('At least one day', 'expiryDays')
  const twin = state.instance.sshKeys.find((one) => readPublicKey(one.text)?.material === read.material)
  return twin && failure(409, 'IntegrityException', 'The key is in use already')
}

function postSsh(context: Context, user: string): Reply {
  const refusal = refuseKey(context.state, fieldsOf(context.body))
  if (refusal !== undefined) return refusal
  const { instance } = context.state
  const { text, label, expiryDays } = fieldsOf(context.body)
  const given = String(text).trim()
  // The text stays as it came; its comment is the label of a key that is given none.
  const name = typeof label === 'string' ? label : (readPublicKey(given)?.comment ?? '')
  // Older versions drop the expiry silently.
  const expires = isPositive(expiryDays) && isAtLeast(context.features.version, '8.7')
  const made = {
    id: instance.nextId++,
    user,
    text: given,
    ...(name === '' ? {} : { label: name }),
    ...(expires ? { expiryDays } : {}),
  }
  instance.sshKeys.push(made)
  return { status: 201, body: showSsh(made) }
}

/** The documents ask for an ADMIN here; one's own key is one's own (U-01). */
function findSsh({ state, path, caller }: Context): SshKey | Reply | undefined {
  const found = state.instance.sshKeys.find(({ id }) => String(id) === path['id'])
  return (found && refuseStranger(caller, found.user)) ?? found
}

const sshKeys: readonly Route[] = [
  {
    method: 'GET',
    path: ssh,
    needs: 'LICENSED_USER',
    handle: withOwner(byUserOrName, ({ state, query, features }, name) =>
      page(state.instance.sshKeys.filter(({ user }) => user === name).map(showSsh), query, features.pageLimit),
    ),
  },
  { method: 'POST', path: ssh, needs: 'LICENSED_USER', handle: withOwner(byUser, postSsh) },
  {
    method: 'DELETE',
    path: ssh,
    needs: 'LICENSED_USER',
    handle: withOwner(byUserOrName, ({ state: { instance } }, name) => {
      instance.sshKeys = instance.sshKeys.filter(({ user }) => user !== name)
      return noContent()
    }),
  },
  {
    method: 'GET',
    path: `${ssh}/{id}`,
    needs: 'LICENSED_USER',
    handle: (context) => {
      const found = findSsh(context)
      if (found === undefined) return absent('No SSH key with this id')
      return 'status' in found ? found : ok(showSsh(found))
    },
  },
  {
    method: 'DELETE',
    path: `${ssh}/{id}`,
    needs: 'LICENSED_USER',
    handle: (context) => {
      const found = findSsh(context)
      if (found !== undefined && 'status' in found) return found
      const { instance } = context.state
      instance.sshKeys = instance.sshKeys.filter((one) => one !== found)
      return noContent()
    },
  },
]

/** What the documents print as an answer, without the text, which is taken and never shown (U-02). */
function showGpg({ id, fingerprint }: GpgKey): unknown {
  return { id, fingerprint: fingerprint.match(/../gu)?.join(':'), subKeys: [] }
}

function postGpg({ state: { instance }, body }: Context, user: string): Reply {
  const { text } = fieldsOf(body)
  const fingerprint = typeof text === 'string' ? fingerprintOf(text) : undefined
  if (typeof text !== 'string' || fingerprint === undefined) return invalid('The text is not a public key', 'text')
  // The documents have no 409 here.
  if (instance.gpgKeys.some((one) => one.fingerprint === fingerprint)) return invalid('The key is in use', 'text')
  const made = { id: fingerprint.slice(-16), user, fingerprint, text }
  instance.gpgKeys.push(made)
  return ok(showGpg(made))
}

const gpgKeys: readonly Route[] = [
  {
    method: 'GET',
    path: gpg,
    needs: 'LICENSED_USER',
    handle: withOwner(byUser, ({ state, query, features }, name) =>
      page(state.instance.gpgKeys.filter(({ user }) => user === name).map(showGpg), query, features.pageLimit),
    ),
  },
  { method: 'POST', path: gpg, needs: 'LICENSED_USER', handle: withOwner(byUser, postGpg) },
  {
    method: 'DELETE',
    path: gpg,
    needs: 'LICENSED_USER',
    handle: withOwner(byUser, ({ state: { instance } }, name) => {
      instance.gpgKeys = instance.gpgKeys.filter(({ user }) => user !== name)
      return noContent()
    }),
  },
  {
    method: 'DELETE',
    path: `${gpg}/{id}`,
    needs: 'LICENSED_USER',
    handle: ({ state: { instance }, path, caller }) => {
      const wanted = path['id']?.replaceAll(/[\s:]/gu, '').toLowerCase()
      const found = instance.gpgKeys.find(({ id, fingerprint }) => id === wanted || fingerprint === wanted)
      const refusal = found && refuseStranger(caller, found.user)
      if (refusal !== undefined) return refusal
      instance.gpgKeys = instance.gpgKeys.filter((one) => one !== found)
      return noContent()
    },
  },
]

export const keyRoutes: readonly Route[] = [...sshKeys, ...gpgKeys]
