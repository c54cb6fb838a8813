/** Violations of the schema in words, each with its place and its remedy. Values are never printed. */
import type { Finding } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { childrenOf, type Registry } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { secretPattern } from './configuration-schema.js'
import { type Place, placeOf } from './place.js'
import { nameOf, type Positions, pointerTo, segmentsOf } from './positions.js'
import type { SchemaFinding } from './validator.js'

/** Findings that are shown of one file; the rest is counted. */
const shown = 20

/** Parts of the language that are refused by name until they are built. */
const unbuilt = new Set(['/projects', '/rules'])

/** What violations are explained with. */
export interface Context {
  readonly registry: Registry
  readonly document: unknown
  readonly positions: Positions
}

/** One finding a violation, in no order. */
export function explainViolations(violations: readonly SchemaFinding[], context: Context): readonly Finding[] {
  return telling(violations).map((violation) => explain(violation, context))
}

/** Pointers to what is violated: what is left without it is valid. */
export function violatedPointers(violations: readonly SchemaFinding[]): readonly string[] {
  return telling(violations).map((violation) => violation.keyPointer ?? violation.instancePath)
}

/** In the order of files, lines and columns, at most twenty a file, what is beyond that counted. */
export function limitFindings(findings: readonly Finding[]): readonly Finding[] {
  const files = new Map<string | undefined, Finding[]>()
  const once = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  for (const finding of [...once.values()].sort(byPlace)) {
    const file = finding.source?.file
    const known = files.get(file) ?? []
    known.push(finding)
    files.set(file, known)
  }
  return [...files.values()].flatMap((ofFile) => {
    const kept = ofFile.slice(0, shown)
    const last = kept.at(-1)
    const rest = ofFile.length - kept.length
    if (rest === 0 || last === undefined) return kept
    const message = `${rest} more ${rest === 1 ? 'finding' : 'findings'} in this file`
    return [...kept, { code: last.code, message, ...(last.source === undefined ? {} : { source: last.source }) }]
  })
}

function byPlace(a: Finding, b: Finding): number {
  const [left, right] = [a.source, b.source]
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}

interface Telling extends SchemaFinding {
  /** The key that is meant, where a key is violated rather than a value. */
  readonly keyPointer?: string
}

/** Without what only repeats another violation of the same place. */
function telling(violations: readonly SchemaFinding[]): readonly Telling[] {
  const ofWrongType = new Set(violations.filter(({ keyword }) => keyword === 'type').map((one) => one.instancePath))
  return violations
    .filter(({ keyword, instancePath }) => keyword === 'type' || !ofWrongType.has(instancePath))
    .filter(({ keyword }) => keyword !== 'propertyNames')
    .map((violation) => {
      const { instancePath, params, propertyName } = violation
      const key = violation.keyword === 'additionalProperties' ? params['additionalProperty'] : propertyName
      return key === undefined ? violation : { ...violation, keyPointer: pointerTo(instancePath, String(key)) }
    })
}

interface Words {
  readonly message: string
  readonly hint?: string
  readonly code?: Finding['code']
  /** Where it points to, if not to the violated value or key. */
  readonly pointer?: string
}

function explain(violation: Telling, { registry, document, positions }: Context): Finding {
  const { instancePath, keyPointer } = violation
  const place = placeOf(registry, document, keyPointer ?? instancePath)
  const {
    message,
    hint,
    code = 'CONFIG_SCHEMA',
    pointer = instancePath,
  } = wordsFor(violation, document, place, registry)
  const source = keyPointer === undefined ? positions.locateValue(pointer) : positions.locate(keyPointer)
  const { address } = place
  return { code, message, source, ...(hint === undefined ? {} : { hint }), ...(address === '' ? {} : { address }) }
}

function wordsFor(violation: Telling, document: unknown, place: Place, registry: Registry): Words {
  const { instancePath, keyword, params, parentSchema, propertyName, keyPointer } = violation
  const isSecret = isObject(parentSchema) && parentSchema['pattern'] === secretPattern
  const name = propertyName === undefined ? nameOf(instancePath) : `a name in ${nameOf(instancePath)}`
  const value = propertyName ?? valueAt(document, instancePath)
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(keyPointer ?? '', String(params['additionalProperty']), parentSchema, registry)
    case 'type':
      if (value === null) return forbiddenNull(name, isSecret, place)
      return isSecret ? literalSecret(name) : wrongType(name, value, params['type'])
    case 'enum':
      return wrongWord(name, value, params['allowedValues'])
    case 'pattern':
      if (isSecret) return literalSecret(name)
      return {
        message: `${name} is not written in the form that it needs`,
        hint: `It must match ${String(params['pattern'])}.`,
      }
    case 'required':
      return { message: `${name} lacks ${String(params['missingProperty'])}` }
    case 'uniqueItems':
      return {
        message: `${name} names something twice`,
        code: 'CONFIG_DUPLICATE',
        pointer: pointerTo(instancePath, Math.max(Number(params['i']), Number(params['j']))),
      }
    case 'minimum':
    case 'maximum':
      return { message: `${name} must be ${String(params['comparison'])} ${String(params['limit'])}` }
    case 'minLength':
      return { message: value === '' ? `${name} must not be empty` : `${name} is too short` }
    case 'maxLength':
      return { message: `${name} is too long`, hint: `It may have ${String(params['limit'])} characters.` }
    case 'minProperties':
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

/** A key, quoted; not more of it than a key has, since the file may not be what it seems. */
function show(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)
}

