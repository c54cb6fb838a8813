/** The `policy` section: address patterns that must name what they are meant for. */
import { formatAddress, formatName, parseAddress, parseName, type Step } from '../model/address.js'
import type { Ignore, Limits, Pattern, Policy } from '../model/desired.js'
import type { Finding, Source } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { childrenOf, type Registry, type Resource } from '../model/resource.js'
import { isObject, propertiesOf } from '../model/schema.js'
import { type Positions, pointerTo } from './positions.js'

/** What a pattern is for. */
type Use = 'prune' | 'protect' | 'ignore'

/** Reads the policy of one file. Patterns are in canonical spelling, as addresses are. */
export function readPolicy(
  registry: Registry,
  document: unknown,
  positions: () => Positions,
): { policy: Policy; findings: readonly Finding[] } {
  const findings: Finding[] = []
  const section = isObject(document) && isObject(document['policy']) ? document['policy'] : {}
  const report = (problem: Problem, pointer: string): void => {
    findings.push({ code: 'CONFIG_SCHEMA', ...problem, source: positions().locateValue(pointer) })
  }
  const spell = (text: string, use: Use, pointer: string): string => {
    const judged = judgePattern(registry, text, use)
    if (typeof judged === 'string') return judged
    report(judged, pointer)
    return text
  }
  const patterns = (use: 'prune' | 'protect'): readonly Pattern[] =>
    listOf(section[use]).flatMap((text, index): readonly Pattern[] => {
      const pointer = pointerTo(`/policy/${use}`, index)
      if (typeof text !== 'string') return []
      return [locating({ pattern: spell(text, use, pointer) }, positions, pointer)]
    })
  const ignores = listOf(section['ignore']).flatMap((entry, index): readonly Ignore[] => {
    const { address, reason, until } = isObject(entry) ? entry : {}
    // What was found wrong before was taken out.
    if (typeof address !== 'string' || typeof reason !== 'string' || typeof until !== 'string') return []
    const pointer = pointerTo('/policy/ignore', index)
    const last = pointerTo(pointer, 'until')
    if (!isDay(until)) report({ message: 'until is no day of the calendar', hint: 'Write YYYY-MM-DD.' }, last)
    const covered = spell(address, 'ignore', pointerTo(pointer, 'address'))
    return [locating({ address: covered, reason, until }, positions, pointer)]
  })
  const policy: Policy = {
    prune: patterns('prune'),
    protect: patterns('protect'),
    ignore: ignores,
    administrators: readAdministrators(section['administrators']),
    ...readUnknown(section['unknownPrincipals']),
    ...readLimits(section['limits']),
  }
  return { policy, findings }
}

function readAdministrators(section: unknown): Policy['administrators'] {
  const { users, atLeast } = isObject(section) ? section : {}
  const names = listOf(users).filter((name) => typeof name === 'string')
  return { users: names.map((name) => name.toLowerCase()), atLeast: typeof atLeast === 'number' ? atLeast : 1 }
}

function readUnknown(written: unknown): Pick<Policy, 'unknownPrincipals'> {
  return written === 'warn' || written === 'refuse' ? { unknownPrincipals: written } : {}
}

const limitNames = ['deletes', 'deletesPercent', 'accessLosses', 'repositories'] as const

function readLimits(section: unknown): Pick<Policy, 'limits'> {
  if (!isObject(section)) return {}
  const written = limitNames.flatMap((name) => (typeof section[name] === 'number' ? [[name, section[name]]] : []))
  return { limits: Object.fromEntries(written) as Limits }
}

/** Of several limits the lowest. */
function uniteLimits(policies: readonly Policy[]): Pick<Policy, 'limits'> {
  const limits = policies.flatMap((policy) => policy.limits ?? [])
  const lowest = limitNames.flatMap((name) => {
    const written = limits.flatMap((one) => one[name] ?? [])
    return written.length === 0 ? [] : [[name, Math.min(...written)]]
  })
  return limits.length === 0 ? {} : { limits: Object.fromEntries(lowest) as Limits }
}

/** The policy of nothing. */
export const emptyPolicy: Policy = { prune: [], protect: [], ignore: [], administrators: { users: [], atLeast: 1 } }

