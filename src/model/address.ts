/**
 * Addresses: where an item stands in the configuration, as one line of text.
 *
 * `instance.groups[platform-admins].members[alice]`; several naming properties are joined by commas, and a name that
 * holds white space or one of `[ ] " . , * =` is written as a JSON string. Formatting and parsing are inverse.
 */
import { isObject } from './schema.js'

/** One step of an address: the key of a section, and the names inside the brackets, each as it is written there. */
export interface Step {
  readonly key: string
  readonly names?: readonly string[]
}

/** An address taken apart. */
export type Steps = readonly Step[]

const plainName = /^[^\s"[\].,*=]+$/u

/** A name as it stands inside brackets. */
export function formatName(name: string): string {
  return plainName.test(name) ? name : JSON.stringify(name)
}

/** The name that stands inside brackets as `written`, which is a JSON string or the name itself. */
export function parseName(written: string): string {
  return written.startsWith('"') ? String(JSON.parse(written)) : written
}

/** The text between the brackets for one naming value: a string, or an object such as `{model: production}`. */
function formatNaming(value: unknown): string {
  if (!isObject(value)) return formatName(String(value))
  return Object.entries(value)
    .filter(([, text]) => text !== undefined && text !== null)
    .map(([property, text]) => `${property}=${formatValue(String(text))}`)
    .sort()
    .join('&')
}

/** An ampersand parts the properties of an object. */
function formatValue(text: string): string {
  return text.includes('&') ? JSON.stringify(text) : formatName(text)
}

/** The key of an item inside its collection: the naming values in the order of `identity`, joined by commas. */
export function formatKey(identity: readonly string[], value: unknown): string {
  const fields = isObject(value) ? value : {}
  return identity.map((property) => formatNaming(fields[property])).join(',')
}

/** The address of a section or collection under a base address (`''` at the top). */
export function joinAddress(base: string, key: string): string {
  return base === '' ? key : `${base}.${key}`
}

/** The address of an item in a collection. */
export function itemAddress(collection: string, key: string): string {
  return `${collection}[${key}]`
}

const quotedName = String.raw`"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"`
const oneName = String.raw`(?:${quotedName}|[^\s"[\],=]+)`
const property = String.raw`[A-Za-z][A-Za-z0-9]*=(?:${quotedName}|[^\s"[\],=&]+)`
const naming = `(?:${property}(?:&${property})*|${oneName})`
const namings = new RegExp(naming, 'gu')
const stepPattern = String.raw`([A-Za-z][A-Za-z0-9]*)(?:\[(${naming}(?:,${naming})*)\])?(?:\.(?=.)|$)`

/** The steps of an address; `null` where the text is none. */
export function parseAddress(text: string): Steps | null {
  const steps: Step[] = []
  const step = new RegExp(stepPattern, 'suy')
  while (step.lastIndex < text.length) {
    const [, key, names] = step.exec(text) ?? []
    if (key === undefined) return null
    steps.push(names === undefined ? { key } : { key, names: names.match(namings) ?? [] })
  }
  return steps.length === 0 ? null : steps
}

/** The text of an address; the inverse of `parseAddress`. */
export function formatAddress(steps: Steps): string {
  const format = ({ key, names }: Step): string => (names === undefined ? key : `${key}[${names.join(',')}]`)
  return steps.map(format).join('.')
}

/** The address of the collection that holds an item; a singleton's address is its own. */
export function sectionOf(address: string): string {
  const steps = parseAddress(address) ?? []
  return formatAddress(steps.map((step, index) => (index === steps.length - 1 ? { key: step.key } : step)))
}

/** Whether one of the items around an address is among others. */
export function isInside(address: string, others: ReadonlySet<string>): boolean {
  for (let index = address.indexOf('.'); index !== -1; index = address.indexOf('.', index + 1)) {
    if (others.has(address.slice(0, index))) return true
  }
  return false
}

const compiled = new Map<string, RegExp>()

/** Whether a pattern names an address: the same text, where `*` inside brackets stands for any name. */
export function matchesPattern(pattern: string, address: string): boolean {
  return (compiled.get(pattern) ?? compilePattern(pattern)).test(address)
}

function compilePattern(pattern: string): RegExp {
  const anyName = '(?:"(?:[^"\\\\]|\\\\.)*"|[^\\]"])*'
  const literal = (text: string): string => text.replaceAll(/[*.+?^${}()|[\]\\]/gu, '\\$&')
  const parts = pattern.match(/"(?:[^"\\]|\\.)*"|\*|[^"*]+|"/gu) ?? []
  const expression = new RegExp(`^${parts.map((part) => (part === '*' ? anyName : literal(part))).join('')}$`, 'u')
  compiled.set(pattern, expression)
  return expression
}
