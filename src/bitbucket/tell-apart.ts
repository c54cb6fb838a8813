/**
 * Names for what the server lets have the same name: secret scanning rules (I-24), access tokens (U-03).
 *
 * A name that is there once is the name; where several share one, each is called `name #id`, so that every one can be
 * seen, declared and pruned, and none is mistaken for another.
 */

/** Each item with the name that it goes by here. */
export function tellApart<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  idOf: (item: T) => string | number,
): readonly { readonly name: string; readonly one: T }[] {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1)
  return items.map((one) => {
    const name = nameOf(one)
    return { name: (counts.get(name) ?? 0) > 1 ? `${name} #${idOf(one)}` : name, one }
  })
}
