/**
 * Reading answers: small decoders that turn an answer of unknown shape into an `API_UNEXPECTED` error which names the
 * endpoint and the field. Values are never quoted, only their type: an answer may hold what nobody should read.
 */
import { ApiError } from '../model/errors.js'
import { isObject } from '../model/schema.js'

/** One object of an answer, and where it came from, for the error. */
export interface Answered {
  /** The endpoint, such as `/api/latest/admin/banner`. */
  readonly path: string
  /** Where in its answer, such as `values[3].user`; empty for the whole. */
  readonly place: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Whether the API says that there is nothing: it leaves a field out or writes `null`. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

/** The error for an answer that bbstate does not understand. */
export function unexpected(path: string, field: string, wanted: string, found: unknown): ApiError {
  const what = field === '' ? 'the answer' : field
  return new ApiError(
    'API_UNEXPECTED',
    `The answer of ${path} is not understood: ${what} is ${nameType(found)}, not ${wanted}`,
    {
      hint: 'Check that the URL leads to Bitbucket Data Center; if it does, this version answers in a way bbstate does not know yet: please report it.',
    },
  )
}

function nameType(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`
}

/** Takes an answer as an object. */
export function readObject(path: string, answer: unknown, place = ''): Answered {
  if (!isObject(answer)) throw unexpected(path, place, 'an object', answer)
  return { path, place, fields: answer }
}

/** Takes an answer as a list of objects. */
export function readObjects(path: string, answer: unknown, place = 'values'): readonly Answered[] {
  if (!Array.isArray(answer)) throw unexpected(path, place, 'a list', answer)
  return answer.map((entry: unknown, index) => readObject(path, entry, `${place}[${index}]`))
}

/** An object inside an object. */
export function objectIn(answered: Answered, field: string): Answered {
  return readObject(answered.path, answered.fields[field], placeOf(answered, field))
}

/** Text. */
export function stringIn(answered: Answered, field: string): string {
  return typed(answered, field, 'a text', (value): value is string => typeof value === 'string')
}

/** `true` or `false`. */
export function booleanIn(answered: Answered, field: string): boolean {
  return typed(answered, field, 'true or false', (value): value is boolean => typeof value === 'boolean')
}

/** A whole number. */
export function integerIn(answered: Answered, field: string): number {
  return typed(answered, field, 'a whole number', (value): value is number => Number.isInteger(value))
}

/** One of a few words, compared as they are written. */
export function wordIn<const W extends string>(answered: Answered, field: string, words: readonly W[]): W {
  const isWord = (value: unknown): value is W => words.some((word) => word === value)
  return typed(answered, field, `one of ${words.join(', ')}`, isWord)
}

/** A list of texts; one that the API leaves out is empty. */
export function stringsIn(answered: Answered, field: string): readonly string[] {
  if (isAbsent(answered.fields[field])) return []
  const isTexts = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((entry) => typeof entry === 'string')
  return typed(answered, field, 'a list of texts', isTexts)
}

/** The field as a reader makes it, or nothing where the API left it out: spread the result into the value. */
export function optional<F extends string, V>(
  answered: Answered,
  field: F,
  read: (answered: Answered, field: string) => V,
): { readonly [K in F]?: NonNullable<V> } {
  if (isAbsent(answered.fields[field])) return {}
  const value = read(answered, field)
  return (value === undefined ? {} : { [field]: value }) as { readonly [K in F]?: NonNullable<V> }
}

/**
 * A whole number that some versions serialise as `{asInt, present}` (a Java `OptionalInt`; SSH key policy 8.7 to 9.2,
 * catalogue I-02). `undefined` where it is not present.
 */
export function leakedIntegerIn(answered: Answered, field: string): number | undefined {
  const value = answered.fields[field]
  if (isAbsent(value)) return undefined
  if (!isObject(value)) return integerIn(answered, field)
  const inner = objectIn(answered, field)
  return booleanIn(inner, 'present') ? integerIn(inner, 'asInt') : undefined
}

function typed<T>(answered: Answered, field: string, wanted: string, isWanted: (value: unknown) => value is T): T {
  const value = answered.fields[field]
  if (!isWanted(value)) throw unexpected(answered.path, placeOf(answered, field), wanted, value)
  return value
}

function placeOf({ place }: Answered, field: string): string {
  return place === '' ? field : `${place}.${field}`
}
