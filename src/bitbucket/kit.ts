/**
 * The kit: what an author of a setting writes.
 *
 * A definition is written in two calls, `singleton({...})({...})` or `collection({...})({...})`: first what the setting
 * is, then its verbs. (In one call TypeScript would widen the enum literals that a verb returns.) Everything else is
 * derived: YAML notation, validation, difference, order, redaction, documentation, tests.
 *
 * Contract of the verbs: **read changes nothing; absent is `null`, not an error; create tolerates "already there";
 * delete tolerates "already gone"; every verb may be called twice; an answer of unknown shape is an `API_UNEXPECTED`
 * error that names the field.**
 */
import type {
  AccessRole,
  Collection,
  CoveredBy,
  Created,
  Digest,
  Directory,
  Docs,
  Entrance,
  Hazard,
  Judged,
  Live,
  NeededPermission,
  Outlook,
  Reader,
  Rename,
  Resource,
  Root,
  Singleton,
  Write,
  Writer,
} from '../model/resource.js'
import type { PropertyOf, Schema, Value } from '../model/schema.js'
import { canonicalOf } from './canonical.js'
import { explaining } from './explain-failure.js'

/** The root of everything that belongs to the whole server. */
export const instance = { kind: 'instance', path: 'instance', root: true } as const satisfies Root

/** Carries the types of a definition; has no value at run time. */
declare const types: unique symbol
interface Typed<K extends string, P> {
  readonly kind: K
  readonly [types]?: P
}

/** A typed definition; assignable to what the engine sees. */
export type SingletonDefinition<K extends string, P> = Singleton & Typed<K, P>
/** A typed definition; assignable to what the engine sees. */
export type CollectionDefinition<K extends string, P> = Collection & Typed<K, P>

/** Where an item lives: the names of all its ancestors, `{projects: string, repositories: string}`. */
export type At<P> = P extends Root
  ? Readonly<Record<never, string>>
  : P extends Typed<infer K, infer PP>
    ? { readonly [k in K]: string } & At<PP>
    : never

/** One spelling for values that the server treats as equal: a function for a scalar, one a property for an object. */
type Canonical<V> = V extends string | number | boolean
  ? (value: V) => V
  : { readonly [K in keyof V]?: (value: NonNullable<V[K]>) => NonNullable<V[K]> }

/** What every setting says about itself. */
interface About<K extends string, S extends Schema, P> {
  /** Unique, camelCase; the file name is the same words in kebab-case. */
  readonly kind: K
  /** The YAML key, unique under one parent. Default: the kind. */
  readonly key?: string
  readonly parents: readonly P[]
  readonly docs: Docs
  readonly schema: S
  /** At least two values, A and B; they feed documentation, editor and the conformance chain. */
  readonly examples: readonly [NoInfer<Value<S>>, NoInfer<Value<S>>, ...NoInfer<Value<S>>[]]
  readonly canonical?: Canonical<NoInfer<Value<S>>>
  readonly after?: readonly string[]
  readonly frees?: readonly string[]
  readonly excludes?: readonly string[]
  /**
   * A write sends the whole object, so a secret that is live but not declared would be wiped: `true`, or a function
   * that says of a live value whether it can hold a secret at all.
   */
  readonly replacesSecrets?: true | ((live: NoInfer<Value<S>>) => boolean)
  readonly volatile?: true
  readonly isOnRequest?: true
  readonly access?: AccessRole
  readonly needs?: (change: Judged<NoInfer<Value<S>>>) => NeededPermission
  readonly hazards?: (change: Judged<NoInfer<Value<S>>>, outlook: Outlook) => Promise<readonly Hazard[]>
  readonly entrance?: (declared: NoInfer<Value<S>>, coveredBy: CoveredBy) => Entrance | undefined
}

interface SingletonVerbs<V, P> {
  read(api: Reader, at: At<P>): Promise<Live<V> | null>
  write(api: Writer, at: At<P>, change: Write<V>): Promise<void>
  /** Leave it out where the setting cannot be reset: validation then says so. */
  clear?(api: Writer, at: At<P>, live: Live<V>): Promise<void>
}

