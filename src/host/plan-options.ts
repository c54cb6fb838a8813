/** The plan options of the command line. */
import type { GivenPattern } from '../app/patterns.js'
import type { PlanOptions } from '../app/plan.js'
import { spellPattern } from '../config/policy.js'
import { UsageError } from '../model/errors.js'
import type { Allowances } from '../model/guard.js'
import { findNearest } from '../model/nearest.js'
import { coversAddress } from '../model/policy.js'
import type { Registry } from '../model/resource.js'
import type { Settings } from './settings.js'

/** Guards that `--allow` can lift, and whether they take an address, a path below `/rest` or a number. */
const allowances = new Map([
  ['secret-destination', 'address'],
  ['drop-secrets', 'none'],
  ['no-identity-header', 'none'],
  ['network-file-system', 'none'],
  ['unknown-administrators', 'none'],
  ['hook-scripts', 'none'],
  ['mesh-nodes', 'none'],
  ['rest-settings', 'path'],
  ['deletes', 'number'],
  ['deletes-percent', 'number'],
  ['access-losses', 'number or none'],
  ['repositories', 'number'],
] as const)

/** What `--target`, `--update-secrets` and `--allow` say. Patterns are spelled as addresses are. */
export function planOptionsOf(
  settings: Settings,
  registry: Registry,
): PlanOptions & { readonly allow: Allowances; readonly targets: readonly string[] } {
  const spell = (option: string, patterns: readonly string[]): readonly string[] =>
    patterns.map((text) => spellGiven(registry, option, text))
  const given = settings.list('allow').map((text) => {
    const { name, value, takes } = parseAllowance(text)
    return isAddress(takes) && value !== undefined ? `${name}=${spellGiven(registry, '--allow', value)}` : text
  })
  const parsed = given.map(parseAllowance)
  return {
    targets: spell('--target', settings.list('target')),
    updateSecrets: spell('--update-secrets', settings.list('update-secrets')),
    patterns: parsed.flatMap(({ name, value, takes }): readonly GivenPattern[] =>
      isAddress(takes) && value !== undefined ? [{ option: `--allow ${name}`, pattern: value }] : [],
    ),
    allow: readAllowances(given),
  }
}

function spellGiven(registry: Registry, option: string, text: string): string {
  const spelled = spellPattern(registry, text)
  if (typeof spelled === 'string') return spelled
  throw new UsageError(`${option}: ${spelled.message}`, { hint: spelled.hint })
}

interface Allowance {
  readonly name: string
  readonly value: string | undefined
  readonly takes: 'address' | 'none' | 'path' | 'number' | 'number or none'
}

/** What takes nothing may still be narrowed to an address. */
function isAddress(takes: Allowance['takes']): boolean {
  return takes === 'address' || takes === 'none'
}

function parseAllowance(text: string): Allowance {
  const index = text.indexOf('=')
  const name = index === -1 ? text : text.slice(0, index)
  const value = index === -1 ? undefined : text.slice(index + 1)
  const takes = allowances.get(name as 'drop-secrets')
  if (takes === undefined) throw unknownAllowance(name)
  if (takes === 'address' && !value) {
    throw new UsageError(`--allow ${name} needs an address`, { hint: `Write --allow ${name}=instance.mailServer.` })
  }
  if (takes === 'path' && value?.startsWith('/rest/') !== true) {
    throw new UsageError(`--allow ${name} needs a path below /rest`, { hint: `Write --allow ${name}=/rest/app.` })
  }
  const isNumber = value !== undefined && /^\d{1,15}$/u.test(value)
  if ((takes === 'number' && !isNumber) || (takes === 'number or none' && value !== undefined && !isNumber)) {
    throw new UsageError(`--allow ${name} needs a number`, { hint: `Write --allow ${name}=60.` })
  }
  return { name, value, takes }
}

/**
 * Reads `--allow NAME`, `--allow NAME=ADDRESS` and `--allow NAME=NUMBER`, which allows so many and fewer.
 * @throws UsageError for a name that lifts nothing, or a missing address or number.
 */
export function readAllowances(given: readonly string[]): Allowances {
  const parsed = given.map(parseAllowance)
  const covers = ({ value, takes }: Allowance, wanted: string | undefined): boolean => {
    if (value === undefined) return true
    if (wanted === undefined) return false
    return takes.startsWith('number') ? Number(wanted) <= Number(value) : coversAddress(value, wanted)
  }
  return {
    allows: (name, wanted) => parsed.some((allowed) => allowed.name === name && covers(allowed, wanted)),
    allowsPath: (name, path) =>
      parsed.some((allowed) => {
        const prefix = allowed.value?.replace(/\/+$/u, '')
        return allowed.name === name && prefix !== undefined && (path === prefix || path.startsWith(`${prefix}/`))
      }),
  }
}

function unknownAllowance(name: string): UsageError {
  const nearest = findNearest(name, allowances.keys())
  return new UsageError(`--allow ${name} lifts nothing`, {
    hint: nearest === undefined ? `It can lift ${[...allowances.keys()].join(', ')}.` : `Did you mean ${nearest}?`,
  })
}
