/** How the fields of a change are shown, before a format gives them its signs. */
import type { Change, FieldChange } from '../model/plan.js'
import { isObject } from '../model/schema.js'
import { type DiffLine, diffLines } from './line-diff.js'
import { formatValue } from './words.js'

/** One field, ready to be written: what goes and what comes, a text by its lines. Values are on one line, escaped. */
export type FieldView =
  | { readonly form: 'value'; readonly path: string; readonly before?: string; readonly after?: string }
  | { readonly form: 'set'; readonly path: string; readonly gone: readonly string[]; readonly added: readonly string[] }
  | { readonly form: 'text'; readonly path: string; readonly lines: readonly DiffLine[] }

/** The fields that a change shows; of an item that appears or vanishes all but what its address says. */
export function viewFields(change: Change): readonly FieldView[] {
  const fields = change.fields.length > 0 ? change.fields : wholeFields(change)
  return fields.map((field) => viewField(change, field))
}

function viewField({ action }: Change, { path, before, after }: FieldChange): FieldView {
  if (isLong(before) || isLong(after)) return { form: 'text', path, lines: diffLines(textOf(before), textOf(after)) }
  if (Array.isArray(before) && Array.isArray(after)) {
    const shift = shiftOf(before, after)
    if (shift !== undefined) return { form: 'set', path, ...shift }
  }
  return {
    form: 'value',
    path,
    ...(action === 'create' ? {} : { before: formatValue(before) }),
    ...(action === 'delete' ? {} : { after: formatValue(after) }),
  }
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\n')
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : formatValue(value)
}

/** What a set of texts gains and loses, rather than both sets whole; `undefined` where that would not say everything. */
function shiftOf(before: readonly unknown[], after: readonly unknown[]): Shift | undefined {
  if (!isSet(before) || !isSet(after)) return undefined
  const [had, has] = [new Set(before), new Set(after)]
  const order = (list: readonly unknown[], other: ReadonlySet<unknown>): string =>
    JSON.stringify(list.filter((entry) => other.has(entry)))
  const gone = before.filter((entry) => !has.has(entry)).map(formatValue)
  const added = after.filter((entry) => !had.has(entry)).map(formatValue)
  return order(before, has) === order(after, had) && gone.length + added.length > 0 ? { gone, added } : undefined
}

interface Shift {
  readonly gone: readonly string[]
  readonly added: readonly string[]
}

function isSet(list: readonly unknown[]): boolean {
  return list.every((entry) => typeof entry === 'string') && new Set(list).size === list.length
}

function wholeFields({ action, before, after, identity }: Change): readonly FieldChange[] {
  if (action !== 'create' && action !== 'delete') return []
  const whole = action === 'create' ? after : before
  if (whole === null || whole === undefined) return []
  const side = (value: unknown): Partial<FieldChange> => (action === 'create' ? { after: value } : { before: value })
  if (!isObject(whole)) return [{ path: '', ...side(whole) }]
  return Object.entries(whole)
    .filter(([property]) => !(property in identity))
    .map(([path, value]) => ({ path, ...side(value) }))
}
