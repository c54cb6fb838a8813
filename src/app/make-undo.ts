/** Makes the undo of a plan, from the values that apply has read again. */
import { formatName } from '../model/address.js'
import { compare } from '../model/compare.js'
import { normalise } from '../model/normal.js'
import type { Outcome } from '../model/outcome.js'
import type { Change, Irreversible, Plan } from '../model/plan.js'
import { findMissing } from '../model/propose.js'
import { referencesIn } from '../model/reference.js'
import type { Created, Live, Registry } from '../model/resource.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'
import { holdsSecrets, isSecretReference, secretsIn } from '../model/secret-reference.js'
import type { OpenUndo, UndoItem } from '../model/undo.js'
import { isPlanned } from './prove.js'
import { earlierIdentity, earlierNames, type Touched } from './read-touched.js'
import { definitionOf } from './write-changes.js'

/** What an undo is made of. */
export interface UndoInput {
  readonly registry: Registry
  readonly plan: Plan
  /** ISO 8601. */
  readonly createdAt: string
  readonly touched: Touched
}

/** The undo of everything that the plan would do, written before anything is done. */
export function makeUndo(input: UndoInput): OpenUndo {
  const { plan, createdAt } = input
  const renames = plan.changes.filter(({ renamedFrom }) => renamedFrom !== undefined)
  const items: UndoItem[] = []
  const irreversible: Irreversible[] = []
  for (const change of plan.changes) {
    const { address } = change
    const hopeless = whyNot(input, change, renames)
    if (hopeless !== undefined) irreversible.push({ address, message: hopeless })
    else items.push(itemOf(input, change, renames))
    const lost = hopeless === undefined ? whatIsLost(input, change) : undefined
    if (lost !== undefined) irreversible.push({ address, message: lost })
  }
  const { bbstate, server, digest } = plan
  return { formatVersion: 1, type: 'undo', bbstate, server, createdAt, digest, items, irreversible }
}

function itemOf({ registry, touched }: UndoInput, change: Change, renames: readonly Change[]): UndoItem {
  const resource = definitionOf(registry, change)
  const live = touched.get(change.address)
  const before = live ? (normalise(resource.schema, live.value) ?? null) : null
  const renamed = change.renamedFrom !== undefined && resource.form === 'collection'
  const name = resource.form === 'collection' ? resource.identity[0] : ''
  return {
    address: change.renamedFrom ?? earlierAddress(change.address, renames),
    kind: change.kind,
    at: earlierNames(change.at, change.address, renames),
    identity: earlierIdentity(change, name),
    ...(renamed ? { renamedTo: String(change.identity[name]) } : {}),
    restore: withSecrets(resource.schema, before, change.after),
    left: withoutSecrets(resource.schema, change.after),
    isRead: false,
  }
}

function earlierAddress(address: string, renames: readonly Change[]): string {
  const rename = renames.find((one) => address.startsWith(`${one.address}.`))
  return rename?.renamedFrom === undefined ? address : rename.renamedFrom + address.slice(rename.address.length)
}

/** What was before, with the secrets that the apply writes: where the object is written whole, they must stay. */
function withSecrets(schema: Schema, before: unknown, after: unknown): unknown {
  if (schema.secret === true) return isSecretReference(after) ? after : undefined
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined && Array.isArray(before)) {
    const entries: readonly unknown[] = Array.isArray(after) ? after : []
    const named = (name: unknown): unknown => entries.find((entry) => isObject(entry) && entry[key] === name)
    return before.map((entry: unknown) =>
      withSecrets(schema.items, entry, isObject(entry) ? named(entry[key]) : undefined),
    )
  }
  if (schema.type !== 'object' || !isObject(before)) return before
  const fields = Object.entries(schema.properties).flatMap(([property, field]) => {
    const value = withSecrets(field, before[property], isObject(after) ? after[property] : undefined)
    return value === undefined ? [] : [[property, value] as const]
  })
  return Object.fromEntries(fields)
}

function withoutSecrets(schema: Schema, value: unknown): unknown {
  return normalise(schema, value) ?? null
}

