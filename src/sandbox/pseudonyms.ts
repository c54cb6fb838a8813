/** What stands for people, names and secrets: the same for the same within one recording, and for ever unknown. */
import { createHmac } from 'node:crypto'
import { madeUpKey } from './made-up-key.js'
import { NamesInText } from './names-in-text.js'
import { readPublicKey } from './openssh.js'

/** Somebody who does not exist. */
export interface Person {
  readonly name: string
  readonly slug: string
  readonly displayName: string
  readonly emailAddress: string
}

type Fields = Readonly<Record<string, unknown>>

/** @param users what the server shows of them: whatever names one of them is looked for in every text. */
export function createPseudonyms(users: readonly Fields[], salt: string) {
  const digest = (kind: string, text: string): Buffer =>
    createHmac('sha256', salt).update(`${kind}\n${text.toLowerCase()}`).digest()
  const mark = (kind: string, text: string): string => digest(kind, text).toString('hex').slice(0, 10)
  const person = (name: string): Person => {
    const id = `person-${mark('user', name)}`
    return { name: id, slug: id, displayName: `Person ${mark('user', name)}`, emailAddress: `${id}@example.com` }
  }
  const names = new NamesInText()
  for (const user of users) addNames(names, user, person(String(user['name'])))
  const cleanText = (text: string): string => {
    const withoutSecrets = text
      .replaceAll(/\/\/[^/@\s]+@/gu, '//')
      .replaceAll(namedSecret, (_, name: string) => `${name}replaced`)
      .replaceAll(tokenText, (found) => (isToken(found) ? `secret-${mark('secret', found)}` : found))
    const withoutMails = withoutSecrets.replaceAll(
      /[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+/gu,
      (found) => names.standOf(found) ?? `${mark('mail', found)}@example.com`,
    )
    return names.replace(withoutMails)
  }
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return constants.has(value) ? value : cleanText(value)
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    const kept = Object.entries(value).filter(([name, inner]) => typeof inner !== 'string' || !isSecretName(name))
    return Object.fromEntries(kept.map(([name, inner]) => [name, clean(inner)]))
  }
  /** Numbers, switches and constants; of every other text only whether it is the same. */
  const cleanSettings = (value: unknown, isSecret = false): unknown => {
    if (typeof value === 'boolean' || value === null) return value
    if (typeof value === 'number' && !isSecret) return value
    if (Array.isArray(value)) return value.map((inner) => cleanSettings(inner, isSecret))
    if (typeof value !== 'object') {
      const text = String(value)
      return !isSecret && plainSetting.test(text) ? text : `text-${mark('text', text)}`
    }
    const fields = Object.entries(value).map(([name, inner]) => {
      return [cleanText(name), cleanSettings(inner, isSecret || isSecretName(name))]
    })
    return Object.fromEntries(fields)
  }
  const name = (kind: string, text: string): string => `${kind === 'project' ? 'p' : kind}-${mark(kind, text)}`
  return {
    person,
    user: (text: string): string => person(text).name,
    name,
    clean,
    cleanText,
    cleanSettings,
    /** Who is called stays as far as it names nobody; the way there, a query and a user may be the secret itself. */
    url: (text: string, hidesHost: boolean): string => {
      if (!URL.canParse(text)) return `https://example.com/${mark('url', text)}`
      const { protocol, hostname, port } = new URL(text)
      const host = cleanText(hostname)
      const origin = `${protocol}//${host === hostname && !hidesHost ? host : `${mark('host', hostname)}.example.com`}`
      return `${origin}${port === '' ? '' : `:${port}`}/${mark('url', text)}`
    },
    /** Of the same type and length; nobody has the other half. `undefined` where the text is no key. */
    publicKey: (text: string): string | undefined => {
      const key = readPublicKey(text)
      return key && madeUpKey(key, (part) => digest(part, key.material))
    },
  }
}

function addNames(names: NamesInText, user: Fields, stand: Person): void {
  const known = [user['emailAddress'], user['displayName'], user['name'], user['slug']]
  const stands = [stand.emailAddress, stand.displayName, stand.name, stand.slug]
  for (const [index, text] of known.entries()) if (typeof text === 'string') names.add(text, stands[index] ?? '')
  // First and last name each, where they are long enough to name somebody, also as keys and slugs spell them.
  for (const word of String(user['displayName'] ?? '').split(/[^\p{L}\p{N}]+/u)) {
    for (const spelling of [word, word.normalize('NFKD').replaceAll(/\p{M}/gu, '')]) {
      if (spelling.length > 2) names.add(spelling, stand.name)
    }
  }
}

/** Words of the API that may be somebody's name as well. */
const constants: ReadonlySet<string> = new Set([
  ...['ADMIN', 'SYS_ADMIN', 'PROJECT_ADMIN', 'REPO_ADMIN', 'ALL', 'AUTHENTICATED', 'BASIC'],
  ...['DEBUG', 'ERROR', 'INFO', 'TRACE', 'WARN', 'DSA', 'RSA', 'ECDSA', 'ED25519'],
])

/** A number, a switch or a constant of capitals: short, and nothing that lets anybody in. */
const plainSetting = /^(?:\d{1,6}|true|false|[A-Z]{2,16}(?:_[A-Z]{2,16}){0,3})$/u

/** Servers do not show secrets; should one do so, it stops here. */
function isSecretName(name: string): boolean {
  return /pass(?:word|phrase|wd)|secret|token|credential|private|api.?key|authorization/iu.test(name)
}

/** `password: hunter2`, `access_token=…`. */
const namedSecret = /((?:password|passwd|passphrase|secret|token|api.?key)\s*[=:]\s*)[^\s&;,]+/giu

/** What may be one: long, and of the letters of hex, Base64 or a UUID. */
const tokenText = /BBDC-[\w+/=-]+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[A-Za-z0-9+=]{20,}/gu

/** A long word of a language has no digits, and a long number no letters. */
function isToken(text: string): boolean {
  return text.startsWith('BBDC-') || (/\d/u.test(text) && /[a-z]/iu.test(text)) || text.length > 40
}
