/**
 * Plans an undo: what an apply left goes back to what was before, through every guard.
 *
 * The items of the undo are what is desired; from there on it is a plan like any other. It is refused where live is not
 * what the apply left, and where something would go that the apply did not touch.
 */
import { formatKey, itemAddress, sectionOf } from '../model/address.js'
import type { Desired, DesiredItem, Policy } from '../model/desired.js'
import type { Finding } from '../model/errors.js'
import { PlanError } from '../model/errors.js'
import type { Change, Irreversible, Plan } from '../model/plan.js'
import { type Registry, resourceOf } from '../model/resource.js'
import { isHidden, isObject, propertiesOf, type Schema } from '../model/schema.js'
import { digestOfUndo, type Undo, type UndoItem } from '../model/undo.js'
import { isAsLeft } from './make-undo.js'
import { makePlan, type PlanInput } from './plan.js'
import type { Sha256 } from './ports.js'
import { movedWords, throwStale } from './stale.js'
import { ignoredBy } from './waivers.js'
import { definitionOf } from './write-changes.js'

/** What an undo is planned from. */
export interface UndoPlanInput extends Omit<PlanInput, 'desired'> {
  readonly undo: Undo
  /** The name of the file, for the places that the plan names. */
  readonly file: string
  /** The policy of the configuration: its guards hold for an undo too. */
  readonly policy: Policy
}

/**
 * Plans an undo. Sends GETs only.
 * @throws PlanError `PLAN_FORMAT` for another server or a document that does not fit; `PLAN_STALE` where live moved;
 * whatever `makePlan` throws.
 */
export async function makeUndoPlan(input: UndoPlanInput): Promise<Plan> {
  const { undo, server, registry, policy, file } = input
  if (undo.server.url !== server.identity.url) {
    throw new PlanError('PLAN_FORMAT', `The undo is for ${undo.server.url}, this run is on ${server.identity.url}`, {
      hint: 'Use the undo of this server.',
    })
  }
  const isIgnored = ignoredBy(policy.ignore)
  const items = undo.items.map((item) => desiredOf(registry, item, file))
  // Nothing is pruned: what the apply did not touch is none of an undo's business. Somebody who was deactivated since, or
  // before, does not get rights back, and does not hold up everybody else.
  const desired: Desired = {
    items: parentsFirst(items),
    collections: [],
    policy: { ...policy, prune: [], unknownPrincipals: 'warn' },
  }
  const plan = await makePlan({ ...input, desired })
  requireUnmoved(registry, plan, undo)
  const ignored = undo.items
    .filter(({ address }) => isIgnored(address))
    .map(({ address }): Irreversible => ({ address, message: 'policy.ignore leaves it alone' }))
  const unknown = plan.warnings
    .filter(({ code }) => code === 'UNKNOWN_PRINCIPAL')
    .map(({ address = '', message }): Irreversible => ({ address, message }))
  const irreversible = [...undo.irreversible, ...ignored, ...unknown]
  return irreversible.length === 0 ? plan : { ...plan, irreversible }
}

function parentsFirst(items: readonly DesiredItem[]): readonly DesiredItem[] {
  const depthOf = ({ at }: DesiredItem): number => Object.keys(at).length
  return [...items].sort((a, b) => depthOf(a) - depthOf(b))
}

function desiredOf(registry: Registry, item: UndoItem, file: string): DesiredItem {
  const { address, kind, at, identity, restore, left, renamedTo } = item
  const resource = resourceOf(registry, kind)
  if (resource === undefined || resource.form === 'directory') throw unfit(file, `${address}: there is no kind ${kind}`)
  const section = resource.form === 'singleton' ? address : sectionOf(address)
  const spelled = resource.form === 'singleton' ? address : itemAddress(section, formatKey(resource.identity, identity))
  if (spelled !== address || !fits(resource.schema, restore))
    throw unfit(file, `${address} does not hold what ${kind} holds`)
  const naming = resource.form === 'singleton' ? [] : resource.identity
  const source = { file, line: 1, column: 1 }
  return {
    resource,
    at,
    address,
    section,
    identity,
    want: restore === null ? null : wantOf(resource.schema, restore, left, naming),
    ...(renamedTo === undefined ? {} : { renamedFrom: renamedTo }),
    locate: () => source,
  }
}

function unfit(file: string, what: string): PlanError {
  return new PlanError('PLAN_FORMAT', `${file}: ${what}`, {
    hint: 'Take the file that apply --undo wrote; what shall come back otherwise belongs into the configuration.',
  })
}

