/** Tables by name, and the order in which lists show them. */

/** A record without prototype: `constructor` and `__proto__` are names like any other. */
export type Table<T> = Record<string, T>

/** A table of pairs. */
export function tableOf<T>(pairs: Iterable<readonly [string, T]> = []): Table<T> {
  const table: Table<T> = Object.create(null)
  for (const [name, value] of pairs) table[name] = value
  return table
}

interface Order {
  readonly keys: readonly string[]
  readonly sorted: readonly string[]
}

const orders = new WeakMap<object, Order>()
/** Orders that need no other look in this turn of the event loop. */
let sure = new Map<object, readonly string[]>()

/**
 * The keys in order; sorted again only where some came or went.
 *
 * A table is plain data that anybody may change, so its keys are compared with those that were sorted; but once for all
 * requests that one turn of the event loop brings, since nobody can have asked anything after a change of their own there.
 */
export function keysInOrder(table: Table<unknown>): readonly string[] {
  const known = sure.get(table)
  if (known !== undefined) return known
  if (sure.size === 0) setImmediate(forgetOrders)
  const keys = Object.keys(table)
  const last = orders.get(table)
  const isSame = last?.keys.length === keys.length && keys.every((key, place) => key === last.keys[place])
  const sorted = isSame ? last.sorted : [...keys].sort()
  if (!isSame) orders.set(table, { keys, sorted })
  sure.set(table, sorted)
  return sorted
}

/** To be called after whatever a request has changed. */
export function forgetOrders(): void {
  sure = new Map()
}

/** The values in the order of their keys. */
export function inOrder<T>(table: Table<T>): T[] {
  return keysInOrder(table).map((key) => table[key] as T)
}