function literalSecret(name: string): Words {
  return {
    code: 'CONFIG_SECRET',
    message: `${name} is a secret and must not stand in the configuration`,
    hint: 'Write ${secret:some-name}, and give that name a value in the environment or in --secrets-dir. Change the secret if it was ever committed.',
  }
}

function unknownKey(pointer: string, key: string, parentSchema: unknown, registry: Registry): Words {
  if (unbuilt.has(pointer)) {
    return {
      message: `${segmentsOf(pointer).join('.')} is not built yet`,
      hint: 'Take it out: this version of bbstate would not act on it.',
    }
  }
  const message = `Unknown key ${show(key)}`
  const schema = isObject(parentSchema) && isObject(parentSchema['properties']) ? parentSchema['properties'] : {}
  const known = Object.keys(schema)
  const isTop = segmentsOf(pointer).length === 1
  const root = isTop && registry.roots.find(({ kind }) => childrenOf(registry, kind).some((child) => child.key === key))
  if (root) return { message, hint: `Write it below ${root.path}:` }
  const nearest = findNearest(key, known)
  if (nearest !== undefined) return { message, hint: `Did you mean ${nearest}?` }
  return { message, hint: known.length === 0 ? 'Nothing can stand here.' : `Known here: ${known.join(', ')}.` }
}

function forbiddenNull(name: string, isSecret: boolean, { part, resource }: Place): Words {
  const message = `${name} cannot be null`
  if (part === 'setting') {
    return {
      message,
      hint: `The server has no way to reset ${resource?.docs.title ?? name}: write the value that it must have, or leave the key out.`,
    }
  }
  if (part === 'section')
    return { message, hint: 'Write null for each setting that must be reset, never for all at once.' }
  if (part === 'collection')
    return { message, hint: 'Write null for each item that must not exist, never for all at once.' }
  if (isSecret) return { message, hint: 'A secret is replaced, not cleared. Leave the key out to leave it alone.' }
  return { message, hint: 'Null clears, and this cannot be cleared. Leave the key out to leave it alone.' }
}

function wrongType(name: string, value: unknown, type: unknown): Words {
  const types = (Array.isArray(type) ? type : [type]).map(String)
  const wanted = types.filter((one) => one !== 'null').map((one) => typeWords[one] ?? one)
  const isWord = typeof value === 'string' && /^(?:yes|no|on|off|y|n)$/iu.test(value)
  if (types.includes('boolean') && isWord) {
    return { message: `${name} must be true or false`, hint: 'In YAML 1.2, yes, no, on and off are texts.' }
  }
  const message = `${name} must be ${wanted.join(' or ')}, and is ${kindOf(value)}`
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  if (types.includes('string') && isPlain) return { message, hint: 'Put it in quotes.' }
  const isScalar = types.some((one) => one === 'integer' || one === 'number' || one === 'boolean')
  if (typeof value !== 'string' || !isScalar) return { message }
  return { message, hint: 'What stands in quotes, and what ${var:…} brings in, is always a text.' }
}

const typeWords: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  string: 'a text',
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction'
  return typeWords[typeof value] ?? 'something else'
}

function wrongWord(name: string, value: unknown, allowed: unknown): Words {
  const words = (Array.isArray(allowed) ? allowed : []).filter((word) => word !== null).map(String)
  const nearest = typeof value === 'string' ? findNearest(value, words) : undefined
  const list = words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}` : words.join('')
  return { message: `${name} must be ${list}`, ...(nearest === undefined ? {} : { hint: `Did you mean ${nearest}?` }) }
}

function valueAt(document: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce<unknown>((value, segment) => {
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(segment)]
    return isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
  }, document)
}

/** Takes places out of a document, in place: what was found wrong, so that the rest can still be looked at. */
export function takeOut(document: unknown, pointers: readonly string[]): unknown {
  for (const pointer of pointers) {
    const segments = segmentsOf(pointer)
    const last = segments.at(-1)
    if (last === undefined) return {}
    const parent = valueAt(document, segments.slice(0, -1).reduce(pointerTo, ''))
    if (Array.isArray(parent)) parent[Number(last)] = undefined
    else if (isObject(parent)) delete parent[last]
  }
  return document
}
