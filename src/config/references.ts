/**
 * `${var:name}`, `${secret:name}` and `$${` in the texts of a configuration.
 *
 * Variables are put in before anything is checked. A secret stays a name: it may stand only as the whole value of a
 * field that is secret, so that nothing that is printed or sent elsewhere can hold its value.
 */
import type { Finding } from '../model/errors.js'
import { isObject, type Schema } from '../model/schema.js'
import { variableVariable } from '../model/secret.js'
import { pointerTo } from './positions.js'
import type { ParsedFile } from './yaml.js'

/** The value of a variable; `undefined` where nothing sets it. */
export type Variables = (name: string) => string | undefined

const reference = /\$\$\{|\$\{([^}]*)\}?/gu
const name = '[a-z][a-z0-9-]{0,63}'
const variable = new RegExp(`^var:(${name})$`, 'u')
const secret = new RegExp(`^secret:(${name})$`, 'u')
const wholeSecret = new RegExp(`^\\$\\{secret:(${name})\\}$`, 'u')

/** The data with variables put in; `$${` and secrets stay as they are written. */
export function substitute(parsed: ParsedFile, variables: Variables): { data: unknown; findings: readonly Finding[] } {
  const findings: Finding[] = []
  const report = (pointer: string, message: string, hint: string): void => {
    findings.push({ code: 'CONFIG_REFERENCE', message, source: parsed.positions().locate(pointer), hint })
  }
  const replace = (text: string, pointer: string): string =>
    text.replaceAll(reference, (written, inner: string | undefined) => {
      if (inner === undefined || secret.test(inner)) return written
      const [, asked] = variable.exec(inner) ?? []
      if (asked === undefined) {
        report(
          pointer,
          `\${${kindOf(inner)}…} is no reference`,
          'There are ${var:name} and ${secret:name}; write $${ for a literal ${.',
        )
        return written
      }
      const value = variables(asked)
      if (value === undefined) {
        const hint = `Give --var ${asked}=…, a --var-file, or set ${variableVariable(asked)}.`
        report(pointer, `The variable ${asked} is not set`, hint)
      }
      // What a variable brings in is text, never a reference.
      return (value ?? '').replaceAll('${', '$${')
    })
  const visit = (value: unknown, pointer: string): unknown => {
    if (typeof value === 'string') return value.includes('${') ? replace(value, pointer) : value
    if (Array.isArray(value)) return value.map((entry, index) => visit(entry, pointerTo(pointer, index)))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, visit(field, pointerTo(pointer, key))]))
  }
  return { data: visit(parsed.data, ''), findings }
}

/** The word before the colon of something that looks like a reference; never its rest. */
function kindOf(inner: string): string {
  return /^[a-z]{1,10}:/u.exec(inner)?.[0] ?? ''
}

/** A value whose secrets are references and whose `$${` are literal; `misplaced` names the paths of other secrets. */
export interface Resolved {
  readonly value: unknown
  readonly misplaced: readonly string[]
}

/** Follows the schema of a setting; keyed lists are maps here. */
export function resolveReferences(schema: Schema, value: unknown): Resolved {
  const misplaced: string[] = []
  const visit = (part: Schema, written: unknown, pointer: string): unknown => {
    if (typeof written === 'string') {
      if (part.secret === true) return { secret: wholeSecret.exec(written)?.[1] ?? '' }
      if (/(?<!\$)\$\{secret:/u.test(written)) misplaced.push(pointer)
      return written.replaceAll('$${', '${')
    }
    if (part.type === 'array') {
      const inner = (entry: unknown, key: string | number): unknown => visit(part.items, entry, pointerTo(pointer, key))
      if (Array.isArray(written)) return written.map(inner)
      if (!isObject(written)) return written
      return Object.fromEntries(Object.entries(written).map(([key, entry]) => [key, inner(entry, key)]))
    }
    if (part.type !== 'object' || !isObject(written)) return written
    const fields = Object.entries(written).map(([key, field]) => {
      const inner = part.properties[key]
      return [key, inner === undefined ? field : visit(inner, field, pointerTo(pointer, key))] as const
    })
    return Object.fromEntries(fields)
  }
  return { value: visit(schema, value, ''), misplaced }
}
