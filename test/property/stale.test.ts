/**
 * A plan is refused as stale for every change behind its back of a field that the schema names and the server returns,
 * and never for a change elsewhere or for another order of what has none.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import identityProviders from '../../src/bitbucket/resources/identity-providers.js'
import { registry } from '../../src/bitbucket/registry.js'
import { refuseStale } from '../../src/app/stale.js'
import { exampleDocument } from '../../src/generate/example.js'
import { compare } from '../../src/model/compare.js'
import { BbstateError, PlanError } from '../../src/model/errors.js'
import { serialise } from '../../src/model/normal.js'
import type { Change, Plan } from '../../src/model/plan.js'
import type { Collection, Live, Singleton } from '../../src/model/resource.js'
import { isHidden, isObject, type Schema } from '../../src/model/schema.js'
import type { SandboxState } from '../../src/sandbox/state.js'
import { absent } from '../contract/absent.js'
import { prepareGround } from '../contract/ground.js'
import { type LiveRun, startLive } from '../live.js'
import { sha256 } from '../unit/app/desires.js'

type Setting = Singleton | Collection

const settings = registry.resources.filter((resource): resource is Setting => resource.form !== 'directory')

let live: LiveRun
let ground: SandboxState
const writes: string[] = []
beforeAll(async () => {
  live = await startLive({ bitbucket: '10.2' }, ({ method, path }) => {
    if (method !== 'GET') writes.push(`${method} ${path}`)
  })
  await prepareGround(live)
  ground = structuredClone(live.sandbox.state)
})
afterAll(() => live.close())
const reset = (state: SandboxState): void => void Object.assign(live.sandbox.state, structuredClone(state))

/** Values that differ from a field's: those of the examples, and one made of the schema. `undefined` takes it away. */
function others(schema: Schema, value: unknown, samples: readonly unknown[]): readonly unknown[] {
  const made = ((): readonly unknown[] => {
    switch (schema.type) {
      case 'boolean':
        return [value !== true]
      case 'integer':
      case 'number':
        return typeof value === 'number' ? [value + 1, value - 1] : [schema.minimum ?? 1]
      case 'string':
        if (schema.enum !== undefined) return schema.enum
        return typeof value === 'string' ? [`${value}x`, `x${value}`] : ['x']
      case 'array':
        if (!Array.isArray(value)) return []
        return [...others(schema.items, value[0], []).map((one) => [...(value as unknown[]), one]), value.slice(1)]
      case 'json':
        return [{ other: true }]
      case 'object':
        return []
    }
  })()
  return [...samples, ...made, undefined].filter((other) => serialise(other) !== serialise(value))
}

const without = (value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))

interface Mutation {
  readonly path: string
  readonly value: unknown
}

/** Every way to change one field of a value; several for a field, since a server may refuse or ignore one. */
function mutations(schema: Schema, value: unknown, samples: readonly unknown[], at = ''): readonly Mutation[] {
  if (isHidden(schema)) return []
  if (schema.type === 'object' && isObject(value)) {
    return Object.entries(schema.properties).flatMap(([name, field]) => {
      const below = samples.flatMap((sample) => (isObject(sample) && sample[name] !== undefined ? [sample[name]] : []))
      return mutations(field, value[name], below, at === '' ? name : `${at}.${name}`).map(({ path, value: other }) => ({
        path,
        value: { ...without(value, other === undefined ? [] : (schema.exactlyOne ?? [])), [name]: other },
      }))
    })
  }
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined && Array.isArray(value) && value.length > 0) {
    return value.filter(isObject).flatMap((entry, index) =>
      mutations(schema.items, entry, [], `${at}[${String(entry[key])}]`)
        .filter(({ path }) => !path.endsWith(`].${key}`))
        .map(({ path, value: other }) => ({ path, value: (value as unknown[]).with(index, other) })),
    )
  }
  return others(schema, value, samples).map((other) => ({ path: at, value: other }))
}

async function read(resource: Setting, { at, identity, before, after }: Change): Promise<Live | null> {
  const api = live.client.fresh()
  if (resource.form === 'singleton') return resource.read(api, at)
  const key = (value: unknown): string => {
    const canonical = resource.canonical(value)
    return JSON.stringify(resource.identity.map((name) => (isObject(canonical) ? canonical[name] : '')))
  }
  if (resource.list === undefined) return (await resource.lookup?.(api, at, before ?? after)) ?? null
  return ((await resource.list(api, at)) ?? []).find(({ value }) => key(value) === key(identity)) ?? null
}

type Write = (resource: Setting, change: Change, found: Live, after: unknown) => Promise<void>

/** Writes a value by the definition's own verb. */
const writeChange: Write = async (resource, { at }, found, after) => {
  const api = live.client.writer()
  const keys = isObject(after) ? Object.keys(after) : []
  const sent = { after, before: found.value, raw: found.raw, changed: new Set(keys) }
  if (resource.form === 'singleton') return resource.write(api, at, sent)
  if (resource.update === undefined) throw new Error('cannot be changed')
  await resource.update(api, at, sent)
}

