/**
 * The schema dialect of a setting: a small JSON Schema with a few words of its own.
 *
 * Everything that must agree about a setting is derived from it: the TypeScript type of its value, the validation of
 * the YAML, the editor's hover texts, the meaning of a difference, redaction and the order of changes. The dialect is
 * small on purpose: a word that only one setting would use belongs into that setting's file.
 */

interface Annotations {
  /** One line for the reader of the reference page and of the editor's hover. */
  readonly description: string
  /** Accepted by the server but never returned: sent where declared, never compared. */
  readonly writeOnly?: true
  /**
   * Hidden everywhere. Takes only `${secret:name}`; implies that the value is never read back nor compared.
   */
  readonly secret?: true
  /** The value names an item of this kind (`groups`, `users`). */
  readonly 'x-ref'?: string
  /** Changing this field changes where a secret of the same object is sent. */
  readonly 'x-destination'?: true
  /** First server version that keeps this field; older ones drop it silently, so that declaring it there is refused. */
  readonly 'x-since'?: string
}

/** Text. `format` is a hint for the reader only; `pattern` is an ES2020 regular expression with the `u` flag. */
export interface StringSchema extends Annotations {
  readonly type: 'string'
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly default?: string
}

/** A number; `integer` admits no fraction. Bounds are inclusive. */
export interface NumberSchema extends Annotations {
  readonly type: 'integer' | 'number'
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: number
}

/** `true` or `false`. */
export interface BooleanSchema extends Annotations {
  readonly type: 'boolean'
  readonly default?: boolean
}

/**
 * A list. With `uniqueItems` it is a set of scalars (order means nothing, replaced whole); with `x-key` a list of
 * objects keyed by that property (a map in YAML, compared entry by entry); with neither, order counts.
 */
export interface ArraySchema extends Annotations {
  readonly type: 'array'
  readonly items: Schema
  readonly uniqueItems?: true
  readonly 'x-key'?: string
}

/**
 * An object. `required` names what a creation needs (checked while planning, since a declared object may be partial).
 * Of `exactlyOne` exactly one property is set: setting another one clears its siblings. Of `anyOf` at least one is.
 */
export interface ObjectSchema extends Annotations {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly exactlyOne?: readonly string[]
  readonly anyOf?: readonly string[]
}

/** Any JSON, compared and replaced as one value: for what only the server knows the shape of. */
export interface JsonSchema extends Annotations {
  readonly type: 'json'
}

/** A schema of the dialect. */
export type Schema = StringSchema | NumberSchema | BooleanSchema | ArraySchema | ObjectSchema | JsonSchema

type Flat<T> = { [K in keyof T]: T[K] }
type Properties<P, R> = Flat<
  { [K in keyof P as K extends R ? K : never]: Value<P[K]> } & {
    [K in keyof P as K extends R ? never : K]?: Value<P[K]>
  }
>

/** The TypeScript type of the values that a schema describes; optional properties may be absent, never `undefined`. */
export type Value<S> = S extends { type: 'string'; enum: readonly (infer E)[] }
  ? E
  : S extends { type: 'string' }
    ? string
    : S extends { type: 'integer' | 'number' }
      ? number
      : S extends { type: 'boolean' }
        ? boolean
        : S extends { type: 'json' }
          ? Json
          : S extends { type: 'array'; items: infer I }
            ? readonly Value<I>[]
            : S extends { type: 'object'; properties: infer P }
              ? Properties<P, S extends { required: readonly (infer R)[] } ? R : never>
              : never

/** The property names of an object schema. */
export type PropertyOf<S> = S extends { properties: infer P } ? Extract<keyof P, string> : never

/** A value that JSON can hold. Plans are made of nothing else. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** Whether a value is an object with properties (not `null`, not a list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The properties of a schema, empty for anything but an object. */
export function propertiesOf(schema: Schema): Readonly<Record<string, Schema>> {
  return schema.type === 'object' ? schema.properties : {}
}

/** Whether the server never returns the value, so that it cannot be compared. */
export function isHidden(schema: Schema): boolean {
  return schema.secret === true || schema.writeOnly === true
}
