/** Changes as lines of a difference: deletions and creations begin with their sign, changes with `!`. */
import { sectionOf } from '../../model/address.js'
import type { Change } from '../../model/plan.js'
import { type FieldView, viewFields } from '../fields.js'
import type { DiffLine } from '../line-diff.js'
import { groupDigits } from '../sentence.js'
import { padText, widthOf } from '../width.js'
import { countWords, escapeText, originWords, plain } from '../words.js'
import { blockLine, code, diffBlock, fold, shorten } from './inline.js'

/** A value or a line of a text is cut behind so many characters, a text behind so many lines. */
const longestValue = 500
const mostLines = 60

const heads = { create: '+ ', update: '! ', delete: '- ', replace: '- ' }

/** The address of a change and where it comes from, on one line. */
export function headOf(change: Change): string {
  const origin = plain(originWords(change))
  const renamed = change.renamedFrom === undefined ? '' : `   renamed from ${escapeText(change.renamedFrom)}`
  const replaced = change.action === 'replace' ? '   replaced: deleted and created again' : ''
  const line = `${escapeText(change.address)}${renamed}${replaced}${origin === '' ? '' : `   ${origin}`}`
  return `${heads[change.action]}${shorten(line, 2 * longestValue)}`
}

/** A change with all its fields. */
export function linesOf(change: Change): readonly string[] {
  const views = viewFields(change)
  const width = Math.min(
    40,
    views.reduce((widest, { path }) => Math.max(widest, widthOf(escapeText(path))), 0),
  )
  return [headOf(change), ...views.flatMap((view) => fieldLines(view, width))]
}

function fieldLines(view: FieldView, width: number): readonly string[] {
  const path = shorten(escapeText(view.path), longestValue)
  const name = view.path === '' ? '    ' : `    ${padText(path, width)}   `
  const line = (sign: string, value: string): string => `${sign} ${name}${shorten(value, longestValue)}`
  switch (view.form) {
    case 'value':
      return [
        ...(view.before === undefined ? [] : [line('-', view.before)]),
        ...(view.after === undefined ? [] : [line('+', view.after)]),
      ]
    case 'set':
      return [...setLines(view.gone, (value) => line('-', value)), ...setLines(view.added, (value) => line('+', value))]
    case 'text':
      return [`      ${path}:`, ...textLines(view.lines)]
  }
}

function setLines(entries: readonly string[], line: (value: string) => string): readonly string[] {
  return cutLines(entries.map(line), '      ', 'entry')
}

function textLines(lines: readonly DiffLine[]): readonly string[] {
  const signs = { kept: ' ', added: '+', removed: '-' }
  const shown = lines.map((line) =>
    line.change === 'skipped'
      ? `        … ${countWords(line.count, 'line')} the same`
      : blockLine(`${signs[line.change]}       `, line.line, longestValue),
  )
  return cutLines(shown, '        ', 'line')
}

function cutLines(lines: readonly string[], indent: string, noun: 'line' | 'entry'): readonly string[] {
  if (lines.length <= mostLines) return lines
  const rest = lines.length - mostLines
  const words = noun === 'line' ? countWords(rest, 'more line') : `${rest} more ${rest === 1 ? 'entry' : 'entries'}`
  return [...lines.slice(0, mostLines), `${indent}… ${words} of the difference`]
}

/** All changes in one block; closed where there are many and `folds` is set. */
export function wholeBlock(changes: readonly Change[], folds: boolean): string {
  const block = diffBlock(changes.flatMap(linesOf))
  return folds && changes.length > mostOpen
    ? fold(`${countWords(changes.length, 'change')}, field by field`, block)
    : block
}

const mostOpen = 20

/**
 * Changes within a budget, in the most telling of the forms that fit: with fields, by address and origin, by name
 * within their collection. What is left out even then is counted.
 */
export function fitAll(changes: readonly Change[], budget: number): string {
  const whole = wholeBlock(changes, false)
  if (whole.length <= budget) return whole
  const heads = diffBlock(changes.map(headOf))
  const remark = 'Fields are left out for want of room.\n\n'
  return remark.length + heads.length <= budget ? remark + heads : nameAll(changes, budget)
}

/** Changes within a budget: the first ones with their fields, and how many more of which kind. */
export function fitFirst(changes: readonly Change[], budget: number): string {
  const rest = (from: number): string => (from === changes.length ? '' : `\n${countKinds(changes.slice(from))}\n`)
  let room = budget - countKinds(changes).length - 200
  const lines: string[] = []
  let taken = 0
  for (const change of changes) {
    const own = linesOf(change)
    const length = own.reduce((sum, line) => sum + line.length + 1, 0)
    if (length > room) break
    lines.push(...own)
    room -= length
    taken++
  }
  return `${taken === 0 ? '' : diffBlock(lines)}${rest(taken)}`
}

/** `Not shown for want of room: 9,400 changes (9,000 of labels, 400 of groups).` */
function countKinds(changes: readonly Change[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const kinds = [...counts].sort(([, a], [, b]) => b - a)
  const named = kinds.slice(0, 20).map(([kind, count]) => `${groupDigits(count)} of ${code(kind)}`)
  const more = kinds.length > named.length ? `, and of ${kinds.length - named.length} more kinds` : ''
  return `Not shown for want of room: ${countWords(changes.length, 'change')} (${named.join(', ')}${more}).`
}

/** Addresses grouped by collection, names alone; what does not fit is counted. */
function nameAll(changes: readonly Change[], budget: number): string {
  let room = budget - countKinds(changes).length - 100
  const lines = ['Fields and origins are left out for want of room.', '']
  const unnamed: Change[] = []
  for (const [section, members] of groupBySection(changes)) {
    const head = `- ${code(section)} (${countWords(members.length, 'change')}):`
    room -= head.length + 1
    const isNamed = room > 0
    const spans: string[] = []
    for (const change of members) {
      const name = change.address.slice(section.length).replace(/^\[(.*)\]$/su, '$1')
      const span = name === '' ? '' : ` ${code(name)}`
      room -= isNamed ? span.length : 0
      if (isNamed && room > 0) spans.push(span)
      else unnamed.push(change)
    }
    if (isNamed) lines.push(head + spans.join(''))
  }
  if (unnamed.length > 0) lines.push('', countKinds(unnamed))
  return `${lines.join('\n')}\n`
}

function groupBySection(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const section = sectionOf(change.address)
    const key = section !== '' && change.address.startsWith(section) ? section : change.address
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return groups
}
