/**
 * Many files, one declaration.
 *
 * Files are united: the same address in two of them is an error that names both. Overlays are merged over the union, in
 * order: objects field by field, keyed lists entry by entry; scalars, sets and `null` replace. An overlay cannot take
 * back a declaration.
 */
import type { DesiredCollection, DesiredItem } from '../model/desired.js'
import type { Finding, Source } from '../model/errors.js'
import { isObject, type Schema } from '../model/schema.js'
import type { Origin, Written, WrittenItem } from './flatten.js'
import { pointerTo } from './positions.js'

interface Layered extends Omit<WrittenItem, 'origin'> {
  /** The last one first: the file that has a field last is where it comes from. */
  readonly origins: readonly { readonly origin: Origin; readonly want: unknown }[]
}

/** Everything that is declared, layer by layer. */
interface United {
  readonly items: Map<string, Layered>
  readonly collections: Map<string, DesiredCollection>
}

/** Unites files and merges overlays; duplicates are reported. */
export function unite(
  files: readonly Written[],
  overlays: readonly Written[],
): { items: readonly DesiredItem[]; collections: readonly DesiredCollection[]; findings: readonly Finding[] } {
  const united: United = { items: new Map(), collections: new Map() }
  const findings: Finding[] = []
  for (const item of files.flatMap((file) => file.items)) {
    const known = united.items.get(item.address)
    if (known === undefined) united.items.set(item.address, layer(item))
    else findings.push(declaredTwice(item, known))
  }
  for (const file of files) addCollections(united.collections, file)
  for (const overlay of overlays) {
    findings.push(...duplicatesWithin(overlay))
    dropBelowAbsent(united, overlay)
    for (const item of overlay.items) {
      const below = united.items.get(item.address)
      united.items.set(item.address, below === undefined ? layer(item) : merge(below, item))
    }
    addCollections(united.collections, overlay)
  }
  return { items: [...united.items.values()].map(finish), collections: [...united.collections.values()], findings }
}

function layer({ origin, ...item }: WrittenItem): Layered {
  return { ...item, origins: [{ origin, want: item.want }] }
}

function declaredTwice(item: WrittenItem, known: Layered): Finding {
  const first = locate(known)()
  return {
    code: 'CONFIG_DUPLICATE',
    message: `${item.address} is declared twice, here and at ${first.file}:${first.line}:${first.column}`,
    address: item.address,
    source: locate(layer(item))(),
    hint: 'Declare it once; what differs between servers belongs into an overlay.',
  }
}

function duplicatesWithin(overlay: Written): readonly Finding[] {
  const seen = new Map<string, Layered>()
  return overlay.items.flatMap((item) => {
    const known = seen.get(item.address)
    seen.set(item.address, layer(item))
    return known === undefined ? [] : [declaredTwice(item, known)]
  })
}

function merge(below: Layered, over: WrittenItem): Layered {
  const want = mergeValue(over.resource.schema, below.want, over.want)
  const renamed = over.renamedFrom ?? below.renamedFrom
  return {
    ...below,
    want,
    origins: [{ origin: over.origin, want: over.want }, ...below.origins],
    ...(renamed === undefined ? {} : { renamedFrom: renamed }),
  }
}

/** Objects and keyed maps are merged, everything else is replaced. */
export function mergeValue(schema: Schema, below: unknown, over: unknown): unknown {
  if (!isObject(below) || !isObject(over) || schema.secret === true) return over
  const innerOf = (key: string): Schema | undefined => {
    if (schema.type === 'object') return schema.properties[key]
    return schema.type === 'array' && schema['x-key'] !== undefined ? schema.items : undefined
  }
  const merged = Object.entries(over).map(([key, value]) => {
    const inner = innerOf(key)
    return [key, inner === undefined ? value : mergeValue(inner, below[key], value)] as const
  })
  return { ...below, ...Object.fromEntries(merged) }
}

/** What an overlay says must not exist has nothing below it, whatever earlier layers say. */
function dropBelowAbsent({ items, collections }: United, overlay: Written): void {
  const absent = new Set(overlay.items.filter(({ want }) => want === null).map(({ address }) => address))
  if (absent.size === 0) return
  for (const address of items.keys()) if (isBelow(address, absent)) items.delete(address)
  for (const address of collections.keys()) if (isBelow(address, absent)) collections.delete(address)
}

/** Whether one of the items around an address is among those given. */
function isBelow(address: string, items: ReadonlySet<string>): boolean {
  // A dot inside of a quoted name cuts no address off: what is before it is none.
  for (let index = address.lastIndexOf('.'); index > 0; index = address.lastIndexOf('.', index - 1)) {
    if (items.has(address.slice(0, index))) return true
  }
  return false
}

function addCollections(united: Map<string, DesiredCollection>, file: Written): void {
  for (const { resource, at, address, isWrittenEmpty, origin } of file.collections) {
    const known = united.get(address)
    united.set(address, {
      resource,
      at,
      address,
      isWrittenEmpty: isWrittenEmpty || known?.isWrittenEmpty === true,
      locate: known?.locate ?? (() => origin.positions().locate(origin.pointer)),
    })
  }
}

function finish({ origins, ...item }: Layered): DesiredItem {
  return { ...item, locate: locate({ ...item, origins }) }
}

/** Where the item, or one of its fields, was written last. */
function locate({ origins }: Layered): (path?: string) => Source {
  return (path = '') => {
    const steps = stepsOf(path)
    const { origin } = origins.find(({ want }) => has(want, steps)) ?? origins[0] ?? {}
    if (origin === undefined) return { file: '', line: 1, column: 1 }
    const own = origin.scalar === steps[0] ? [] : steps
    return origin.positions().locate(own.reduce(pointerTo, origin.pointer))
  }
}

function has(want: unknown, steps: readonly string[]): boolean {
  const [step, ...rest] = steps
  if (step === undefined) return true
  return isObject(want) && step in want && (want[step] === null || has(want[step], rest))
}

/** `keyTypes[RSA].allowed` → `keyTypes`, `RSA`, `allowed`. */
function stepsOf(path: string): readonly string[] {
  const steps = path.match(/"(?:[^"\\]|\\.)*"|[^.[\]]+/gu) ?? []
  return steps.map((step) => (step.startsWith('"') ? String(JSON.parse(step)) : step))
}
