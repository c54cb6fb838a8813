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

interface Use {
  readonly item: DesiredItem
  readonly reference: Reference
}

/**
 * Checks every reference of the declared items.
 * @throws ConfigError `CONFIG_REFERENCE`, one finding a reference: to something unknown (with the nearest name), or to
 * something that the same plan deletes (naming both places).
 */
export async function checkReferences(
  registry: Registry,
  desired: Desired,
  drafts: readonly Draft[],
  state: LiveState,
): Promise<void> {
  const changing = new Map(drafts.map((draft) => [draft.address, draft]))
  const deleted = namesOf(drafts.filter(({ action }) => action === 'delete'))
  const declared = namesOf(desired.items.filter(({ want }) => want !== null))
  const known = new Map<string, Promise<ReadonlySet<string>>>()
  const findings: Finding[] = []
  for (const use of collectUses(registry, desired)) {
    const { kind, name } = use.reference
    const deletion = deleted.get(kind)?.get(name)
    if (deletion !== undefined) {
      findings.push(namesDeleted(use, deletion as Draft, desired))
      continue
    }
    if (declared.get(kind)?.has(name) === true || !isNew(use, changing)) continue
    const names = known.get(kind) ?? readNames(registry, state, kind)
    known.set(kind, names)
    const all = await names
    if (!all.has(name)) findings.push(namesUnknown(use, [...all, ...(declared.get(kind)?.keys() ?? [])]))
  }
  const [first, ...rest] = findings
  if (first !== undefined) throw new ConfigError([first, ...rest])
}

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

type Named = Pick<Draft | DesiredItem, 'resource' | 'identity'>

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

async function readNames(registry: Registry, state: LiveState, kind: string): Promise<ReadonlySet<string>> {
  const target = resourceOf(registry, kind)
  if (target?.form === 'directory') return new Set(await target.names(state.reader))
  const items = await readEverywhere(registry, state, kind)
  return new Set(items.map((item) => nameOf(item.resource, item.identity)))
}

function namesUnknown({ item, reference }: Use, names: readonly string[]): Finding {
  const nearest = findNearest(reference.name, names)
  return {
    code: 'CONFIG_REFERENCE',
    message: `${item.address} names ${reference.name}, which is not among the ${words(reference.kind)} of the server`,
    address: item.address,
    source: item.locate(reference.path),
    hint: nearest === undefined ? `Correct the name, or create it first.` : `Did you mean ${nearest}?`,
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
