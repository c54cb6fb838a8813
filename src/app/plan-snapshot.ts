/**
 * Plans against a snapshot: no server, no credentials, no network.
 *
 * The definitions are taken as they are, but for the verbs that read: these answer from the snapshot. So the same engine
 * makes the plan, and where nothing moved since, each change has the digest that it would have live.
 */
import { sectionOf } from '../model/address.js'
import { canonicalBaseUrl } from '../model/base-url.js'
import type { Desired, DesiredCollection, DesiredItem } from '../model/desired.js'
import { ApiError, InternalError, PlanError } from '../model/errors.js'
import type { Plan, Warning } from '../model/plan.js'
import type { At, Collection, Live, Reader, Registry, Resource, Singleton } from '../model/resource.js'
import type { Snapshot, SnapshotCollection, SnapshotGap, SnapshotItem } from '../model/snapshot.js'
import { nameOf } from './live-state.js'
import { makePlan, type PlanInput } from './plan.js'
import type { Clock } from './ports.js'

/** A snapshot older than this is warned of. */
const staleAfterHours = 24

/** What a plan against a snapshot is made of; `desired` was loaded with the registry of the snapshot. */
export interface SnapshotPlanInput extends Omit<PlanInput, 'server'> {
  readonly snapshot: Snapshot
}

/**
 * Plans against a snapshot. Declared settings that it lacks are left out, each with a warning.
 * @throws like `makePlan`; PlanError `PLAN_FORMAT` where the configuration asserts another server.
 */
export async function planSnapshot(input: SnapshotPlanInput): Promise<Plan> {
  const { snapshot, clock } = input
  requireServer(input.desired, snapshot)
  const { desired, warnings } = leaveOutLacking(input.desired, snapshot)
  const server = {
    identity: snapshot.server,
    reading: () => noReader,
    requests: () => 0,
    usesPassword: snapshot.usesPassword,
  }
  const plan = await makePlan({ ...input, desired, server })
  const { takenAt, commit } = snapshot
  return {
    ...plan,
    stand: { type: 'snapshot', takenAt, ...(commit === undefined ? {} : { commit }) },
    warnings: [...warnOfAge(snapshot, clock), ...warnings, ...plan.warnings],
  }
}

/** Every way to the server is closed: a verb that is not answered from the snapshot must not be called. */
const noReader: Reader = { get: refuseReading, list: refuseReading, text: refuseReading, has: refuseReading }

function refuseReading(): never {
  throw new InternalError('A plan against a snapshot asked for the server')
}

/** The definitions, with reading verbs that answer from a snapshot. */
export function snapshotRegistry(registry: Registry, snapshot: Snapshot): Registry {
  const answers = new Answers(snapshot)
  return { ...registry, resources: registry.resources.map((resource) => answering(resource, answers)) }
}

function answering(resource: Resource, answers: Answers): Resource {
  switch (resource.form) {
    case 'singleton':
      return { ...resource, read: async (_reader, at) => answers.setting(resource, at) }
    case 'collection':
      return answeringCollection(resource, answers)
    case 'directory':
      return { ...resource, names: async () => answers.names(resource.kind) }
  }
}

function answeringCollection(resource: Collection, answers: Answers): Collection {
  return {
    ...resource,
    list: resource.list && (async (_reader, at) => answers.items(resource, at)),
    lookup: undefined,
    isReadOnly: resource.isReadOnly && ((live) => answers.noted(live)?.readOnly),
    isInactive: resource.isInactive && ((live) => answers.noted(live)?.inactive),
  }
}

class Answers {
  readonly #settings: ReadonlyMap<string, unknown>
  readonly #collections: ReadonlyMap<string, SnapshotCollection>
  readonly #names: Snapshot['names']
  readonly #lacking: ReadonlyMap<string, SnapshotGap>
  /** By what stands for the server's own answer: the value and the switches. */
  readonly #noted = new WeakMap<object, SnapshotItem>()

  constructor({ settings, collections, names, lacking }: Snapshot) {
    this.#settings = new Map(settings.map(({ kind, at, value }) => [keyOf(kind, at), value]))
    this.#collections = new Map(collections.map((collection) => [keyOf(collection.kind, collection.at), collection]))
    this.#names = names
    this.#lacking = new Map(lacking.map((gap) => [gap.kind, gap]))
  }