interface CollectionVerbs<V, P> {
  /** One paged read of everything under a parent. `null` where the parent is absent. */
  list?(api: Reader, at: At<P>): Promise<readonly Live<V>[] | null>
  /** One item by its naming values, for kinds that have no list or a costly one. */
  lookup?(api: Reader, at: At<P>, wanted: V): Promise<Live<V> | null>
  /** Leave it out where the API has none, or where what it hands out (a secret) would be lost. */
  create?(api: Writer, at: At<P>, change: Write<V>): Promise<void | Created>
  createMany?(api: Writer, at: At<P>, changes: readonly Write<V>[]): Promise<void>
  /** Leave it out where an item cannot be changed: it is then replaced. */
  update?(api: Writer, at: At<P>, change: Write<V>): Promise<void>
  rename?(api: Writer, at: At<P>, change: Rename<V>): Promise<void>
  /** Leave it out where the API cannot remove an item. */
  delete?(api: Writer, at: At<P>, live: Live<V>): Promise<void>
  /** Why the server would not let this item be changed or deleted (a read-only directory): never pruned. */
  isReadOnly?(live: Live<V>): string | undefined
  /** Why the item is there but of no use, such as a deactivated user. */
  isInactive?(live: Live<V>): string | undefined
}

/** Defines a setting of which there is one under each parent. */
export function singleton<const K extends string, const S extends Schema, const P extends Root | Resource>(
  about: About<K, S, P>,
): (verbs: SingletonVerbs<Value<S>, P>) => SingletonDefinition<K, P> {
  return (verbs) => {
    const erased = verbs as unknown as SingletonVerbs<unknown, Root>
    return {
      ...commonOf(about),
      form: 'singleton',
      kind: about.kind,
      read: explaining(about.docs, erased.read.bind(erased)),
      write: explaining(about.docs, erased.write.bind(erased)),
      clear: explaining(about.docs, erased.clear?.bind(erased)),
    }
  }
}

/** Defines settings of which there are many under each parent, told apart by the properties of `identity`. */
export function collection<
  const K extends string,
  const S extends Schema,
  const P extends Root | Resource,
  const I extends PropertyOf<S>,
>(
  about: About<K, S, P> & {
    readonly identity: readonly [I, ...I[]]
    readonly fixed?: readonly I[]
    readonly identify?: (
      written: Partial<NoInfer<Value<S>>>,
      sha256: Digest,
    ) => Readonly<Record<string, string>> | string
  },
): (verbs: CollectionVerbs<Value<S>, P>) => CollectionDefinition<K, P> {
  return (verbs) => {
    const erased = verbs as unknown as CollectionVerbs<unknown, Root>
    return {
      ...commonOf(about),
      form: 'collection',
      kind: about.kind,
      identity: about.identity,
      list: explaining(about.docs, erased.list?.bind(erased)),
      lookup: explaining(about.docs, erased.lookup?.bind(erased)),
      create: explaining(about.docs, erased.create?.bind(erased)),
      createMany: explaining(about.docs, erased.createMany?.bind(erased)),
      update: explaining(about.docs, erased.update?.bind(erased)),
      rename: explaining(about.docs, erased.rename?.bind(erased)),
      delete: explaining(about.docs, erased.delete?.bind(erased)),
      fixed: about.fixed ?? [],
      identify: about.identify as Collection['identify'],
      isReadOnly: erased.isReadOnly?.bind(erased),
      isInactive: erased.isInactive?.bind(erased),
    }
  }
}

/** Defines names that other kinds refer to but that the configuration does not manage. */
export function directory<const K extends string>(about: {
  readonly kind: K
  readonly docs: Docs
  readonly canonical: (name: string) => string
  names(api: Reader): Promise<readonly string[]>
}): Directory {
  return {
    ...commonOf({
      kind: about.kind,
      parents: [instance],
      docs: about.docs,
      schema: { type: 'string', description: about.docs.title },
      examples: ['', ''],
    }),
    form: 'directory',
    canonical: (value) => about.canonical(String(value)),
    names: explaining(about.docs, async (api: Reader) => (await about.names(api)).map(about.canonical)),
  }
}

function commonOf<K extends string, S extends Schema, P extends Root | Resource>(about: About<K, S, P>) {
  return {
    kind: about.kind,
    key: about.key ?? about.kind,
    parents: about.parents,
    docs: about.docs,
    schema: about.schema,
    examples: about.examples,
    canonical: canonicalOf(about.schema, about.canonical),
    after: about.after ?? [],
    frees: about.frees ?? [],
    excludes: about.excludes ?? [],
    replacesSecrets: replacesSecretsOf(about.replacesSecrets),
    volatile: about.volatile ?? false,
    isOnRequest: about.isOnRequest ?? false,
    access: about.access,
    needs: about.needs as Resource['needs'],
    hazards: about.hazards as Resource['hazards'],
    entrance: about.entrance as Resource['entrance'],
  }
}

function replacesSecretsOf(given: true | ((live: never) => boolean) | undefined): (live: unknown) => boolean {
  if (typeof given === 'function') return given as (live: unknown) => boolean
  return () => given === true
}
