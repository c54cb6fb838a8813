/**
 * One item's change: live against proposed, never a whole section at once.
 *
 * Pure. A draft still knows its definition and its live object; `finishChange` turns it into the data of a plan.
 */
import { formatKey } from './address.js'
import { compare } from './compare.js'
import { normalise, serialise } from './normal.js'
import type { Action, Cause, Change, Destination, FieldChange, Scope } from './plan.js'
import { create, propose } from './propose.js'
import type { At, Collection, Live, Singleton } from './resource.js'
import { isObject, propertiesOf, type Schema } from './schema.js'
import { holdsSecrets, isSecretReference, secretsIn } from './secret-reference.js'

/** What is to become of one item. */
export interface Aim {
  readonly resource: Singleton | Collection
  readonly at: At
  readonly address: string
  readonly identity: Readonly<Record<string, unknown>>
  /** Declared fields; `null`: must not exist. */
  readonly want: unknown
  readonly live: Live | null
  /** Writes the declared secrets although nothing else differs. */
  readonly updatesSecrets?: boolean
}

/** A change in the making. */
export interface Draft extends Aim {
  readonly action: Action
  /** Normal forms; `undefined` is absence. `after` holds secrets as references, where they are sent. */
  readonly before: unknown
  readonly after: unknown
  readonly fields: readonly FieldChange[]
  readonly cause?: Cause
  readonly renamedFrom?: string
}

/** The change that takes an item from live to what is wanted; `null` where there is none. */
export function draftChange(aim: Aim): Draft | null {
  const { resource, live, want } = aim
  const before = live === null ? undefined : normalise(resource.schema, live.value)
  const after = want === null ? undefined : afterOf(aim, before)
  const isEmptied = after === undefined || (resource.form === 'singleton' && isNothing(resource.schema, after))
  if (isEmptied) return before === undefined ? null : { ...aim, action: 'delete', before, after: undefined, fields: [] }
  if (before === undefined || live === null) {
    return { ...aim, action: 'create', before: undefined, after: normalise(resource.schema, after, 'keep'), fields: [] }
  }
  return draftUpdate(aim, live, before, after)
}

function afterOf({ resource, live, identity, want }: Aim, before: unknown): unknown {
  const whole = isObject(want) ? { ...want, ...identity } : want
  // A live object with no field set is absent: what is written there is a creation, with its defaults.
  return before === undefined ? create(resource.schema, whole) : propose(resource.schema, live?.value, whole)
}

function isNothing(schema: Schema, value: unknown): boolean {
  return normalise(schema, value, 'keep') === undefined
}

function draftUpdate(aim: Aim, live: Live, before: unknown, proposed: unknown): Draft | null {
  const { resource, updatesSecrets } = aim
  const compared = compare(resource.schema, live.value, proposed)
  const secrets = updatesSecrets === true ? secretFields(resource.schema, proposed) : []
  const fields = [...compared, ...secrets]
  if (fields.length === 0) return null
  const isReplaced = resource.form === 'collection' && isReplacement(resource, fields)
  const sendsSecrets = isReplaced || updatesSecrets === true || resource.replacesSecrets(live.value)
  const after = normalise(resource.schema, proposed, sendsSecrets ? 'keep' : 'drop')
  return { ...aim, action: isReplaced ? 'replace' : 'update', before, after, fields }
}

function isReplacement(resource: Collection, fields: readonly FieldChange[]): boolean {
  if (isRename(resource, fields)) return false
  return resource.update === undefined || fields.some(({ path }) => resource.fixed.includes(path))
}

function isRename(resource: Collection, fields: readonly FieldChange[]): boolean {
  return fields.every(({ path }) => resource.identity.includes(path))
}

/** The declared secrets of a value as changed fields: they cannot be compared, only sent. */
function secretFields(schema: Schema, value: unknown, path = ''): readonly FieldChange[] {
  if (schema.secret === true) return isSecretReference(value) ? [{ path, after: value }] : []
  if (schema.type === 'array' && schema['x-key'] !== undefined && Array.isArray(value)) {
    const key = schema['x-key']
    return value.filter(isObject).flatMap((entry) => {
      const name = formatKey([key], { [key]: entry[key] })
      return secretFields(schema.items, entry, `${path}[${name}]`)
    })
  }
  if (!isObject(value)) return []
  return Object.entries(propertiesOf(schema)).flatMap(([property, field]) =>
    secretFields(field, value[property], path === '' ? property : `${path}.${property}`),
  )
}

/** The top-level fields whose change sends the item's secrets elsewhere. */
function destinationFields(schema: Schema): readonly string[] {
  return Object.entries(propertiesOf(schema))
    .filter(([, field]) => field['x-destination'] === true)
    .map(([property]) => property)
}

/** Where the item's secrets would go from now on; `undefined` where that stays as it is. */
export function destinationOf({ resource, action, after, fields }: Draft): Destination | undefined {
  const { schema } = resource
  if (after === undefined || !holdsSecrets(schema) || !isObject(after)) return undefined
  const destination = destinationFields(schema)
  // The secret is the server's own, and is sent nowhere else.
  if (destination.length === 0) return undefined
  const secrets = secretsIn(schema, after)
  const isMoved = fields.some(({ path }) => destination.includes(path.split(/[.[]/u)[0] ?? ''))
  const isNew = action === 'create' && secrets.length > 0
  if (!isMoved && !isNew) return undefined
  const target = destination.filter((property) => after[property] !== undefined)
  return { secrets, target: Object.fromEntries(target.map((property) => [property, after[property]])) }
}

/** Top-level fields that a change touches; all of `after` for a creation. */
export function changedFields(change: Pick<Change, 'fields' | 'after'>): ReadonlySet<string> {
  const paths = change.fields.map(({ path }) => path.split(/[.[]/u)[0] ?? '')
  return new Set(paths.length > 0 ? paths : Object.keys(isObject(change.after) ? change.after : {}))
}

/** The digest of an item's normal form, also of absence. */
export function digestOf(schema: Schema, live: Live | null, sha256: (text: string) => string): string {
  return sha256(serialise((live && normalise(schema, live.value)) ?? null))
}

/** The change as the plan holds it: plain data with its own digest. */
export function finishChange(draft: Draft, sha256: (text: string) => string): Change {
  const { address, resource, at, identity, action, fields, cause, renamedFrom } = draft
  const destination = destinationOf(draft)
  const essence = {
    address,
    kind: resource.kind,
    at,
    identity,
    action,
    before: draft.before ?? null,
    after: draft.after ?? null,
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    ...(destination === undefined ? {} : { destination }),
    precondition: digestOf(resource.schema, draft.live, sha256),
  }
  return { ...essence, fields, ...(cause === undefined ? {} : { cause }), digest: digestOfChange(essence, sha256) }
}

/** The digest of a change: where, who, what and from which state; not from which line, nor why. */
export function digestOfChange(change: Omit<Change, 'digest' | 'fields'>, sha256: (text: string) => string): string {
  const { address, kind, at, identity, action, after, renamedFrom, destination, precondition } = change
  return sha256(serialise({ address, kind, at, identity, action, after, renamedFrom, destination, precondition }))
}

/** The digest of a whole plan: of its server, its scope and its changes in any order. */
export function digestOfPlan(
  url: string,
  changes: readonly Pick<Change, 'digest'>[],
  scope: Scope | undefined,
  sha256: (text: string) => string,
): string {
  const digests = changes.map(({ digest }) => digest).sort()
  return sha256(serialise({ server: url, changes: digests, ...(scope === undefined ? {} : { scope }) }))
}
