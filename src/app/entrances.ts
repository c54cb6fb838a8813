/** What is judged before anything of an item is read: whether the command line lets it in at all. */
import type { Desired, DesiredItem } from '../model/desired.js'
import type { Finding } from '../model/errors.js'
import { type Allowances, refuse } from '../model/guard.js'
import type { CoveredBy, Registry } from '../model/resource.js'
import { isObject } from '../model/schema.js'

/**
 * Checks the entrances of all declared items.
 * @throws PlanError `PLAN_UNSAFE` with everything that is not let in, each with the `--allow` that would.
 */
export function checkEntrances(registry: Registry, { items }: Desired, allow: Allowances): void {
  const coveredBy = coveringKinds(registry)
  const findings = items.flatMap((item): readonly Finding[] => {
    const whole = isObject(item.want) ? { ...item.want, ...item.identity } : item.want
    const entrance = item.want === null ? undefined : item.resource.entrance?.(whole, coveredBy)
    if (entrance === undefined) return []
    if ('refused' in entrance) return [finding(item, entrance.refused, entrance.hint)]
    if (allow.allowsPath(entrance.allow, entrance.value)) return []
    return [finding(item, entrance.reason, `If that is right, run with --allow ${entrance.allow}=${entrance.value}.`)]
  })
  if (findings.length > 0) throw refuse('Settings are refused before they are read', findings)
}

function finding({ address, locate }: DesiredItem, message: string, hint: string): Finding {
  return { code: 'PLAN_UNSAFE', message: `${address}: ${message}`, address, source: locate(), hint }
}

/** The kind that has an endpoint or one above it; the version in a path is whatever the caller writes. */
function coveringKinds(registry: Registry): CoveredBy {
  const known = registry.resources.flatMap(({ kind, docs }) =>
    docs.endpoints.map((endpoint) => ({ kind, segments: segmentsOf(endpoint) })),
  )
  return (endpoint) => {
    const asked = segmentsOf(endpoint)
    return known.find(({ segments }) => segments.every((segment, index) => isSame(segment, asked[index])))?.kind
  }
}

function segmentsOf(endpoint: string): readonly string[] {
  return endpoint
    .toLowerCase()
    .split('/')
    .slice(1)
    .map((segment, index) => (index === 1 && /^(?:latest|\d+(?:\.\d+)*)$/u.test(segment) ? 'latest' : segment))
}

function isSame(segment: string, asked: string | undefined): boolean {
  return asked !== undefined && (segment === '{}' || segment === asked)
}
