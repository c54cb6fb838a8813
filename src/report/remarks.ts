/** A plan as remarks at the lines of its configuration, for the views that show a file beside them. */
import type { Source } from '../model/errors.js'
import type { Change, Plan } from '../model/plan.js'
import { viewFields } from './fields.js'
import { escapeText, inReadingOrder, looseningWords, originWords, plain, symbols } from './words.js'

/** One remark at a line of a file. Its texts hold no control characters. */
export interface Remark {
  /** Below the root of the repository, with `/` between folders. */
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly weight: 'low' | 'medium' | 'high'
  readonly title: string
  readonly message: string
}

/** Fields that a remark names; the report has them all. */
const shownFields = 12

/**
 * Remarks, the weightiest first: loosened guards, deletions, changes, creations, warnings. What stands in no file of the
 * repository has none.
 * @param root where the repository's root is, seen from where the plan was made, such as `config/`; empty: right there
 */
export function remarksOf(plan: Plan, root = ''): readonly Remark[] {
  const at = (source: Source | undefined, rest: Omit<Remark, 'path' | 'line'>): readonly Remark[] => {
    const path = source === undefined ? undefined : pathWithin(source.file, root)
    return source === undefined || path === undefined ? [] : [{ path, line: source.line, ...rest }]
  }
  const sources = new Map(plan.changes.map((change) => [change.address, change.source]))
  const placeOf = ({ source, cause }: Change): Source | undefined => {
    if (cause?.reason === 'pruned') return cause.source
    return cause?.reason === 'goes-with' ? sources.get(cause.address) : source
  }
  return [
    ...(plan.loosened ?? []).flatMap((loosening) =>
      at(loosening.source, { weight: 'high', title: 'A guard is loosened', message: plain(looseningWords(loosening)) }),
    ),
    ...inReadingOrder(plan.changes).flatMap((change) =>
      at(placeOf(change), { weight: weights[change.action], title: titles[change.action], message: messageOf(change) }),
    ),
    ...plan.warnings.flatMap(({ message, source }) =>
      at(source, { weight: 'medium', title: 'Warning', message: escapeText(message) }),
    ),
  ]
}

const weights = { create: 'low', update: 'medium', delete: 'high', replace: 'high' } as const
const titles = { create: 'Adds', update: 'Changes', delete: 'Deletes', replace: 'Replaces' } as const

function messageOf(change: Change): string {
  const head = `${symbols[change.action]} ${escapeText(change.address)}`
  const cause = change.cause === undefined ? '' : ` (${plain(originWords(change))})`
  if (change.action === 'delete') return head + cause
  const fields = viewFields(change)
  const lines = fields.slice(0, shownFields).map((view) => {
    const name = view.path === '' ? '' : `${escapeText(view.path)}: `
    if (view.form === 'value') return `${name}${[view.before, view.after].filter(isText).join(' → ')}`
    return view.form === 'set' ? `${name}${view.gone.length} fewer, ${view.added.length} more` : `${name}another text`
  })
  const more = fields.length > shownFields ? [`… and ${fields.length - shownFields} more fields`] : []
  return [head + cause, ...lines, ...more].join('\n')
}

function isText(value: string | undefined): value is string {
  return value !== undefined
}

/** The path of a file below the root; `undefined` where it lies outside. */
function pathWithin(file: string, root: string): string | undefined {
  const parts: string[] = []
  for (const part of `${root}/${file}`.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return file.startsWith('/') || parts.length === 0 ? undefined : parts.join('/')
}