/** One policy of many files: lists are united; of several demands the stricter one holds. */
export function unitePolicies(policies: readonly Policy[]): Policy {
  const unknown = policies.flatMap(({ unknownPrincipals }) => unknownPrincipals ?? [])
  return {
    prune: policies.flatMap(({ prune }) => prune),
    protect: policies.flatMap(({ protect }) => protect),
    ignore: policies.flatMap(({ ignore }) => ignore),
    administrators: {
      users: [...new Set(policies.flatMap(({ administrators }) => administrators.users))],
      atLeast: Math.max(1, ...policies.map(({ administrators }) => administrators.atLeast)),
    },
    ...(unknown.length === 0 ? {} : { unknownPrincipals: unknown.includes('refuse') ? 'refuse' : 'warn' }),
    ...uniteLimits(policies),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** February the 30th is a date to JavaScript, which turns it into another. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** Adds the place, which is computed when somebody asks for it. */
export function locating<T extends object>(
  value: T,
  positions: () => Positions,
  pointer: string,
): T & { readonly source: Source } {
  return Object.defineProperty(value, 'source', {
    enumerable: true,
    get: () => positions().locateValue(pointer),
  }) as T & { readonly source: Source }
}

/** What is wrong with a pattern. */
export interface Problem {
  readonly message: string
  readonly hint: string
}

/** An address pattern of the command line in canonical spelling, or what is wrong with it. */
export function spellPattern(registry: Registry, text: string): string | Problem {
  return judgePattern(registry, text, 'ignore')
}

/** The pattern in canonical spelling, or what is wrong with it. */
function judgePattern(registry: Registry, text: string, use: Use): string | Problem {
  const shown = JSON.stringify(text)
  const below = use === 'protect' && text.endsWith('/**') ? '/**' : ''
  const steps = parseAddress(below === '' ? text : text.slice(0, -below.length))
  if (steps === null) {
    const hint =
      'Addresses look like instance.groups[devs].members; * stands for any name inside brackets; odd names stand in double quotes.'
    return { message: `${shown} is not an address`, hint }
  }
  const spelled: Step[] = []
  let known = registry.roots.map(({ kind, path }) => ({ kind, key: path }))
  let found: Resource | undefined
  for (const [index, step] of steps.entries()) {
    const next = known.find(({ key }) => key === step.key)
    if (next === undefined) return unknownStep(shown, step.key, known)
    found = registry.resources.find(({ kind }) => kind === next.kind)
    const isLast = index === steps.length - 1
    const problem = judgeNames(found, step, isLast)
    if (problem !== undefined) return { ...problem, message: `${shown}: ${problem.message}` }
    spelled.push(spellStep(found, step))
    known = childrenOf(registry, next.kind).map(({ kind, key }) => ({ kind, key }))
  }
  const problem = below === '' ? judgeTarget(shown, found, steps.at(-1), use) : undefined
  return problem ?? `${formatAddress(spelled)}${below}`
}

function unknownStep(shown: string, key: string, known: readonly { readonly key: string }[]): Problem {
  const keys = known.map((one) => one.key)
  const nearest = findNearest(key, keys)
  const offer = keys.length === 0 ? 'Nothing is below it.' : `Known here: ${keys.join(', ')}.`
  return {
    message: `${shown}: there is no ${key} here`,
    hint: nearest === undefined ? offer : `Did you mean ${nearest}?`,
  }
}

function judgeNames(found: Resource | undefined, { key, names }: Step, isLast: boolean): Problem | undefined {
  if (found?.form !== 'collection') {
    if (names === undefined) return undefined
    return { message: `${key} is there once and has no names`, hint: `Write ${key} without brackets.` }
  }
  if (names === undefined) {
    return isLast ? undefined : { message: `${key} needs a name or [*]`, hint: `Write ${key}[*] for all of them.` }
  }
  const wanted = found.identity.length
  if (names.length === wanted || (names.length === 1 && names[0] === '*')) return undefined
  const hint = `Its items are named by ${found.identity.join(' and ')}; a comma inside of a name wants quotes.`
  return { message: `${key} takes ${wanted} ${wanted === 1 ? 'name' : 'names'}, and has ${names.length}`, hint }
}

/** Names as addresses spell them, so that `[Devs]` protects what the server calls `devs`. */
function spellStep(found: Resource | undefined, step: Step): Step {
  const { key, names } = step
  if (found?.form !== 'collection' || names === undefined) return step
  const spelled = names.map((written, index) => {
    const property = found.identity[index]
    if (property === undefined || written === '*' || propertiesOf(found.schema)[property]?.type === 'object')
      return written
    const canonical = found.canonical({ [property]: parseName(written) })
    const name = isObject(canonical) ? String(canonical[property]) : parseName(written)
    // An unquoted star is a wildcard, also inside of a name; quoting would make it a letter.
    return written.includes('*') && !written.startsWith('"') ? name : formatName(name)
  })
  return { key, names: spelled }
}

function judgeTarget(
  shown: string,
  found: Resource | undefined,
  last: Step | undefined,
  use: Use,
): Problem | undefined {
  const isWhole = found?.form === 'collection' && last?.names === undefined
  if (use === 'prune' && !isWhole) {
    const hint = 'prune names a collection, such as instance.groupPermissions.'
    return { message: `${shown} is not a collection`, hint }
  }
  if (use === 'prune' && found?.form === 'collection' && found.list === undefined) {
    const hint = 'The server cannot list it, so what is not declared stays unseen.'
    return { message: `${shown} cannot be pruned`, hint }
  }
  if (use === 'protect' && (isWhole || found === undefined)) {
    const hint = 'protect names an item, such as instance.groups[devs]; [*] for all of them, /** for all below.'
    return { message: `${shown} is not an item`, hint }
  }
  return undefined
}
