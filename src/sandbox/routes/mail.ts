/** The mail server and its sender's address, one datum: I-07 and I-08 of the catalogue. */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import type { Context, Features, Route } from '../router.js'
import type { MailServer } from '../state.js'
import { type Fields, fieldsOf, isPositive } from './settings.js'

const kebab: Readonly<Record<string, string>> = {
  useStartTls: 'use-start-tls',
  requireStartTls: 'require-start-tls',
  senderAddress: 'sender-address',
}

/** What GET shows: everything but the password, in the spelling of this version. */
function showMail({ password: _hidden, ...mail }: MailServer, spelling: 'camel' | 'kebab'): Fields {
  const rename = ([name, value]: [string, unknown]): [string, unknown] => [kebab[name] ?? name, value]
  return spelling === 'camel' ? mail : Object.fromEntries(Object.entries(mail).map(rename))
}

/** A PUT replaces everything; a field in the other spelling is a field that this server does not know. */
function readMail(body: unknown, { mailSpelling: spelling, mailOAuth }: Features): MailServer {
  const given = fieldsOf(body)
  const names = [
    'hostname',
    'port',
    'protocol',
    'useStartTls',
    'requireStartTls',
    'username',
    'password',
    'senderAddress',
    ...(mailOAuth ? ['authType', 'oauth2ProviderId', 'tokenId'] : []),
  ]
  const wire = (name: string): string => (spelling === 'kebab' ? (kebab[name] ?? name) : name)
  const known = names.flatMap((name) =>
    (given[wire(name)] ?? null) === null ? [] : [[name, given[wire(name)]] as const],
  )
  return Object.fromEntries(known) as unknown as MailServer
}

export const mailRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: ({ state, features }) =>
      state.mailServer === null
        ? absent('The mail server has not been configured')
        : ok(showMail(state.mailServer, features.mailSpelling)),
  },
  {
    method: 'PUT',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: putMail,
  },
  {
    method: 'DELETE',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: ({ state }) => {
      state.mailServer = null
      return noContent()
    },
  },
  {
    method: 'GET',
    path: '/api/{version}/admin/mail-server/sender-address',
    needs: 'ADMIN',
    handle: ({ state }) =>
      state.mailServer?.senderAddress === undefined ? ok('') : ok(state.mailServer.senderAddress),
  },
  {
    method: 'PUT',
    path: '/api/{version}/admin/mail-server/sender-address',
    needs: 'ADMIN',
    handle: ({ state, body }) => {
      // A bare JSON string.
      if (typeof body !== 'string' || !isAddress(body)) return invalid('Not an address')
      if (state.mailServer === null) return invalid('There is no mail server to send from')
      state.mailServer.senderAddress = body
      return ok(body)
    },
  },
  {
    method: 'DELETE',
    path: '/api/{version}/admin/mail-server/sender-address',
    needs: 'ADMIN',
    handle: ({ state }) => {
      if (state.mailServer !== null) delete state.mailServer.senderAddress
      return noContent()
    },
  },
]

/** Fields that are there but of another type than the documents say. */
function findWrongType(mail: Fields): string | undefined {
  const texts = ['hostname', 'username', 'password', 'senderAddress', 'oauth2ProviderId', 'tokenId']
  return (
    texts.find((name) => mail[name] !== undefined && typeof mail[name] !== 'string') ??
    ['useStartTls', 'requireStartTls'].find((name) => mail[name] !== undefined && typeof mail[name] !== 'boolean')
  )
}

function putMail({ state, features, body }: Context): Reply {
  const mail = readMail(body, features)
  const wrong = findWrongType({ ...mail })
  if (wrong !== undefined) return invalid(`${wrong} is of the wrong type`, wrong)
  if (mail.hostname === undefined || mail.hostname === '') return invalid('The hostname is required', 'hostname')
  if (mail.hostname.includes(' ')) {
    // Servers are known to echo what they were sent; a client must not pass that on.
    return invalid(`Cannot use this configuration: ${JSON.stringify(body)}`, 'hostname')
  }
  if (mail.port !== undefined && !(isPositive(mail.port) && mail.port < 65_536)) return invalid('Not a port', 'port')
  if (!['SMTP', 'SMTPS', undefined].includes(mail.protocol)) return invalid('SMTP or SMTPS', 'protocol')
  if (!['BASIC', 'OAUTH2', undefined].includes(mail.authType)) return invalid('BASIC or OAUTH2', 'authType')
  if (mail.senderAddress !== undefined && !isAddress(mail.senderAddress))
    return invalid('Not an address', 'senderAddress')
  // A protocol that is left out becomes SMTP (the documents call the field optional and list two values).
  state.mailServer = { ...mail, protocol: mail.protocol ?? 'SMTP' }
  return ok(showMail(state.mailServer, features.mailSpelling))
}

function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/u.test(text)
}
