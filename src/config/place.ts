/** What a place in a document means: which setting it belongs to, and what part of it. */
import { formatKey, itemAddress, joinAddress } from '../model/address.js'
import { childrenOf, type Collection, type Registry, type Singleton } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { segmentsOf } from './positions.js'

/** A place in a document. */
export interface Place {
  /** The address of the innermost item or section around it; `''` outside of all sections. */
  readonly address: string
  readonly part: 'document' | 'section' | 'setting' | 'collection' | 'item' | 'field'
  readonly resource?: Singleton | Collection
}

/** Follows a JSON pointer as far as the definitions go. The document may be invalid. */
export function placeOf(registry: Registry, document: unknown, pointer: string): Place {
  const [path, ...rest] = segmentsOf(pointer)
  const root = registry.roots.find((one) => one.path === path)
  if (root === undefined || path === undefined || !isObject(document)) return { address: '', part: 'document' }
  return placeInSection(registry, root.kind, document[path], path, rest)
}

function placeInSection(
  registry: Registry,
  kind: string,
  node: unknown,
  address: string,
  [key, ...rest]: readonly string[],
): Place {
  const resource = childrenOf(registry, kind).find((child) => child.key === key)
  if (resource === undefined) return { address, part: 'section' }
  const here = joinAddress(address, resource.key)
  const value = isObject(node) ? node[resource.key] : undefined
  if (resource.form === 'singleton') return { address: here, part: rest.length === 0 ? 'setting' : 'field', resource }
  const [name, ...below] = rest
  if (name === undefined) return { address: here, part: 'collection', resource }
  const body = Array.isArray(value) ? (value as readonly unknown[])[Number(name)] : isObject(value) && value[name]
  const item = { address: addressOf(resource, here, Array.isArray(value) ? body : name), resource }
  if (below.length === 0) return { ...item, part: 'item' }
  const inside = placeInSection(registry, resource.kind, body, item.address, below)
  return inside.part === 'section' ? { ...item, part: 'field' } : inside
}

/** The item's address where its one naming property can be read; else that of its collection. */
function addressOf(resource: Collection, section: string, named: unknown): string {
  const [property] = resource.identity
  if (resource.identity.length > 1 || typeof named !== 'string') return section
  return itemAddress(section, formatKey(resource.identity, resource.canonical({ [property]: named })))
}
