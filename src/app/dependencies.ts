/** Which changes of a plan need which others to succeed: a failure skips only what depends on it. */
import type { Change } from '../model/plan.js'
import { type Reference, referencesIn } from '../model/reference.js'
import { type Registry, type Resource, resourceOf } from '../model/resource.js'
import { isObject } from '../model/schema.js'

/** The addresses that each change needs, by its address. */
export function dependenciesOf(registry: Registry, changes: readonly Change[]): ReadonlyMap<string, readonly string[]> {
  const writes = changes.filter(({ action }) => action !== 'delete')
  const deletes = changes.filter(({ action }) => action === 'delete')
  const written = new Set(writes.map(({ address }) => address))
  const named = new Map(writes.map((change) => [nameKey(change.kind, nameOf(registry, change)), change.address]))
  const needs = new Map<string, string[]>(changes.map(({ address }) => [address, []]))
  for (const change of writes) {
    const resource = resourceOf(registry, change.kind)
    if (resource === undefined) continue
    const parents = ancestorsOf(change.address).filter((address) => written.has(address))
    const references = referencesOf(resource, change).flatMap(({ kind, name }) => named.get(nameKey(kind, name)) ?? [])
    const before = writes.filter(({ kind }) => resource.after.includes(kind)).map(({ address }) => address)
    const all = [...parents, ...references, ...before].filter((address) => address !== change.address)
    needs.get(change.address)?.push(...all)
  }
  for (const change of deletes) {
    if (change.cause?.reason === 'goes-with') needs.get(change.cause.address)?.push(change.address)
  }
  return needs
}

/** The addresses of the items that an item lies under. */
function ancestorsOf(address: string): readonly string[] {
  const ancestors: string[] = []
  for (let index = address.indexOf('.'); index !== -1; index = address.indexOf('.', index + 1)) {
    ancestors.push(address.slice(0, index))
  }
  return ancestors
}

function nameOf(registry: Registry, change: Change): string {
  const resource = resourceOf(registry, change.kind)
  return resource?.form === 'collection' ? String(change.identity[resource.identity[0]]) : ''
}

function nameKey(kind: string, name: string): string {
  return `${kind} ${name}`
}

function referencesOf(resource: Resource, change: Change): readonly Reference[] {
  const value = isObject(change.after) ? { ...change.after, ...change.identity } : change.after
  return referencesIn(resource.schema, value)
}

/** The changes with those marked `last` that touch the own account's rights, and those that need one of them. */
export function markLast(registry: Registry, changes: readonly Change[], own: ReadonlySet<string>): readonly Change[] {
  if (own.size === 0) return changes
  const needs = dependenciesOf(registry, changes)
  const last = new Set(own)
  for (let size = -1; size !== last.size;) {
    size = last.size
    for (const [address, needed] of needs) if (needed.some((one) => last.has(one))) last.add(address)
  }
  return changes.map((change) => (last.has(change.address) ? { ...change, last: true } : change))
}