/** Whether a value can be one of a schema, as far as its shape goes. */
function fits(schema: Schema, value: unknown): boolean {
  if (value === undefined || value === null || schema.secret === true) return true
  switch (schema.type) {
    case 'object':
      return (
        isObject(value) &&
        Object.entries(value).every(([property, field]) => {
          const inner = propertiesOf(schema)[property]
          return inner !== undefined && fits(inner, field)
        })
      )
    case 'array':
      return Array.isArray(value) && value.every((entry) => fits(schema.items, entry))
    case 'string':
      return typeof value === 'string' && (schema.enum?.includes(value) ?? true)
    case 'integer':
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'json':
      return true
  }
}

/** The value as it is wanted: every field that was absent is written as absent; naming properties are left out. */
function wantOf(schema: Schema, restore: unknown, left: unknown, naming: readonly string[]): unknown {
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined) return entriesOf(schema.items, key, restore, left)
  if (schema.type !== 'object' || !isObject(restore)) return restore
  const fields = Object.entries(schema.properties).flatMap(([property, field]) => {
    if (naming.includes(property)) return []
    const value = restore[property]
    if (value === undefined) return isHidden(field) ? [] : [[property, null] as const]
    return [[property, wantOf(field, value, isObject(left) ? left[property] : undefined, [])] as const]
  })
  return Object.fromEntries(fields)
}

/** A keyed list is a map where it is wanted; an entry that the apply added is written as absent. */
function entriesOf(schema: Schema, key: string, restore: unknown, left: unknown): unknown {
  const named = (list: unknown): ReadonlyMap<string, unknown> =>
    new Map((Array.isArray(list) ? list : []).filter(isObject).map((entry) => [String(entry[key]), entry]))
  const [earlier, later] = [named(restore), named(left)]
  const gone = [...later.keys()].filter((name) => !earlier.has(name)).map((name) => [name, null] as const)
  const kept = [...earlier].map(([name, entry]) => [name, wantOf(schema, entry, later.get(name), [key])] as const)
  return Object.fromEntries([...kept, ...gone])
}

/** @throws PlanError `PLAN_STALE` for every change whose live side is not what the apply left. */
function requireUnmoved(registry: Registry, plan: Plan, undo: Undo): void {
  const items = new Map(undo.items.map((item) => [item.address, item]))
  const findings = plan.changes.flatMap((change): readonly Finding[] => {
    const item = items.get(change.address)
    const { schema } = definitionOf(registry, change)
    if (item !== undefined && isAsLeft(schema, item, change.before)) return []
    const message =
      item === undefined
        ? `${change.address} was not touched by the apply, and would go with its undo${withWhom(change)}`
        : `${change.address} changed on the server after the apply: ${movedWords(schema, item.left, change.before)}`
    return [{ code: 'PLAN_STALE', message, address: change.address, hint }]
  })
  throwStale('The undo is no longer the inverse of what happened', findings)
}

const hint = 'Bring it to the state that you want with the configuration.'

function withWhom({ cause }: Change): string {
  return cause?.reason === 'goes-with' ? ` (with ${cause.address})` : ''
}

const version = 1

/**
 * Reads an undo file.
 * @throws PlanError `PLAN_FORMAT` where the text is none, is cut off or edited, or has a format that this version does not know.
 */
export function parseUndo(text: string, file: string, sha256: Sha256): Undo {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw unfit(file, 'is not whole JSON')
  }
  if (!isObject(document) || document['type'] !== 'undo') throw unfit(file, 'is not an undo of bbstate')
  if (document['formatVersion'] !== version) {
    throw unfit(file, `has format ${JSON.stringify(document['formatVersion'])}, which this version does not know`)
  }
  const { server, items, irreversible } = document
  const isWhole =
    isObject(server) && isText(server['url']) && isListOf(items, isItem) && isListOf(irreversible, isIrreversible)
  if (!isWhole) throw unfit(file, 'lacks fields that an undo has')
  const undo = document as unknown as Undo
  if (undo.contentDigest !== digestOfUndo(undo, sha256))
    throw unfit(file, 'was edited, or cut: its digest is another one')
  return undo
}

function isItem(item: Record<string, unknown>): boolean {
  const { address, kind, at, identity, renamedTo } = item
  const isNamed = isText(address) && isText(kind) && isObject(identity)
  const isPlaced = isObject(at) && Object.values(at).every(isText)
  return isNamed && isPlaced && (renamedTo === undefined || isText(renamedTo)) && 'restore' in item && 'left' in item
}

function isIrreversible({ address, message }: Record<string, unknown>): boolean {
  return isText(address) && isText(message)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isListOf(value: unknown, isEntry: (entry: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((entry) => isObject(entry) && isEntry(entry))
}
