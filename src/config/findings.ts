/** Violations of the schema in words, each with its place and its remedy. Values are never printed. */
import type { Finding } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { isObject } from '../model/schema.js'
import { secretPattern } from './configuration-schema.js'
import { type Positions, pointerTo, segmentsOf } from './positions.js'
import type { SchemaFinding } from './validator.js'

/** Findings that are shown of one file; the rest is counted. */
const shown = 20

/** Parts of the language that are refused by name until they are built. */
const unbuilt = new Set([
  '/projects',
  '/rules',
  '/policy/administrators',
  '/policy/limits',
  '/policy/unknownPrincipals',
])

/** Findings of one file, in the order of its lines. */
export function explainViolations(
  violations: readonly SchemaFinding[],
  document: unknown,
  positions: Positions,
): readonly Finding[] {
  const findings = violations
    .filter(({ keyword }) => !wrappers.has(keyword))
    .map((one) => explain(one, document, positions))
  const once = [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()].sort(byPlace)
  if (once.length <= shown) return once
  const [first] = once
  const rest = { code: 'CONFIG_SCHEMA', message: `${once.length - shown} more findings in this file` } as const
  return [
    ...once.slice(0, shown),
    { ...rest, ...(first?.source === undefined ? {} : { source: { ...first.source, line: 1, column: 1 } }) },
  ]
}

/** Keywords that only say that something inside them was violated. */
const wrappers = new Set(['anyOf', 'if', 'propertyNames'])

/** By file, line, column. */
export function byPlace(a: Finding, b: Finding): number {
  const [left, right] = [a.source, b.source]
  if (left === undefined || right === undefined) return 0
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}

interface Words {
  readonly message: string
  readonly hint?: string
  readonly code?: Finding['code']
  /** Where it points to, if not to the violated value. */
  readonly pointer?: string
}

function explain(violation: SchemaFinding, document: unknown, positions: Positions): Finding {
  const { instancePath } = violation
  const { message, hint, code = 'CONFIG_SCHEMA', pointer = instancePath } = wordsFor(violation, document)
  const source = positions.locate(pointer)
  const address = addressOf(instancePath)
  return { code, message, source, ...(hint === undefined ? {} : { hint }), ...(address === '' ? {} : { address }) }
}

/** `/instance/mailServer/port` as people say it. */
function addressOf(pointer: string): string {
  return segmentsOf(pointer).join('.')
}

function wordsFor(violation: SchemaFinding, document: unknown): Words {
  const { instancePath, keyword, params, parentSchema } = violation
  const name = segmentsOf(instancePath).at(-1) ?? 'the document'
  const value = valueAt(document, instancePath)
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(instancePath, String(params['additionalProperty']), parentSchema)
    case 'type':
      return wrongType(name, value, params['type'])
    case 'enum':
      return wrongWord(name, value, params['allowedValues'])
    case 'pattern':
      if (params['pattern'] !== secretPattern)
        return {
          message: `${name} is not written in the form that it needs`,
          hint: `It must match ${params['pattern']}.`,
        }
      return {
        code: 'CONFIG_SECRET',
        message: `${name} is a secret and must not stand in the configuration`,
        hint: 'Write ${secret:some-name}, and give that name a value in the environment or in --secrets-dir. Change the secret if it was ever committed.',
      }
    case 'required':
      return { message: `${name} lacks ${params['missingProperty']}` }
    case 'uniqueItems':
      return {
        message: `${name} names something twice`,
        code: 'CONFIG_DUPLICATE',
        pointer: pointerTo(instancePath, Number(params['i'])),
      }
    case 'minimum':
    case 'maximum':
      return { message: `${name} must be ${params['comparison']} ${params['limit']}` }
    case 'minLength':
      return { message: `${name} must not be empty` }
    case 'not':
      return {
        message: `${name} can have only one of its alternatives`,
        hint: 'Write one of them; setting it clears the others.',
      }
    case 'const':
      return { message: `${name} can only be ${JSON.stringify(params['allowedValue'])}` }
    default:
      return { message: `${name} ${violation.message ?? 'is not valid'}` }
  }
}

function unknownKey(instancePath: string, key: string, parentSchema: unknown): Words {
  const pointer = pointerTo(instancePath, key)
  if (unbuilt.has(pointer)) {
    return {
      message: `${addressOf(pointer)} is not built yet`,
      pointer,
      hint: 'Take it out: this version of bbstate would not act on it.',
    }
  }
  const properties =
    isObject(parentSchema) && isObject(parentSchema['properties']) ? Object.keys(parentSchema['properties']) : []
  const nearest = findNearest(key, properties)
  const known = properties.length === 0 ? 'Nothing can stand here.' : `Known here: ${properties.join(', ')}.`
  return {
    message: `Unknown key ${JSON.stringify(key)}`,
    pointer,
    hint: nearest === undefined ? known : `Did you mean ${nearest}?`,
  }
}

function wrongType(name: string, value: unknown, type: unknown): Words {
  const types = (Array.isArray(type) ? type : [type]).map(String)
  const wanted = types.filter((one) => one !== 'null').map(article)
  if (value === null) {
    return {
      message: `${name} cannot be null`,
      hint: 'Null deletes or resets; this cannot be. Leave the key out to leave it alone.',
    }
  }
  const isWord = typeof value === 'string' && /^(?:yes|no|on|off|y|n)$/iu.test(value)
  if (types.includes('boolean') && isWord) {
    return { message: `${name} must be true or false`, hint: 'In YAML 1.2, yes, no, on and off are texts.' }
  }
  const isVariable = typeof value === 'string' && !types.includes('string')
  const hint = isVariable ? { hint: 'A text in quotes, or the value of a ${var:…}, is always a text.' } : {}
  return { message: `${name} must be ${wanted.join(' or ')}, and is ${kindOf(value)}`, ...hint }
}

function article(type: string): string {
  return (
    {
      integer: 'a whole number',
      number: 'a number',
      boolean: 'true or false',
      array: 'a list',
      object: 'a map',
      string: 'a text',
    }[type] ?? type
  )
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return (
    { number: 'a number', boolean: 'true or false', object: 'a map', string: 'a text' }[typeof value as string] ??
    'something else'
  )
}

function wrongWord(name: string, value: unknown, allowed: unknown): Words {
  const words = (Array.isArray(allowed) ? allowed : []).filter((word) => word !== null).map(String)
  const nearest = typeof value === 'string' ? findNearest(value, words) : undefined
  const list = words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words.join('')
  return { message: `${name} must be ${list}`, ...(nearest === undefined ? {} : { hint: `Did you mean ${nearest}?` }) }
}

function valueAt(document: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce<unknown>((value, segment) => {
    if (Array.isArray(value)) return value[Number(segment)]
    return isObject(value) ? value[segment] : undefined
  }, document)
}
