/**
 * Addresses: where an item stands in the configuration, as one line of text.
 *
 * `instance.groups[platform-admins].members[alice]`; several naming properties are joined by commas, and a name that
 * holds white space or one of `[ ] " . , * =` is written as a JSON string. Formatting and parsing are inverse.
 */
import { isObject } from './schema.js'

/** One step of an address: the key of a section, and the names inside the brackets if there are any. */
export interface Step {
  readonly key: string
  readonly names?: readonly string[]
}

/** An address taken apart. */
export type Steps = readonly Step[]

const plainName = /^[^\s"[\].,*=]+$/u

function formatName(name: string): string {
  return plainName.test(name) ? name : JSON.stringify(name)
}

/** The text between the brackets for one naming value: a string, or an object such as `{model: production}`. */
function formatNaming(value: unknown): string {
  if (!isObject(value)) return formatName(String(value))
  return Object.entries(value)
    .map(([property, text]) => `${property}=${formatName(String(text))}`)
    .join('&')
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

/** The steps of an address; `null` where the text is none. */
export function parseAddress(text: string): Steps | null {
  const steps: Step[] = []
  let rest = text
  while (rest !== '') {
    const key = /^[A-Za-z][A-Za-z0-9]*/u.exec(rest)?.[0]
    if (key === undefined) return null
    rest = rest.slice(key.length)
    const bracket = rest.startsWith('[') ? parseNames(rest.slice(1)) : undefined
    if (bracket === null) return null
    steps.push(bracket === undefined ? { key } : { key, names: bracket.names })
    rest = bracket === undefined ? rest : bracket.rest
    if (rest === '') return steps
    if (!rest.startsWith('.')) return null
    rest = rest.slice(1)
  }
  return null
}

const quotedName = /^"(?:[^"\\]|\\.)*"/u

/** The names up to the closing bracket, each as it is written, and what follows the bracket. */
function parseNames(text: string): { readonly names: readonly string[]; readonly rest: string } | null {
  const names: string[] = []
  let name = ''
  let rest = text
  while (rest !== '') {
    const [character = ''] = rest
    if (character === '"') {
      const quoted = quotedName.exec(rest)?.[0]
      if (quoted === undefined) return null
      name += quoted
      rest = rest.slice(quoted.length)
      continue
    }
    rest = rest.slice(character.length)
    if (character === ',' || character === ']') {
      names.push(name)
      name = ''
      if (character === ']') return { names, rest }
    } else if (/[\s[]/u.test(character)) return null
    else name += character
  }
  return null
}

/** The text of an address; the inverse of `parseAddress`. */
export function formatAddress(steps: Steps): string {
  const format = ({ key, names }: Step): string => (names === undefined ? key : `${key}[${names.join(',')}]`)
  return steps.map(format).join('.')
}

const compiled = new Map<string, RegExp>()

/** Whether a pattern names an address: the same text, where `*` inside brackets stands for any name. */
export function matchesPattern(pattern: string, address: string): boolean {
  return (compiled.get(pattern) ?? compilePattern(pattern)).test(address)
}

function compilePattern(pattern: string): RegExp {
  const anyName = '(?:"(?:[^"\\\\]|\\\\.)*"|[^\\]"])*'
  const literal = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/gu, '\\$&')
  const parts = pattern.match(/"(?:[^"\\]|\\.)*"|\*|[^"*]+|"/gu) ?? []
  const expression = new RegExp(`^${parts.map((part) => (part === '*' ? anyName : literal(part))).join('')}$`, 'u')
  compiled.set(pattern, expression)
  return expression
}