/** Deletes the item and creates one of the same name, for what no verb changes. */
const writeAnother: Write = async (resource, { at }, found, after) => {
  const api = live.client.writer()
  if (resource.form === 'singleton' || resource.delete === undefined || resource.create === undefined) {
    throw new Error('cannot be replaced')
  }
  await resource.delete(api, at, found)
  await resource.create(api, at, { after, before: null, raw: undefined, changed: new Set<string>() })
}

const document = (resource: Setting, example: unknown): unknown =>
  exampleDocument(registry, { ...resource, examples: [example] }, 0)

/** The plan of an example; `undefined` where it makes no sense by itself. */
async function planOf(resource: Setting, example: unknown): Promise<Plan | undefined> {
  try {
    return await live.plan(document(resource, example))
  } catch (error) {
    expect(error).toBeInstanceOf(BbstateError)
    return undefined
  }
}

interface Planned {
  readonly plan: Plan
  readonly change: Change
}

/** A plan with a change of the item that an example made: to another example, else of one field. */
async function planChange(resource: Setting, start: unknown): Promise<Planned | undefined> {
  const fields = mutations(resource.schema, start, resource.examples).map(({ value }) => value)
  for (const example of [...resource.examples, ...fields]) {
    const plan = await planOf(resource, example)
    const change = plan?.changes.find(({ kind, action }) => kind === resource.kind && action !== 'create')
    if (plan !== undefined && change !== undefined) return { plan, change }
  }
  return undefined
}

/** What apply refuses, and whether it wrote. */
async function refusal(plan: Plan): Promise<string> {
  writes.length = 0
  const error: unknown = await live.apply(plan).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(writes, 'requests that write').toEqual([])
  expect(error).toBeInstanceOf(PlanError)
  expect((error as PlanError).code).toBe('PLAN_STALE')
  const { message, findings = [] } = error as PlanError
  return [message, ...findings.map((finding) => finding.message)].join('\n')
}

/** Takes the server to an example of a setting, and says how that is declared: with the number the server gave it. */
async function startAt(resource: Setting, example: unknown): Promise<unknown> {
  reset(ground)
  if (resource.form === 'collection' && resource.list === undefined && resource.create !== undefined) {
    const change = { after: resource.canonical(example), before: null, raw: undefined, changed: new Set<string>() }
    return (await resource.create(live.client.writer(), {}, change))?.live.value
  }
  const plan = await live.plan(document(resource, example))
  if (plan.changes.length > 0) await live.apply(plan)
  return example
}

/** What became of the fields of a kind. */
interface Tally {
  /** Changed behind the back of a plan, and named. */
  readonly done: Set<string>
  readonly tried: Set<string>
}

/** Changes field by field behind the back of a plan, by a change of the item, else by another in its place. */
async function changeBehind(resource: Setting, example: unknown, { done, tried }: Tally): Promise<void> {
  const made = await planChange(resource, await startAt(resource, example))
  const found = made && (await read(resource, made.change))
  if (made === undefined || found === undefined || found === null) return
  const start = structuredClone(live.sandbox.state)
  for (const { path, value } of mutations(resource.schema, found.value, resource.examples)) {
    const isName = resource.form === 'collection' && resource.identity.includes(path)
    if (isName) continue
    tried.add(path)
    for (const write of [writeChange, writeAnother]) {
      if (done.has(path)) break
      reset(start)
      const now = await tryWrite(write, resource, made.change, found, value)
      if (now === null) continue
      const moved = compare(resource.schema, found.value, now.value).map((field) => field.path)
      if (!moved.some((field) => field === path || field.startsWith(`${path}.`))) continue
      const message = await refusal(made.plan)
      expect(message).toContain(made.change.address)
      for (const field of moved) expect(message).toContain(`${field === '' ? 'the value' : field} was `)
      done.add(path)
    }
  }
}

/** What is live after a write; `null` where that is refused, or where it cannot be found any more. */
async function tryWrite(
  write: Write,
  resource: Setting,
  change: Change,
  found: Live,
  value: unknown,
): Promise<Live | null> {
  try {
    await write(resource, change, found, value)
  } catch {
    return null
  }
  return read(resource, change)
}

/** Where to start beside the examples: some fields are the server's own there. */
const furtherStarts: Readonly<Record<string, readonly unknown[]>> = {
  // With discovery the server fills in the endpoints, and bbstate leaves them out.
  identityProviders: identityProviders.examples.slice(1).map((example) => ({
    ...(example as object),
    discoveryEnabled: false,
  })),
}