  setting({ kind }: Singleton, at: At): Live | null {
    const key = keyOf(kind, at)
    if (!this.#settings.has(key)) throw this.#missing(kind)
    const value = this.#settings.get(key) ?? null
    return value === null ? null : { value, raw: value }
  }

  items(resource: Collection, at: At): readonly Live[] {
    const collection = this.#collections.get(keyOf(resource.kind, at))
    if (collection === undefined) {
      if (this.#isInsideAbsent(resource, at)) return []
      throw this.#missing(resource.kind)
    }
    return collection.items.map((item) => {
      const raw = { ...(item.value as object), ...item.flags }
      this.#noted.set(raw, item)
      return { value: item.value, raw }
    })
  }

  /** Nothing lies in what was not there when the snapshot was taken. */
  #isInsideAbsent({ parents }: Collection, at: At): boolean {
    return parents.some((parent) => {
      if ('root' in parent || parent.form !== 'collection') return false
      const { [parent.kind]: name, ...above } = at
      const siblings = this.#collections.get(keyOf(parent.kind, above))
      if (siblings === undefined || name === undefined) return false
      return !siblings.items.some(({ value }) => nameOf(parent, value as Record<string, unknown>) === name)
    })
  }

  noted({ raw }: Live): SnapshotItem | undefined {
    return this.#noted.get(raw as object)
  }

  names(kind: string): readonly string[] {
    const names = this.#names[kind]
    if (names === undefined) throw this.#missing(kind)
    return names
  }

  #missing(kind: string): ApiError {
    const gap = this.#lacking.get(kind)
    const reason = gap === undefined ? 'it was not asked for' : gap.reason
    return new ApiError(gap?.code ?? 'API_UNSUPPORTED', `The snapshot does not hold ${kind}: ${reason}`, {
      hint: 'The plan needs it. Take the snapshot with an account that may read it, or plan against the server.',
    })
  }
}

function keyOf(kind: string, at: At): string {
  return JSON.stringify([kind, ...Object.entries(at).sort(([a], [b]) => (a < b ? -1 : 1))])
}

function requireServer({ server }: Desired, snapshot: Snapshot): void {
  if (server === undefined || canonicalBaseUrl(server.url) === snapshot.server.url) return
  throw new PlanError(
    'PLAN_FORMAT',
    `The snapshot is of ${snapshot.server.url}, the configuration is for ${server.url}`,
    {
      source: server.source,
      hint: 'Use the snapshot of this server.',
    },
  )
}

/** What the snapshot knows nothing of is not invented: it is left out and named. */
function leaveOutLacking(
  desired: Desired,
  { kinds, lacking }: Snapshot,
): { readonly desired: Desired; readonly warnings: readonly Warning[] } {
  const gaps = new Map(lacking.map((gap) => [gap.address, gap]))
  const reasonFor = (declared: DesiredItem | DesiredCollection): string | undefined => {
    const { kind } = declared.resource
    if (!kinds.includes(kind)) return `the snapshot was taken by a version that does not know ${kind}`
    for (const place of placesOf(declared)) {
      const gap = gaps.get(place)
      if (gap !== undefined) return gap.reason
    }
    return undefined
  }
  const warnings = desired.items.flatMap((item): readonly Warning[] => {
    const reason = reasonFor(item)
    if (reason === undefined) return []
    const message = `Left out: the snapshot does not hold ${item.address}: ${reason}`
    return [{ code: 'SNAPSHOT_LACKS', message, address: item.address, source: item.locate() }]
  })
  if (warnings.length === 0) return { desired, warnings }
  const items = desired.items.filter((item) => reasonFor(item) === undefined)
  const collections = desired.collections.filter((collection) => reasonFor(collection) === undefined)
  return { desired: { ...desired, items, collections }, warnings }
}

/** The place of something declared, and those of its ancestors. */
function placesOf(declared: DesiredItem | DesiredCollection): readonly string[] {
  const places: string[] = []
  let place = 'section' in declared ? declared.section : declared.address
  for (;;) {
    places.push(place)
    const parent = parentOf(place)
    if (parent === undefined) return places
    place = sectionOf(parent)
  }
}

/** The item that a place lies in; `undefined` directly under a root. */
function parentOf(place: string): string | undefined {
  const end = place.lastIndexOf('].')
  return end === -1 ? undefined : place.slice(0, end + 1)
}

function warnOfAge({ takenAt, server }: Snapshot, clock: Clock): readonly Warning[] {
  const hours = (clock.now() - Date.parse(takenAt)) / 3_600_000
  if (hours < staleAfterHours) return []
  const message = `The snapshot of ${server.url} is ${ageWords(hours)} old: what changed since then is not in this plan`
  return [{ code: 'SNAPSHOT_OLD', message }]
}

function ageWords(hours: number): string {
  return hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`
}
