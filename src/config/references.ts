/**
 * `${var:name}`, `${secret:name}` and `$${` in the texts of a configuration.
 *
 * Variables are put in before anything is checked. A secret stays a name: it may stand only as the whole value of a
 * field that is secret, so that nothing that is printed or sent elsewhere can hold its value.
 */
import type { Finding } from '../model/errors.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'
import { variableVariable } from '../model/secret.js'
import { fieldOf } from './canonical.js'
import { pointerTo } from './positions.js'
import type { ParsedFile } from './yaml.js'

/** The value of a variable; `undefined` where nothing sets it. */
export type Variables = (name: string) => string | undefined

const reference = /\$\$\{|\$\{([^}]*)\}?/gu
const name = '[a-z][a-z0-9-]{0,63}'
const variable = new RegExp(`^var:(${name})$`, 'u')
const secret = new RegExp(`^secret:${name}$`, 'u')
const wholeSecret = new RegExp(`^\\$\\{secret:(${name})\\}$`, 'u')

/** A document with variables put in. `failed` leads to what could not be; it stands there as it is written. */
export interface Substituted {
  readonly data: unknown
  readonly findings: readonly Finding[]
  readonly failed: readonly string[]
}

/** What is wrong with a reference. */
interface Problem {
  readonly code: Finding['code']
  readonly message: string
  readonly hint: string
}

/** Puts variables in; `$${` and whole secrets stay as they are written. The data is a copy of its own. */
export function substitute(parsed: ParsedFile, variables: Variables): Substituted {
  const findings: Finding[] = []
  const failed: string[] = []
  const report = (pointer: string, problem: Problem, isKey: boolean): void => {
    const positions = parsed.positions()
    findings.push({ ...problem, source: isKey ? positions.locate(pointer) : positions.locateValue(pointer) })
    failed.push(pointer)
  }
  const visit = (value: unknown, pointer: string): unknown => {
    if (typeof value === 'string') {
      return value.includes('${') ? putIn(value, variables, (problem) => report(pointer, problem, false)) : value
    }
    if (Array.isArray(value)) return value.map((entry, index) => visit(entry, pointerTo(pointer, index)))
    if (!isObject(value)) return value
    const fields = Object.entries(value).map(([key, field]) => {
      const here = pointerTo(pointer, key)
      if (holdsReference(key)) report(here, referenceInKey, true)
      return [key, visit(field, here)] as const
    })
    return Object.fromEntries(fields)
  }
  return { data: visit(parsed.data, ''), findings, failed }
}

const referenceInKey: Problem = {
  code: 'CONFIG_REFERENCE',
  message: 'A name before the colon cannot hold a reference',
  hint: 'Write the name out; $${ is a literal ${.',
}

function holdsReference(key: string): boolean {
  return [...key.matchAll(reference)].some(([written]) => written !== '$${')
}

function putIn(text: string, variables: Variables, report: (problem: Problem) => void): string {
  let result = ''
  let end = 0
  const append = (part: string): void => {
    // A value that ends with $ must not make a reference of the brace behind it.
    result += result.endsWith('$') && part.startsWith('{') ? `$${part}` : part
  }
  for (const match of text.matchAll(reference)) {
    const [written, inner] = match
    append(text.slice(end, match.index))
    end = match.index + written.length
    const asked = inner === undefined ? undefined : variable.exec(inner)?.[1]
    const value = asked === undefined ? undefined : variables(asked)
    // What a variable brings in is text, never a reference.
    if (value !== undefined) append(escapeReferences(value))
    else append(written)
    const problem = inner === undefined || value !== undefined ? undefined : problemOf(text, written, inner, asked)
    if (problem !== undefined) report(problem)
  }
  append(text.slice(end))
  return result
}

function problemOf(text: string, written: string, inner: string, asked: string | undefined): Problem | undefined {
  if (secret.test(inner)) return text === written ? undefined : misplacedSecret
  const code = 'CONFIG_REFERENCE'
  if (asked !== undefined) {
    const hint = `Give --var ${asked}=…, a --var-file, or set ${variableVariable(asked)}.`
    return { code, message: `The variable ${asked} is not set`, hint }
  }
  // Only the word before the colon is printed: the rest may be what somebody took for a value.
  const word = /^(?:var|secret):/u.exec(inner)?.[0]
  const hint =
    word === undefined
      ? 'There are ${var:name} and ${secret:name}; write $${ for a literal ${.'
      : 'A name begins with a small letter and holds small letters, digits and hyphens, 64 at most.'
  return { code, message: `\${${word ?? ''}…} is no reference`, hint }
}

/** What is said of a secret in the wrong place. */
export const misplacedSecret: Problem = {
  code: 'CONFIG_SECRET',
  message: 'A secret can stand only as the whole value of a secret field',
  hint: 'For a value that may be seen, use ${var:name}.',
}

/** A value whose secrets are references and whose `$${` are literal; `misplaced` leads to the secrets elsewhere. */
export interface Resolved {
  readonly value: unknown
  readonly misplaced: readonly string[]
}

/** Follows the schema of a setting; keyed lists are maps here. Without a schema no secret is in its place. */
export function resolveReferences(schema: Schema | undefined, value: unknown): Resolved {
  const misplaced: string[] = []
  const visit = (part: Schema | undefined, written: unknown, pointer: string): unknown => {
    if (typeof written === 'string') {
      const named = wholeSecret.exec(written)?.[1]
      if (part?.secret === true) return { secret: named ?? '' }
      if (named !== undefined) misplaced.push(pointer)
      return readEscapes(written)
    }
    if (Array.isArray(written)) {
      const items = part?.type === 'array' ? part.items : undefined
      const kept = written.filter((entry) => entry !== undefined)
      return kept.map((entry: unknown, index) => visit(items, entry, pointerTo(pointer, index)))
    }
    if (!isObject(written)) return written
    const fields = Object.entries(written).map(([key, field]) => {
      const inner = part?.type === 'array' ? part.items : part && fieldOf(propertiesOf(part), key)
      return [readEscapes(key), visit(inner, field, pointerTo(pointer, key))] as const
    })
    return Object.fromEntries(fields)
  }
  return { value: visit(schema, value, ''), misplaced }
}

/** A text that means itself, whatever it holds. */
export function escapeReferences(text: string): string {
  // As a plain replacement `$$` would mean one dollar.
  return text.replaceAll('${', () => '$${')
}

function readEscapes(text: string): string {
  return text.replaceAll('$${', '${')
}