/** Why a change cannot be undone at all; `undefined` where it can. */
function whyNot(input: UndoInput, change: Change, renames: readonly Change[]): string | undefined {
  const { registry } = input
  const resource = definitionOf(registry, change)
  if (resource.entrance !== undefined) return 'bbstate does not know this setting: write its earlier value back by hand'
  if (namesRenamed(registry, change, renames)) {
    return 'it names somebody whom the apply renamed; look whether it should stay once the name is back'
  }
  if (change.action === 'create') {
    const canGo = resource.form === 'singleton' ? resource.clear !== undefined : resource.delete !== undefined
    return canGo ? undefined : 'the server offers no way to remove it'
  }
  const restored = itemOf(input, change, []).restore
  const needsCreation = change.action === 'delete' || change.action === 'replace'
  if (needsCreation && resource.form === 'collection' && resource.create === undefined) {
    return 'bbstate cannot create it again'
  }
  if (needsCreation && resource.docs.lost?.isAll === true) return resource.docs.lost.what
  const missing = findMissing(resource.schema, restored).concat(sentForGood(resource.schema, change))
  if (missing.length === 0) return undefined
  return `the server does not show its earlier ${missing.join(', ')}, without which it cannot be written`
}

/** Required secrets that the change sends: what they were before is not known, and nothing can be written without. */
function sentForGood(schema: Schema, change: Change): readonly string[] {
  const required = schema.type === 'object' ? (schema.required ?? []) : []
  const { after } = change
  return required.filter(
    (property) => propertiesOf(schema)[property]?.secret === true && isObject(after) && after[property] !== undefined,
  )
}

function namesRenamed(registry: Registry, change: Change, renames: readonly Change[]): boolean {
  if (change.renamedFrom !== undefined || renames.length === 0) return false
  const { schema } = definitionOf(registry, change)
  const value = isObject(change.after ?? change.before)
    ? { ...(change.after as object), ...change.identity }
    : change.after
  const names = new Set(
    renames.map(({ kind, identity }) => `${kind} ${formatName(String(Object.values(identity)[0]))}`),
  )
  return referencesIn(schema, value).some(({ kind, name }) => names.has(`${kind} ${formatName(name)}`))
}

/** What does not come back with the item; `undefined` where all of it does. */
function whatIsLost({ registry }: UndoInput, change: Change): string | undefined {
  const { schema, docs } = definitionOf(registry, change)
  if (change.action === 'create') return undefined
  if (change.action === 'delete' || change.action === 'replace') {
    const secrets = holdsSecrets(schema) ? ['its secrets, which the server never shows'] : []
    const lost = [...(docs.lost === undefined ? [] : [docs.lost.what]), ...secrets]
    return lost.length === 0 ? undefined : `what comes back lacks ${lost.join(', and ')}`
  }
  const sent = [...new Set(secretsIn(schema, change.after))]
  return sent.length === 0
    ? undefined
    : `the earlier value of what ${sent.join(', ')} replaced is not known; the new one stays`
}

/** What became of the changes. */
export interface Finished {
  readonly registry: Registry
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
  readonly made: ReadonlyMap<string, Created>
  /** What a last reading found, by the addresses of the changes. */
  readonly live: ReadonlyMap<string, Live | null>
}

/** The undo of what was really done: without what was skipped, and with what the server had after the writes. */
export function finishUndo(undo: OpenUndo, { registry, plan, outcomes, made, live }: Finished): OpenUndo {
  const skipped = new Set(outcomes.filter(({ outcome }) => outcome === 'skipped').map(({ address }) => address))
  const renames = plan.changes.filter(({ renamedFrom }) => renamedFrom !== undefined)
  const changes = new Map(
    plan.changes.map((change) => [change.renamedFrom ?? earlierAddress(change.address, renames), change]),
  )
  const items: UndoItem[] = []
  const irreversible = undo.irreversible.filter(({ address }) => !skipped.has(address))
  for (const item of undo.items) {
    const change = changes.get(item.address)
    if (change === undefined || skipped.has(change.address)) continue
    const note = made.get(change.address)?.note
    if (note !== undefined) {
      irreversible.push({
        address: change.address,
        message: `what was created cannot be found again by its name. ${note}`,
      })
    } else items.push(live.has(change.address) ? { ...item, ...readLeft(registry, change, live) } : item)
  }
  return { ...undo, items, irreversible }
}

function readLeft(registry: Registry, change: Change, live: Finished['live']): Pick<UndoItem, 'left' | 'isRead'> {
  const { schema } = definitionOf(registry, change)
  const found = live.get(change.address)
  return { left: found ? (normalise(schema, found.value) ?? null) : null, isRead: true }
}

/** Whether live is what the apply left, as far as that is known. */
export function isAsLeft(schema: Schema, item: UndoItem, live: unknown): boolean {
  const fields = compare(schema, live ?? undefined, item.left ?? undefined)
  if (item.isRead) return fields.length === 0
  // What was planned to be absent may have been filled in by the server.
  const planned = compare(schema, item.restore ?? undefined, item.left ?? undefined)
  const action = item.left === null ? 'delete' : 'update'
  return fields.every((field) => !isPlanned({ action, fields: planned }, field))
}
