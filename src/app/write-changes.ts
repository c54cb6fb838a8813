/** Calls the writing verbs of a definition for the changes of a plan. Used by apply alone. */
import { compare } from '../model/compare.js'
import { changedFields, digestOf } from '../model/draft.js'
import { ApiError, BbstateError, InternalError, PlanError, UnfinishedWrite } from '../model/errors.js'
import type { Change } from '../model/plan.js'
import type { Collection, Created, Live, Registry, Singleton, Write, Writer } from '../model/resource.js'
import { resourceOf } from '../model/resource.js'
import type { Schema } from '../model/schema.js'
import { TransportError } from '../model/transport-error.js'
import type { Sha256, WritableServer } from './ports.js'
import { readTouched, type Touched } from './read-touched.js'

/** The definition of a change's kind. @throws InternalError for a kind that this build does not have. */
export function definitionOf(registry: Registry, change: Change): Singleton | Collection {
  const resource = resourceOf(registry, change.kind)
  if (resource === undefined || resource.form === 'directory') {
    throw new InternalError(`A plan holds the unknown kind ${change.kind}`)
  }
  return resource
}

/** What a write needs beside the change. */
export interface Material {
  readonly touched: Touched
  /** What each change sends, by its address. */
  readonly values: ReadonlyMap<string, unknown>
  /** What creations answered, by the addresses of their changes. */
  readonly made: Map<string, Created>
}

interface Input {
  readonly registry: Registry
  readonly server: WritableServer
  readonly sha256: Sha256
}

/** How a write ended: the error that it failed with, and the server's name for the last write that it answered. */
export interface Written {
  readonly error: BbstateError | undefined
  readonly requestId: string | undefined
}

/** Writes one change, or several creations in one request. Never rejects: a defect of ours is an error like others. */
export async function writeChanges(input: Input, changes: readonly Change[], material: Material): Promise<Written> {
  let requestId: string | undefined
  const note = (id: string): void => {
    requestId = id
  }
  try {
    const error = await writeAndSettle(input, changes, { ...material, note })
    return { error, requestId }
  } catch (thrown) {
    if (thrown instanceof BbstateError) return { error: thrown, requestId }
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { error: new InternalError(message, { cause: thrown }), requestId }
  }
}

interface Noting extends Material {
  note(requestId: string): void
}

async function writeAndSettle(
  input: Input,
  changes: readonly Change[],
  material: Noting,
): Promise<BbstateError | undefined> {
  const error = await tryWriting(input, changes, material)
  if (error instanceof TransportError && error.sent) return settleLost(input, changes, error)
  const isConflict = error instanceof ApiError && error.code === 'API_CONFLICT' && changes.length === 1
  if (!(error instanceof UnfinishedWrite) && !isConflict) return error
  return settle(input, changes, material, error)
}

/**
 * A 409 says that somebody else was there meanwhile, or still is; a sign-in that ended leaves open what became of the
 * write. Read again: where live is as planned, it is done; where it is as it was, it is tried once more, unless it may
 * yet have been done; where it is something else, the plan is stale.
 */
async function settle(
  input: Input,
  changes: readonly Change[],
  material: Noting,
  failure: ApiError,
): Promise<BbstateError | undefined> {
  const live = await readTouched(input.registry, input.server, changes)
  const open: Change[] = []
  for (const change of changes) {
    const stand = standOf(input, change, live)
    if (stand === 'moved') return describeStale(change, failure)
    if (stand === 'as it was') open.push(change)
  }
  if (open.length === 0) return undefined
  if (failure instanceof UnfinishedWrite && failure.mayBeDone) return failure
  const touched = new Map([
    ...material.touched,
    ...open.map(({ address }) => [address, live.get(address) ?? null] as const),
  ])
  return tryWriting(input, open, { ...material, touched })
}

