/** Names that stand for people, groups and projects: the same for the same within one recording, and for ever unknown. */
import { createHmac } from 'node:crypto'

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
  const mark = (kind: string, text: string): string =>
    createHmac('sha256', salt).update(`${kind}\n${text.toLowerCase()}`).digest('hex').slice(0, 10)
  const person = (name: string): Person => {
    const id = `person-${mark('user', name)}`
    return { name: id, slug: id, displayName: `Person ${mark('user', name)}`, emailAddress: `${id}@example.com` }
  }
  const replacements = new Map<string, string>()
  for (const user of users) {
    const stand = person(String(user['name']))
    const known = [user['emailAddress'], user['displayName'], user['name'], user['slug']]
    const names = [stand.emailAddress, stand.displayName, stand.name, stand.slug]
    for (const [index, text] of known.entries()) {
      if (typeof text === 'string' && text !== '' && !replacements.has(text.toLowerCase())) {
        replacements.set(text.toLowerCase(), names[index] ?? '')
      }
    }
    // First and last name each, where they are long enough to name somebody.
    const words = String(user['displayName'] ?? '').split(/\s+/u)
    for (const word of words) {
      if (word.length > 2 && !replacements.has(word.toLowerCase())) replacements.set(word.toLowerCase(), stand.name)
    }
  }
  const texts = [...replacements.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp)
  const isName =
    texts.length === 0 ? /$^/u : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${texts.join('|')})(?![\\p{L}\\p{N}_])`, 'giu')
  const cleanText = (text: string): string =>
    text
      .replaceAll(/\/\/[^/@\s]+@/gu, '//')
      .replaceAll(
        /[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+/gu,
        (found) => replacements.get(found.toLowerCase()) ?? `${mark('mail', found)}@example.com`,
      )
      .replaceAll(isName, (found) => replacements.get(found.toLowerCase()) ?? '')
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return constants.has(value) ? value : cleanText(value)
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    const kept = Object.entries(value).filter(([name, inner]) => typeof inner !== 'string' || !isSecretName(name))
    return Object.fromEntries(kept.map(([name, inner]) => [name, clean(inner)]))
  }
  return {
    person,
    user: (name: string): string => person(name).name,
    name: (kind: string, name: string): string => `${kind === 'project' ? 'p' : kind}-${mark(kind, name)}`,
    clean,
  }
}

/** Words of the API that may be somebody's name as well. */
const constants: ReadonlySet<string> = new Set([
  'ADMIN',
  'ALL',
  'BASIC',
  'DEBUG',
  'ERROR',
  'INFO',
  'TRACE',
  'WARN',
  'DSA',
  'RSA',
])

/** Servers do not show secrets; should one do so, it stops here. */
function isSecretName(name: string): boolean {
  return /password|secret|token|credential|private/iu.test(name)
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}\/-]/gu, (character) => `\\${character}`)
}
