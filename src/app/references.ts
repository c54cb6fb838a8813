/**
 * References are checked against the state after the plan: what a declared item names must be there then.
 *
 * Only a new reference costs a reading, one list a kind: what is live already names something that exists.
 */
import type { Desired, DesiredItem } from '../model/desired.js'
import type { Draft } from '../model/draft.js'
import { ConfigError, type Finding } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { type Reference, referencesIn } from '../model/reference.js'
import { type Registry, resourceOf } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { readEverywhere } from './gone-with.js'
import { type LiveState, nameOf } from './live-state.js'

/** A declared field that names another item. */
export interface Use {
  readonly item: DesiredItem
  readonly reference: Reference
}

/** A name that leads nowhere, and everything that names it. */
export interface Unknown {
  readonly kind: string
  readonly name: string
  readonly uses: readonly [Use, ...Use[]]
  /** Why the named item is of no use, where it is there. */
  readonly reason?: string
  /** Names that exist. */
  readonly known: readonly string[]
}

/**
 * Finds names of nobody among the references of the declared items: unknown ones, and those that are there but of no
 * use.
 * @throws ConfigError `CONFIG_REFERENCE` for references to something that the same plan deletes, naming both places.
 */
export async function findUnknown(
  registry: Registry,
  desired: Desired,
  drafts: readonly Draft[],
  state: LiveState,
): Promise<readonly Unknown[]> {
  const uses = collectUses(registry, desired)
  refuseDeleted(uses, drafts, desired)
  const changing = new Map(drafts.map((draft) => [draft.address, draft]))
  const declared = namesOf(desired.items.filter(({ want }) => want !== null))
  const known = new Map<string, Promise<Names>>()
  const unknown = new Map<string, Unknown>()
  for (const use of uses.filter((one) => isNew(one, changing))) {
    const { kind, name } = use.reference
    const item = declared.get(kind)?.get(name)
    if (item !== undefined && changing.get(item.address)?.action === 'create') continue
    const names = known.get(kind) ?? readNames(registry, state, kind)
    known.set(kind, names)
    const all = await names
    const reason = all.get(name)
    if (reason === undefined && (all.has(name) || item !== undefined)) continue
    const key = `${kind} ${name}`
    const others = [...all.keys(), ...(declared.get(kind)?.keys() ?? [])]
    const same: readonly Use[] = unknown.get(key)?.uses ?? []
    const [first = use, ...rest] = [...same, use]
    unknown.set(key, { kind, name, uses: [first, ...rest], known: others, ...(reason === undefined ? {} : { reason }) })
  }
  return [...unknown.values()]
}

function refuseDeleted(uses: readonly Use[], drafts: readonly Draft[], desired: Desired): void {
  const deleted = namesOf(drafts.filter(({ action }) => action === 'delete'))
  const [first, ...rest] = uses.flatMap((use) => {
    const deletion = deleted.get(use.reference.kind)?.get(use.reference.name)
    return deletion === undefined ? [] : [namesDeleted(use, deletion, desired)]
  })
  if (first !== undefined) throw new ConfigError([first, ...rest])
}

/** Existing names, each with the reason why it is of no use, where it is. */
type Names = ReadonlyMap<string, string | undefined>

function collectUses(registry: Registry, desired: Desired): readonly Use[] {
  return desired.items.flatMap((item) => {
    if (item.want === null) return []
    const value = isObject(item.want) ? { ...item.identity, ...item.want } : item.want
    return referencesIn(item.resource.schema, value).flatMap((reference) => {
      const target = resourceOf(registry, reference.kind)
      return target === undefined ? [] : [{ item, reference: { ...reference, name: spell(target, reference.name) } }]
    })
  })
}

/** A name in the spelling of the kind that it names. */
function spell(target: NonNullable<ReturnType<typeof resourceOf>>, name: string): string {
  if (target.form === 'directory') return String(target.canonical(name))
  if (target.form === 'singleton') return name
  const value = target.canonical({ [target.identity[0]]: name })
  return isObject(value) ? String(value[target.identity[0]]) : name
}

type Named = Pick<Draft | DesiredItem, 'resource' | 'identity' | 'address'>

function namesOf<T extends Named>(items: readonly T[]): ReadonlyMap<string, ReadonlyMap<string, T>> {
  const byKind = new Map<string, Map<string, T>>()
  for (const item of items) {
    if (item.resource.form !== 'collection') continue
    const names = byKind.get(item.resource.kind) ?? new Map<string, T>()
    names.set(nameOf(item.resource, item.identity), item)
    byKind.set(item.resource.kind, names)
  }
  return byKind
}

function isNew({ item, reference }: Use, changing: ReadonlyMap<string, Draft>): boolean {
  const draft = changing.get(item.address)
  if (draft === undefined) return false
  return draft.fields.length === 0 || draft.fields.some(({ path }) => path === reference.path)
}

async function readNames(registry: Registry, state: LiveState, kind: string): Promise<Names> {
  const target = resourceOf(registry, kind)
  if (target?.form === 'directory') return new Map((await target.names(state.reader)).map((name) => [name, undefined]))
  const items = await readEverywhere(registry, state, kind)
  return new Map(items.map((item) => [nameOf(item.resource, item.identity), item.resource.isInactive?.(item)]))
}

/** What is said of a name of nobody: once, with every place that names it and the nearest name that exists. */
export function explainUnknown({ kind, name, uses, reason, known }: Unknown): Finding {
  const [{ item, reference }, ...others] = uses
  const problem = reason === undefined ? `is not among the ${words(kind)} of the server` : `is of no use: ${reason}`
  const elsewhere = others.map((use) => {
    const { file, line } = use.item.locate(use.reference.path)
    return `${use.item.address} (${file}:${line})`
  })
  const also = elsewhere.length === 0 ? '' : `. So do ${elsewhere.join(', ')}`
  const nearest = reason === undefined ? findNearest(name, known) : undefined
  return {
    code: 'CONFIG_REFERENCE',
    message: `${item.address} names ${name}, which ${problem}${also}`,
    address: item.address,
    source: item.locate(reference.path),
    hint: nearest === undefined ? 'Correct the name, or create it first.' : `Did you mean ${nearest}?`,
  }
}

function namesDeleted({ item, reference }: Use, deletion: Draft, desired: Desired): Finding {
  const source = desired.items.find(({ address }) => address === deletion.address)?.locate()
  const place = deletion.cause?.reason === 'pruned' ? deletion.cause.source : source
  const where = place === undefined ? '' : ` (${place.file}:${place.line})`
  return {
    code: 'CONFIG_REFERENCE',
    message: `${item.address} names ${reference.name}, but ${deletion.address} is deleted by the same plan${where}`,
    address: item.address,
    source: item.locate(reference.path),
    hint: 'Keep it, or remove what names it.',
  }
}

function words(kind: string): string {
  return kind.replaceAll(/[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`)
}