/** What has no field but its names, and fields of which no other value can be written beside those of the examples. */
const unchangeable: readonly string[] = [
  'accessTokens',
  'gpgKeys',
  'groups',
  // A script with another number or of another type is another script, and bbstate cannot take the first one away.
  'hookScripts.id',
  'hookScripts.type',
  'license.supportEntitlementNumber',
  'members',
  'mirrors',
  // How the setting is reached, which no server returns.
  'restSettings.path',
  'restSettings.write',
  'restSettings.reset',
  'restSettings.compare',
  'restSettings.secrets',
  'secretScanningExemptions',
  'x509Certificates',
]
const unchanged: string[] = []
let refused = 0

describe.each(settings.map((resource) => [resource.kind, resource] as const))('%s', (kind, resource) => {
  test('every field that changes behind the back of a plan is named', async () => {
    const tally: Tally = { done: new Set(), tried: new Set() }
    const { done, tried } = tally
    for (const start of [...resource.examples, ...(furtherStarts[kind] ?? [])]) {
      await changeBehind(resource, start, tally)
    }
    refused += done.size
    const left = [...tried].filter((path) => !done.has(path))
    unchanged.push(...left.map((path) => `${kind}.${path}`))
    if (tried.size === 0) unchanged.push(kind)
  })

  test('what appears or vanishes behind the back of a plan is named', async () => {
    if (resource.form === 'singleton' || resource.create === undefined || resource.list === undefined) return
    // A mirror that is gone must ask again before it can be there again.
    if (resource.delete === undefined || kind === 'mirrors') return
    for (const example of resource.examples.slice(0, 2)) {
      await startAt(resource, example)
      const removal = await live.plan(absent(document(resource, example), resource))
      const gone = removal.changes.find(({ kind: one, action }) => one === kind && action === 'delete')
      const found = gone && (await read(resource, gone))
      if (gone === undefined || found === undefined || found === null) throw new Error('nothing to remove')
      await resource.delete(live.client.writer(), gone.at, found)
      expect(await refusal(removal)).toContain(
        `${gone.address} changed on the server after the plan was made: it is gone`,
      )

      const creation = await live.plan(document(resource, example))
      const made = creation.changes.find(({ kind: one, action }) => one === kind && action === 'create')
      if (made === undefined) throw new Error('nothing to create')
      const after = resource.canonical(example)
      const change = { after, before: null, raw: undefined, changed: new Set<string>() }
      await resource.create(live.client.writer(), made.at, change)
      expect(await refusal(creation)).toContain(
        `${made.address} changed on the server after the plan was made: it was absent`,
      )
      cameAndWent.push(kind)
    }
  })
})

const cameAndWent: string[] = []

test('of every field that the server returns, all but these were changed', () => {
  expect(unchanged).toEqual(unchangeable)
  expect(refused).toBeGreaterThanOrEqual(89)
  expect(new Set(cameAndWent).size).toBeGreaterThanOrEqual(14)
})

/** Sets and keyed lists the other way round; lists whose order counts as they are. */
function backwards(schema: Schema, value: unknown): unknown {
  if (schema.type === 'array' && Array.isArray(value)) {
    const hasNoOrder = schema.uniqueItems === true || schema['x-key'] !== undefined
    return hasNoOrder ? [...value].reverse() : value
  }
  if (schema.type !== 'object' || !isObject(value)) return value
  const fields = Object.entries(value).reverse()
  return Object.fromEntries(fields.map(([name, field]) => [name, backwards(schema.properties[name] ?? schema, field)]))
}

test('a change elsewhere, or another order, is no reason to refuse', async () => {
  const reordered: string[] = []
  const turnedRound: string[] = []
  const outcomes: Record<string, number> = {}
  for (const resource of settings) {
    const made = await planChange(resource, await startAt(resource, resource.examples[0]))
    const found = made && (await read(resource, made.change))
    if (made === undefined || found === undefined || found === null) continue
    const { plan, change } = made
    const turned = backwards(resource.schema, found.value)
    if (serialise(turned) !== serialise(found.value)) {
      turnedRound.push(resource.kind)
      const touched = new Map([[change.address, { value: resource.canonical(turned), raw: found.raw }]])
      expect(() => refuseStale({ registry, changes: [change], sha256 }, touched)).not.toThrow()
      const now = await tryWrite(writeChange, resource, change, found, turned)
      if (now !== null && serialise(now.value) !== serialise(found.value)) reordered.push(resource.kind)
    }
    const isBanner = resource.kind === 'banner'
    const elsewhere = { banner: { message: 'Elsewhere', enabled: true, audience: 'ALL' } }
    await live.apply(await live.plan({ instance: isBanner ? { defaultBranch: 'elsewhere' } : elsewhere }))
    const outcome = await live.apply(plan).then(
      () => 'applied',
      (error: unknown) => (error instanceof BbstateError ? `${resource.kind} ${error.code}` : String(error)),
    )
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  expect(turnedRound).toEqual(['basicAuth', 'identityProviders', 'mergeStrategies', 'sshKeyPolicy'])
  expect(reordered, 'orders that the server keeps').toEqual(['basicAuth', 'identityProviders'])
  expect(outcomes).toEqual({ applied: 26 })
})
