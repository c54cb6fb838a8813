/** Areas of the configuration, to filter by: `instance.groups`, `projects[PLAT]`. */
import { formatAddress, parseAddress } from '../../model/address.js'

/** The areas of a document, in alphabetical order. */
export interface Areas {
  readonly names: readonly { readonly name: string; readonly count: number }[]
  /** The position of the area of an address. */
  indexOf(address: string): number
}

/** The areas that these addresses lie in. */
export function areasOf(addresses: readonly string[]): Areas {
  const counts = new Map<string, number>()
  for (const address of addresses) counts.set(areaOf(address), (counts.get(areaOf(address)) ?? 0) + 1)
  const names = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => ({ name, count }))
  const positions = new Map(names.map(({ name }, index) => [name, index]))
  return { names, indexOf: (address) => positions.get(areaOf(address)) ?? 0 }
}

/** Of the instance the section, else what stands at the top. */
function areaOf(address: string): string {
  const [first, second] = parseAddress(address) ?? []
  if (first === undefined) return 'elsewhere'
  if (first.key !== 'instance' || second === undefined) return formatAddress([first])
  return formatAddress([first, { key: second.key }])
}
