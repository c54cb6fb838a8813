/**
 * The order of changes, computed from the definitions.
 *
 * Create before use, delete after use. Every kind has two phases, its writes and its deletes; the edges between phases
 * follow from parents, references (`x-ref`), `after` and `frees`. Phases that do not depend on each other share a layer.
 */
import { PlanError } from './errors.js'
import type { Change } from './plan.js'
import type { Registry, Resource } from './resource.js'
import { propertiesOf, type Schema } from './schema.js'

type Phase = `${string}:write` | `${string}:delete`

/** Kinds that a schema refers to. */
export function referencedKinds(schema: Schema): readonly string[] {
  const own = schema['x-ref'] === undefined ? [] : [schema['x-ref']]
  const items = schema.type === 'array' ? referencedKinds(schema.items) : []
  return [...own, ...items, ...Object.values(propertiesOf(schema)).flatMap(referencedKinds)]
}

/** Kinds whose items must be there before an item of this kind can be written. */
export function neededKinds(registry: Registry, resource: Resource): readonly string[] {
  const known = new Set(registry.resources.map(({ kind }) => kind))
  const named = [...resource.parents.map(({ kind }) => kind), ...resource.after, ...referencedKinds(resource.schema)]
  return [...new Set(named)].filter((kind) => kind !== resource.kind && known.has(kind))
}

/**
 * The layer of every phase, counted from 0.
 * @throws PlanError `PLAN_CYCLE` where definitions need each other; a test keeps the registry free of it.
 */
export function layerPhases(registry: Registry): ReadonlyMap<Phase, number> {
  const needs = collectNeeds(registry)
  const layers = new Map<Phase, number>()
  const visit = (phase: Phase, trail: readonly Phase[]): number => {
    if (trail.includes(phase)) {
      throw new PlanError('PLAN_CYCLE', `The definitions need each other: ${[...trail, phase].join(' → ')}`)
    }
    const known = layers.get(phase)
    if (known !== undefined) return known
    const below = [...(needs.get(phase) ?? [])].map((need) => visit(need, [...trail, phase]))
    const layer = 1 + Math.max(-1, ...below)
    layers.set(phase, layer)
    return layer
  }
  for (const phase of needs.keys()) visit(phase, [])
  return layers
}

function collectNeeds(registry: Registry): ReadonlyMap<Phase, ReadonlySet<Phase>> {
  const needs = new Map<Phase, Set<Phase>>()
  for (const { kind } of registry.resources) {
    needs.set(`${kind}:write`, new Set())
    needs.set(`${kind}:delete`, new Set())
  }
  for (const resource of registry.resources) {
    for (const needed of neededKinds(registry, resource)) {
      needs.get(`${resource.kind}:write`)?.add(`${needed}:write`)
      needs.get(`${needed}:delete`)?.add(`${resource.kind}:delete`).add(`${resource.kind}:write`)
    }
    for (const freed of resource.frees) needs.get(`${resource.kind}:write`)?.add(`${freed}:delete`)
  }
  return needs
}

/**
 * The changes layer by layer; within a layer by address. A layer may run in parallel, layers run one after another.
 * What is marked `last` has layers of its own behind all others: what it gives before what it takes away, so that the
 * account is never without its rights in between.
 */
export function orderChanges<C extends Pick<Change, 'kind' | 'action' | 'address' | 'last'>>(
  registry: Registry,
  changes: readonly C[],
): readonly (readonly C[])[] {
  const phases: readonly ((change: C) => boolean)[] = [
    ({ last }) => last !== true,
    ({ last, action }) => last === true && action === 'create',
    ({ last, action }) => last === true && action !== 'create' && action !== 'delete',
    ({ last, action }) => last === true && action === 'delete',
  ]
  return phases.flatMap((isOfPhase) => orderLayers(registry, changes.filter(isOfPhase)))
}

function orderLayers<C extends Pick<Change, 'kind' | 'action' | 'address'>>(
  registry: Registry,
  changes: readonly C[],
): readonly (readonly C[])[] {
  const layers = layerPhases(registry)
  const byLayer = new Map<number, C[]>()
  for (const change of changes) {
    const layer = layers.get(`${change.kind}:${change.action === 'delete' ? 'delete' : 'write'}`) ?? 0
    const together = byLayer.get(layer) ?? []
    together.push(change)
    byLayer.set(layer, together)
  }
  const byAddress = (a: C, b: C): number => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)
  return [...byLayer.entries()].sort(([a], [b]) => a - b).map(([, layer]) => layer.sort(byAddress))
}
