/**
 * What the engine knows of a setting: the definition with its types erased.
 *
 * Authors write definitions with the typed `singleton` and `collection` of `bitbucket/kit.ts`; there the contract of
 * the verbs is printed. Nothing here or above knows a setting by name.
 */
import type { Schema } from './schema.js'

/** Reads the REST API. Paths begin behind `/rest`, such as `/api/latest/admin/banner`. Every read is a GET. */
export interface Reader {
  /**
   * One object. `null` for an absent one: 204, or 404 with the API's own error body.
   * @throws ApiError `API_UNSUPPORTED` where this server has no such endpoint, other codes for other refusals.
   */
  get(path: string): Promise<unknown>
  /** Every value of a paged list, all pages read (`nextPageStart`). `null` where the listed thing is absent (404). */
  list(path: string): Promise<readonly unknown[] | null>
  /** Whether this server has the endpoint at all: false only for a 404 that no handler of the API answered. */
  has(path: string): Promise<boolean>
}

/** Verbs that change the server. */
export type WriteMethod = 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** Reads and writes the REST API. Only `applyPlan` hands one out. */
export interface Writer extends Reader {
  /**
   * Sends a change; `body` as JSON where given. Answers the parsed body, `null` for an empty one.
   * @throws ApiError with the status, the exception names and the request id.
   */
  send(method: WriteMethod, path: string, body?: unknown): Promise<unknown>
}

/** One live object. `value` is what the schema names; `raw` what the server said: ids, unknown fields, wire spelling. */
export interface Live<T = unknown> {
  readonly value: T
  readonly raw: unknown
}

/** What a writing verb gets: both sides as the schema has them, the raw answer, and the changed top-level fields. */
export interface Write<T = unknown> {
  readonly after: T
  readonly before: T | null
  readonly raw: unknown
  readonly changed: ReadonlySet<string>
}

/** A rename in place: from the live object's identity to `after`'s. */
export interface Rename<T = unknown> extends Write<T> {
  readonly before: T
}

/** Documentation of a setting. */
export interface Docs {
  readonly title: string
  /** A short paragraph: what the setting governs. */
  readonly text: string
  /** The REST page or article the definition was written from. */
  readonly rest: string
  /** Weakest global permission that may read and write it. */
  readonly permission: 'LICENSED_USER' | 'ADMIN' | 'SYS_ADMIN'
  /** First server version that has it, such as `8.7`. Absent: every supported one. */
  readonly since?: string
  /** First server version that no longer has it. */
  readonly until?: string
  /** What can go wrong, one sentence each. */
  readonly dangers?: readonly string[]
}

/** Names of the ancestors of an item, by their kind: `{groups: 'devs'}`. */
export type At = Readonly<Record<string, string>>

/** A place that definitions live under and that is always there: the document's `instance` section. */
export interface Root {
  readonly kind: string
  /** The path of its section in the document. */
  readonly path: string
  readonly root: true
}

interface Common {
  readonly kind: string
  /** The key in the YAML, unique under one parent. */
  readonly key: string
  readonly parents: readonly (Root | Resource)[]
  readonly docs: Docs
  readonly schema: Schema
  /** At least two values, A and B. Secrets stand as `${secret:name}`. */
  readonly examples: readonly unknown[]
  /** Brings both sides to one spelling (case, `refs/heads/`, line ends) before keys, comparison and digests. */
  canonical(value: unknown): unknown
  /** Kinds that must be written before this one although no reference says so. */
  readonly after: readonly string[]
  /** Kinds whose deletes must come before this one's creates and updates (licence seats, keys unique on the server). */
  readonly frees: readonly string[]
  /** Kinds that write the same data; declaring both is refused. */
  readonly excludes: readonly string[]
  /** Whether a write of this live value sends the whole object, so that a secret it may hold is wiped if not declared. */
  replacesSecrets(live: unknown): boolean
  /** Changes by itself (lost on restart): shown, never counted as drift. */
  readonly volatile: boolean
}

/** A setting of which there is one under each parent. */
export interface Singleton extends Common {
  readonly form: 'singleton'
  read(api: Reader, at: At): Promise<Live | null>
  write(api: Writer, at: At, change: Write): Promise<void>
  /** Absent: the setting cannot be reset. */
  readonly clear: ((api: Writer, at: At, live: Live) => Promise<void>) | undefined
}

/** Settings of which there are many under each parent, told apart by the properties of `identity`. */
export interface Collection extends Common {
  readonly form: 'collection'
  readonly identity: readonly [string, ...string[]]
  /** All items under one parent. Absent: only declared items are looked up; never pruned nor exported. */
  readonly list: ((api: Reader, at: At) => Promise<readonly Live[] | null>) | undefined
  readonly lookup: ((api: Reader, at: At, identity: unknown) => Promise<Live | null>) | undefined
  create(api: Writer, at: At, change: Write): Promise<void>
  /** Creates several items under one parent in one request. */
  readonly createMany: ((api: Writer, at: At, changes: readonly Write[]) => Promise<void>) | undefined
  /** Absent: an item cannot be changed, only replaced. */
  readonly update: ((api: Writer, at: At, change: Write) => Promise<void>) | undefined
  readonly rename: ((api: Writer, at: At, change: Rename) => Promise<void>) | undefined
  delete(api: Writer, at: At, live: Live): Promise<void>
  /** Why the server would not let this item be changed or deleted; `undefined` where it would. */
  readonly isReadOnly: ((live: Live) => string | undefined) | undefined
}

/** Names that other kinds refer to but that the configuration does not manage. */
export interface Directory extends Common {
  readonly form: 'directory'
  /** Every name, in canonical spelling. */
  names(api: Reader): Promise<readonly string[]>
}

/** A definition as the engine sees it. */
export type Resource = Singleton | Collection | Directory

/** Every definition of a build, with the roots they live under. */
export interface Registry {
  readonly roots: readonly Root[]
  readonly resources: readonly Resource[]
}

/** The definitions that live directly under a kind or root and that the YAML can hold. */
export function childrenOf(registry: Registry, kind: string): readonly (Singleton | Collection)[] {
  return registry.resources.filter(
    (resource): resource is Singleton | Collection =>
      resource.form !== 'directory' && resource.parents.some((parent) => parent.kind === kind),
  )
}

/** The definition of a kind. */
export function resourceOf(registry: Registry, kind: string): Resource | undefined {
  return registry.resources.find((resource) => resource.kind === kind)
}

/** How a collection is written in YAML, derived from its definition (see `docs/configuration.md`). */
export type Notation = 'map' | 'scalars' | 'names' | 'list'

/** The properties of a collection's items that do not name them. */
export function plainProperties(resource: Collection): readonly string[] {
  const properties = resource.schema.type === 'object' ? Object.keys(resource.schema.properties) : []
  return properties.filter((property) => !resource.identity.includes(property))
}

/** Derives the notation: several naming properties → `list`; nothing else → `names`; one scalar more → `scalars`. */
export function notationOf(registry: Registry, resource: Collection): Notation {
  if (resource.identity.length > 1) return 'list'
  const plain = plainProperties(resource)
  if (childrenOf(registry, resource.kind).length > 0 || plain.length > 1) return 'map'
  return plain.length === 1 ? 'scalars' : 'names'
}
