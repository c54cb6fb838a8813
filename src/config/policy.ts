/** The `policy` section: address patterns that must name what they are meant for. */
import { parseAddress } from '../model/address.js'
import type { Ignore, Pattern, Policy } from '../model/desired.js'
import type { Finding } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { childrenOf, type Registry, type Resource } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { type Positions, pointerTo } from './positions.js'

/** What a pattern can name. */
type Target = 'collection' | 'item'

/** Reads the policy of one file. */
export function readPolicy(
  registry: Registry,
  document: unknown,
  positions: () => Positions,
): { policy: Policy; findings: readonly Finding[] } {
  const findings: Finding[] = []
  const section = isObject(document) && isObject(document['policy']) ? document['policy'] : {}
  const check = (pattern: string, pointer: string, target: Target | 'any'): void => {
    const problem = judge(registry, pattern, target)
    if (problem !== undefined) findings.push({ code: 'CONFIG_SCHEMA', ...problem, source: positions().locate(pointer) })
  }
  const read = (key: 'prune' | 'protect', target: Target): readonly Pattern[] =>
    listOf(section[key]).map((pattern, index) => {
      const pointer = pointerTo(`/policy/${key}`, index)
      check(key === 'protect' ? String(pattern).replace(/\/\*\*$/u, '') : String(pattern), pointer, target)
      return lazily({ pattern: String(pattern) }, positions, pointer)
    })
  const ignore = listOf(section['ignore']).map((entry, index) => {
    const { address, reason, until } = (isObject(entry) ? entry : {}) as Record<string, string>
    const pointer = pointerTo('/policy/ignore', index)
    check(String(address), pointerTo(pointer, 'address'), 'any')
    if (Number.isNaN(Date.parse(`${until}T00:00:00Z`))) {
      findings.push({
        code: 'CONFIG_SCHEMA',
        message: `until is no day of the calendar`,
        source: positions().locate(pointerTo(pointer, 'until')),
      })
    }
    return lazily({ address: String(address), reason: String(reason), until: String(until) }, positions, pointer)
  })
  return { policy: { prune: read('prune', 'collection'), protect: read('protect', 'item'), ignore }, findings }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Adds the place, computed when asked for. */
function lazily<T extends object>(value: T, positions: () => Positions, pointer: string): T & Pick<Ignore, 'source'> {
  return Object.defineProperty(value, 'source', {
    enumerable: true,
    get: () => positions().locate(pointer),
  }) as T & Pick<Ignore, 'source'>
}

function judge(
  registry: Registry,
  pattern: string,
  target: Target | 'any',
): { message: string; hint: string } | undefined {
  const shown = JSON.stringify(pattern)
  const steps = parseAddress(pattern)
  if (steps === null) {
    return {
      message: `${shown} is not an address`,
      hint: 'Addresses look like instance.groups[devs].members; * stands for any name inside brackets.',
    }
  }
  let kinds = registry.roots.map(({ kind, path }) => ({ kind, key: path }))
  let found: Resource | undefined
  for (const [index, { key, names }] of steps.entries()) {
    const next = kinds.find((one) => one.key === key)
    if (next === undefined) {
      const nearest = findNearest(
        key,
        kinds.map((one) => one.key),
      )
      return {
        message: `${shown}: there is no ${key} here`,
        hint:
          nearest === undefined ? `Known here: ${kinds.map((one) => one.key).join(', ')}.` : `Did you mean ${nearest}?`,
      }
    }
    found = registry.resources.find(({ kind }) => kind === next.kind)
    const isLast = index === steps.length - 1
    if (!isLast && found?.form === 'collection' && names === undefined) {
      return { message: `${shown}: ${key} needs a name or [*]`, hint: `Write ${key}[*] for all of them.` }
    }
    kinds = childrenOf(registry, next.kind).map((child) => ({ kind: child.kind, key: child.key }))
    if (isLast && target !== 'any') return judgeTarget(shown, found, names, target)
  }
  return undefined
}

function judgeTarget(
  shown: string,
  found: Resource | undefined,
  names: readonly string[] | undefined,
  target: Target,
): { message: string; hint: string } | undefined {
  const isCollection = found?.form === 'collection' && names === undefined
  if (target === 'collection' && !isCollection) {
    return {
      message: `${shown} is not a collection`,
      hint: 'prune names a collection, such as instance.groupPermissions.',
    }
  }
  if (target === 'item' && (isCollection || found === undefined)) {
    return {
      message: `${shown} is not an item`,
      hint: 'protect names an item, such as instance.groups[devs]; [*] for all of them.',
    }
  }
  return undefined
}
