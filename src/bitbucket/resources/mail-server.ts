/**
 * The mail server. Three of its fields have two wire spellings (I-07): `useStartTls` in the documents of 8 and later,
 * `use-start-tls` in those of 5 to 7. The spelling that GET shows is written; where it shows none, camelCase is written
 * first and read back, since a server ignores the spelling that it does not know.
 */
import { ApiError } from '../../model/errors.js'
import type { Reader, Writer } from '../../model/resource.js'
import { isObject } from '../../model/schema.js'
import { type Answered, booleanIn, integerIn, isAbsent, optional, readObject, stringIn, wordIn } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/mail-server'
const protocols = ['SMTP', 'SMTPS'] as const
const kebabOf = {
  useStartTls: 'use-start-tls',
  requireStartTls: 'require-start-tls',
  senderAddress: 'sender-address',
} as const

type Twin = keyof typeof kebabOf
type Spelling = 'camel' | 'kebab'
const twins = Object.keys(kebabOf) as readonly Twin[]

/** The answer with one spelling. */
function unite(answered: Answered): Answered {
  const fields: Record<string, unknown> = { ...answered.fields }
  for (const twin of twins) if (isAbsent(fields[twin])) fields[twin] = fields[kebabOf[twin]]
  return { ...answered, fields }
}

function spellingOf(raw: unknown): Spelling | undefined {
  if (!isObject(raw)) return undefined
  if (twins.some((twin) => kebabOf[twin] in raw)) return 'kebab'
  return twins.some((twin) => twin in raw) ? 'camel' : undefined
}

interface MailServer {
  readonly hostname: string
  readonly port?: number
  readonly protocol?: 'SMTP' | 'SMTPS'
  readonly useStartTls?: boolean
  readonly requireStartTls?: boolean
  readonly username?: string
  readonly password?: string
  readonly senderAddress?: string
}

function readMailServer(raw: unknown): MailServer {
  const mail = unite(readObject(path, raw))
  return {
    hostname: stringIn(mail, 'hostname'),
    ...optional(mail, 'port', integerIn),
    ...optional(mail, 'protocol', (answered, field) => wordIn(answered, field, protocols)),
    ...optional(mail, 'useStartTls', booleanIn),
    ...optional(mail, 'requireStartTls', booleanIn),
    ...optional(mail, 'username', stringIn),
    ...optional(mail, 'senderAddress', stringIn),
  }
}

/** Everything that the server is to have: a PUT replaces all, so what bbstate does not know (10.0: `authType`) stays. */
function bodyOf(after: MailServer, raw: unknown, spelling: Spelling): Record<string, unknown> {
  const known = new Set<string>([
    'hostname',
    'port',
    'protocol',
    'username',
    'password',
    ...twins,
    ...Object.values(kebabOf),
  ])
  const unknown = isObject(raw) ? Object.entries(raw).filter(([field]) => !known.has(field)) : []
  const fields = Object.entries(after).map(([field, value]): [string, unknown] => [
    spelling === 'kebab' && isTwin(field) ? kebabOf[field] : field,
    value,
  ])
  return Object.fromEntries([...unknown, ...fields])
}

function isTwin(field: string): field is Twin {
  return field in kebabOf
}

async function writeCamelThenKebab(api: Writer, after: MailServer, raw: unknown): Promise<void> {
  const camel = await attempt(api.send('PUT', path, bodyOf(after, raw, 'camel')))
  if (camel === undefined && (await isKept(api, after))) return
  const kebab = await attempt(api.send('PUT', path, bodyOf(after, raw, 'kebab')))
  if (camel !== undefined && kebab !== undefined) throw camel
}

/** The rejection of a write; a server may miss the fields whose spelling it does not know. */
async function attempt(write: Promise<unknown>): Promise<ApiError | undefined> {
  try {
    await write
    return undefined
  } catch (error) {
    if (error instanceof ApiError && error.code === 'API_REJECTED') return error
    throw error
  }
}

async function isKept(api: Reader, after: MailServer): Promise<boolean> {
  const raw = await api.get(path)
  if (raw === null) return false
  const live = readMailServer(raw)
  return twins.every((twin) => after[twin] === undefined || after[twin] === live[twin])
}

export default singleton({
  kind: 'mailServer',
  parents: [instance],
  // A PUT without the password clears it; a server without a user name has none in use.
  replacesSecrets: (live) => live.username !== undefined,
  docs: {
    area: 'server',
    title: 'Mail server',
    text: 'The SMTP server through which Bitbucket sends mail, and the address that it sends from. The password can be written but never read: it is sent on creation, together with any other change, and when asked for with --update-secrets. Write null to remove the configuration.',
    rest: 'System Maintenance: Mail configuration, /api/latest/admin/mail-server (GET, PUT, DELETE)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/admin/mail-server'],
    dangers: [
      'A wrong value stops all notifications, and the API has no way to send a test mail.',
      'A change of host, port or encryption decides who gets the password, and is refused unless allowed for that address.',
    ],
  },
  schema: {
    type: 'object',
    description: 'The SMTP server through which Bitbucket sends mail.',
    required: ['hostname'],
    properties: {
      hostname: {
        type: 'string',
        minLength: 1,
        'x-destination': true,
        description: 'The host name of the SMTP server.',
      },
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65535,
        'x-destination': true,
        description: 'The port of the SMTP server. Left out, the server takes the default of the protocol.',
      },
      protocol: {
        type: 'string',
        enum: protocols,
        'x-destination': true,
        description: 'SMTP, or SMTPS for a connection that is encrypted from the start.',
      },
      useStartTls: {
        type: 'boolean',
        'x-destination': true,
        description: 'Whether an SMTP connection is encrypted with STARTTLS where the mail server offers it.',
      },
      requireStartTls: {
        type: 'boolean',
        'x-destination': true,
        description: 'Whether mail is only sent when STARTTLS succeeds.',
      },
      username: {
        type: 'string',
        description: 'The user to sign in as at the mail server; without one, nobody signs in.',
      },
      password: {
        type: 'string',
        secret: true,
        description: 'The password of that user, as ${secret:name}. Never read back, so never compared.',
      },
      senderAddress: { type: 'string', description: 'The address in the From line of every mail.' },
    },
  },
  examples: [
    {
      hostname: 'smtp.example.com',
      port: 587,
      protocol: 'SMTP',
      useStartTls: true,
      requireStartTls: true,
      username: 'bitbucket',
      password: '${secret:smtp-password}',
      senderAddress: 'bitbucket@example.com',
    },
    {
      hostname: 'mail.example.com',
      port: 465,
      protocol: 'SMTPS',
      useStartTls: false,
      requireStartTls: false,
      username: 'git',
      password: '${secret:smtp-password}',
      senderAddress: 'git@example.com',
    },
  ],
})({
  async read(api) {
    // 404 where none is configured (I-07).
    const raw = await api.get(path)
    return raw === null ? null : { value: readMailServer(raw), raw }
  },
  async write(api, _at, { after, raw }) {
    const spelling = spellingOf(raw)
    if (spelling === undefined) await writeCamelThenKebab(api, after, raw)
    else await api.send('PUT', path, bodyOf(after, raw, spelling))
  },
  async clear(api) {
    await unlessGone(api.send('DELETE', path))
  },
})