/**
 * No answer came, so that the server may have done it. Read again: where live is as planned, it is done; else, and where
 * nothing can be read, that is not known. It is not tried again: the write may still arrive. A change of nothing but
 * secrets cannot be seen.
 */
async function settleLost(
  input: Input,
  changes: readonly Change[],
  failure: TransportError,
): Promise<BbstateError | undefined> {
  const unknown = new ApiError(failure.code, `${failure.message}; it is not known whether the write was done`, {
    cause: failure,
    hint: 'Run bbstate plan: it shows what is left, if anything.',
  })
  try {
    const live = await readTouched(input.registry, input.server, changes)
    return changes.every((change) => standOf(input, change, live) === 'done') ? undefined : unknown
  } catch (error) {
    if (error instanceof BbstateError) return unknown
    throw error
  }
}

/** What became of a change whose write had no clear answer. */
function standOf({ registry, sha256 }: Input, change: Change, live: Touched): 'as it was' | 'done' | 'moved' {
  const { schema } = definitionOf(registry, change)
  const found = live.get(change.address) ?? null
  if (digestOf(schema, found, sha256) === change.precondition) return 'as it was'
  return isAsWanted(schema, change, found) ? 'done' : 'moved'
}

function isAsWanted(schema: Schema, change: Change, live: Live | null): boolean {
  if (change.action === 'delete') return live === null
  const hasContent = change.fields.length > 0 || change.action === 'create'
  if (!hasContent || live === null || change.renamedFrom !== undefined) return false
  return compare(schema, live.value, change.after ?? undefined).length === 0
}

function describeStale({ address }: Change, failure: ApiError): PlanError {
  return new PlanError(
    'PLAN_STALE',
    `${address} is neither as it was nor as planned: it was changed while it was written`,
    {
      cause: failure,
      hint: 'Plan again, and review what is left.',
      ...(failure.requestId === undefined ? {} : { requestId: failure.requestId }),
    },
  )
}

async function tryWriting(
  { registry, server }: Input,
  changes: readonly Change[],
  { touched, values, made, note }: Noting,
): Promise<BbstateError | undefined> {
  const writer = server.writer(note)
  const [first] = changes
  if (first === undefined) return undefined
  const resource = definitionOf(registry, first)
  const writes = changes.map((change) => writeOf(change, touched, values))
  try {
    if (resource.form === 'collection' && resource.createMany !== undefined && first.action === 'create') {
      await resource.createMany(writer, first.at, writes)
    } else {
      const created = await writeOne(writer, resource, first, writes[0] as Write, touched.get(first.address) ?? null)
      if (created !== undefined) made.set(first.address, created)
    }
    return undefined
  } catch (error) {
    if (error instanceof BbstateError) return error
    throw error
  }
}

function writeOf(change: Change, touched: Touched, values: Material['values']): Write {
  return {
    after: values.get(change.address),
    before: change.before,
    raw: touched.get(change.address)?.raw,
    changed: changedFields(change),
  }
}

async function writeOne(
  writer: Writer,
  resource: Singleton | Collection,
  change: Change,
  write: Write,
  live: Live | null,
): Promise<Created | undefined> {
  if (resource.form === 'singleton') {
    if (change.action !== 'delete') await resource.write(writer, change.at, write)
    else if (live !== null) await resource.clear?.(writer, change.at, live)
    return undefined
  }
  if (change.action === 'update') {
    await updateItem(writer, resource, change, write)
    return undefined
  }
  if (change.action !== 'create' && live !== null) await resource.delete?.(writer, change.at, live)
  if (change.action === 'delete') return undefined
  return (await resource.create?.(writer, change.at, write)) ?? undefined
}

async function updateItem(writer: Writer, resource: Collection, change: Change, write: Write): Promise<void> {
  const others = [...write.changed].filter((field) => !resource.identity.includes(field))
  if (change.renamedFrom !== undefined) await resource.rename?.(writer, change.at, write)
  if (others.length > 0) await resource.update?.(writer, change.at, write)
}
