/**
 * What the engine knows of a setting: the definition with its types erased.
 *
 * Authors write definitions with the typed `singleton` and `collection` of `bitbucket/kit.ts`; there the contract of
 * the verbs is printed. Nothing here or above knows a setting by name.
 */
import { propertiesOf, type Schema } from './schema.js'

/** Reads the REST API. Paths begin behind `/rest`, such as `/api/latest/admin/banner`. Every read is a GET. */
export interface Reader {
  /**
   * One object. `null` for an absent one: 204, or 404 with the API's own error body.
   * @throws ApiError `API_UNSUPPORTED` where this server has no such endpoint, other codes for other refusals.
   */
  get(path: string): Promise<unknown>
  /** Every value of a paged list, all pages read (`nextPageStart`). `null` where the listed thing is absent (404). */
  list(path: string): Promise<readonly unknown[] | null>
  /** A text that is not JSON. `null` for an absent one. */
  text(path: string): Promise<string | null>
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
  /** A new text that nobody can guess and that no output shows, for where the server wants a password of its own. */
  secretText(): string
  /** Sends a form with files (`multipart/form-data`), for the few endpoints that take nothing else. */
  sendForm(method: WriteMethod, path: string, parts: readonly FormPart[]): Promise<unknown>
}

/** One part of a form; with a file name it is a file. */
export interface FormPart {
  readonly name: string
  readonly value: string
  readonly fileName?: string
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

/** A global permission that settings need. */
export type NeededPermission = 'LICENSED_USER' | 'ADMIN' | 'SYS_ADMIN'

/** What a setting is about: the file of an export that it stands in, the chapter of the reference. */
export type Area = 'people' | 'security' | 'repositories' | 'server'

/** Documentation of a setting. */
export interface Docs {
  readonly area: Area
  readonly title: string
  /** A short paragraph: what the setting governs. */
  readonly text: string
  /** The REST page or article the definition was written from. */
  readonly rest: string
  /** Weakest global permission that may read and write it. */
  readonly permission: NeededPermission
  /** Every endpoint below `/rest` that its verbs use, `{}` for a part that varies: `/ssh/latest/keys/{}`. */
  readonly endpoints: readonly string[]
  /** First server version that has it, such as `8.7`. Absent: every supported one. */
  readonly since?: string
  /** First server version that no longer has it. */
  readonly until?: string
  /** What can go wrong, one sentence each. */
  readonly dangers?: readonly string[]
  /**
   * What a deleted item lacks when it is created again, as the end of "what comes back lacks …"; with `isAll` nothing
   * comes back, and `what` is the whole reason.
   */
  readonly lost?: { readonly what: string; readonly isAll?: true }
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

/**
 * What a kind means for who may do what; the guards against lock-out and the access line of a plan are made of it.
 * People and groups are named by others; a membership lies under a group and names a person; a grant names a person or
 * a group and has one more property, the permission, whose words stand weakest first.
 */
export type AccessRole = 'people' | 'groups' | 'membership' | 'grant'

/** What is dangerous about a change of a setting. */
export interface Hazard {
  /** What would happen, one sentence. */
  readonly message: string
  readonly hint: string
  /** The `--allow` that lifts the refusal. Absent: nothing lifts it. */
  readonly allow?: string
  /** Only a warning of the plan. */
  readonly isWarning?: true
}

/** The change that a hazard is judged by; `null` is absence. */
export interface Judged<T = unknown> {
  readonly before: T | null
  readonly after: T | null
}

/** What a hazard may ask about the run and about the server as it will be. */
export interface Outlook {
  /** Name of the signed-in account. */
  readonly account: string
  /** Signs in with user name and password, request by request. */
  readonly usesPassword: boolean
  /** Requests that the rest of the run needs, about. */
  readonly requests: number
  /** Every value of a kind as it will be after the plan; reads the kind where the plan has not. */
  after(kind: string): Promise<readonly unknown[]>
  /** Every live item of a kind, with what the server says of it beside its schema. */
  live(kind: string): Promise<readonly Live[]>
}

/** What stands before the first reading of an item: an allowance of the command line, or a refusal. */
export type Entrance =
  | { readonly allow: string; readonly value: string; readonly reason: string }
  | { readonly refused: string; readonly hint: string }

/** The kind that has an endpoint, by its path below `/rest`; `undefined` where none has. */
export type CoveredBy = (endpoint: string) => string | undefined

/** The SHA-256 of bytes, in lower-case hexadecimal. */
export type Digest = (bytes: Uint8Array) => string

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
  /** Exported only where `--include` names it: it costs a request an item, or is rarely wanted. */
  readonly isOnRequest: boolean
  readonly access: AccessRole | undefined
  /** The permission that a change needs, where it is more than `docs.permission`. */
  readonly needs: ((change: Judged) => NeededPermission) | undefined
  readonly hazards: ((change: Judged, outlook: Outlook) => Promise<readonly Hazard[]>) | undefined
  /** Judged before anything of an item is read. */
  readonly entrance: ((declared: unknown, coveredBy: CoveredBy) => Entrance | undefined) | undefined
}

/** A setting of which there is one under each parent. */
export interface Singleton extends Common {
  readonly form: 'singleton'
  read(api: Reader, at: At): Promise<Live | null>
  write(api: Writer, at: At, change: Write): Promise<void>
  /** Absent: the setting cannot be reset. */
  readonly clear: ((api: Writer, at: At, live: Live) => Promise<void>) | undefined
}

/** What a creation answers for a kind whose items cannot be found again by what is declared. */
export interface Created {
  readonly live: Live
  /** What the reader of the report should write down, one sentence. */
  readonly note: string
}

/** Settings of which there are many under each parent, told apart by the properties of `identity`. */
export interface Collection extends Common {
  readonly form: 'collection'
  readonly identity: readonly [string, ...string[]]
  /** All items under one parent. Absent: only declared items are looked up; never pruned nor exported. */
  readonly list: ((api: Reader, at: At) => Promise<readonly Live[] | null>) | undefined
  /** `wanted` holds the naming values and whatever else is declared of the item. */
  readonly lookup: ((api: Reader, at: At, wanted: unknown) => Promise<Live | null>) | undefined
  /** Absent: items can only be declared where they are live; a plan that would create one is refused. */
  readonly create: ((api: Writer, at: At, change: Write) => Promise<void | Created>) | undefined
  /** Creates several items under one parent in one request. */
  readonly createMany: ((api: Writer, at: At, changes: readonly Write[]) => Promise<void>) | undefined
  /** Absent: an item cannot be changed, only replaced. */
  readonly update: ((api: Writer, at: At, change: Write) => Promise<void>) | undefined
  readonly rename: ((api: Writer, at: At, change: Rename) => Promise<void>) | undefined
  /** Absent: the API cannot remove an item. */
  readonly delete: ((api: Writer, at: At, live: Live) => Promise<void>) | undefined
  /** Properties that cannot be changed: an item whose value of one differs is replaced. */
  readonly fixed: readonly string[]
  /**
   * The naming values of an item that is written without them, computed from what is written; or, as text, why that
   * cannot be done. Such a collection is a list in YAML.
   */
  readonly identify: ((written: unknown, sha256: Digest) => Readonly<Record<string, string>> | string) | undefined
  /** Why the server would not let this item be changed or deleted; `undefined` where it would. */
  readonly isReadOnly: ((live: Live) => string | undefined) | undefined
  /** Why the item is there but of no use (a deactivated user); `undefined` where it is of use. */
  readonly isInactive: ((live: Live) => string | undefined) | undefined
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

/** Derives the notation: several naming properties, or computed ones → `list`; nothing else → `names`; one scalar more → `scalars`. */
export function notationOf(registry: Registry, resource: Collection): Notation {
  if (resource.identity.length > 1 || resource.identify !== undefined) return 'list'
  const plain = plainProperties(resource)
  // What is never read back could not stand for the item in an export.
  const isUnreadable = plain.some((property) => propertiesOf(resource.schema)[property]?.writeOnly === true)
  if (childrenOf(registry, resource.kind).length > 0 || plain.length > 1 || isUnreadable) return 'map'
  return plain.length === 1 ? 'scalars' : 'names'
}
