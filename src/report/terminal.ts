/**
 * Plans, outcomes and errors as text for a terminal. Colour adds nothing that the text does not say.
 */
import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import type { BbstateError, Finding } from '../model/errors.js'
import type { Event } from '../model/event.js'
import { ApplyError, type ApplyReport, type Outcome } from '../model/outcome.js'
import type { Action, Change, FieldChange, Plan } from '../model/plan.js'
import { isObject } from '../model/schema.js'
import { findingsOf } from './json.js'
import { diffLines } from './line-diff.js'
import {
  accessWords,
  applySentence,
  countWords,
  destinationWords,
  escapeText,
  formatValue,
  inReadingOrder,
  noChanges,
  originWords,
  planSentence,
  serverWords,
  sourceWords,
  symbols,
} from './words.js'

/** How much colour a stream takes: 0 none, 1 sixteen colours. */
export type ColourLevel = 0 | 1

/** Renders for one stream. */
export interface TerminalReport {
  plan(plan: Plan): string
  applied(report: ApplyReport): string
  outcome(outcome: Outcome): string
  error(error: BbstateError): string
  warning(message: string): string
  /** One line of progress; `undefined` for events that need none. */
  progress(event: Event): string | undefined
}

/** A renderer with its colours. */
export function createTerminalReport(level: ColourLevel): TerminalReport {
  const paint = new Chalk({ level: level as ColorSupportLevel })
  return {
    plan: (plan) => renderPlan(plan, paint),
    applied: (report) => renderApplied(report, paint),
    outcome: (outcome) => renderOutcome(outcome, paint),
    error: (error) => renderError(error, paint),
    warning: (message) => `${paint.yellow('Warning:')} ${escapeText(message)}\n`,
    progress: (event) => renderProgress(event, paint),
  }
}

type Paint = (text: string) => string

function painters(paint: ChalkInstance): Readonly<Record<Action, Paint>> {
  return { create: paint.green, update: paint.yellow, delete: paint.red, replace: paint.red }
}

function renderPlan(plan: Plan, paint: ChalkInstance): string {
  const lines: string[] = []
  if (plan.changes.length === 0) {
    lines.push(paint.green(noChanges))
  } else {
    lines.push(`bbstate will make these changes on ${paint.bold(serverWords(plan))}:`, '')
    if (plan.access !== undefined) {
      const colour = plan.access.losses.length > 0 ? paint.red : paint.yellow
      lines.push(`  ${colour(accessWords(plan.access))}.`, '')
    }
    lines.push(...renderDestinations(plan.changes, paint))
    const changes = inReadingOrder(plan.changes)
    const width = Math.min(64, Math.max(...changes.map(({ address }) => address.length)))
    for (const change of changes) lines.push(...renderChange(change, width, paint))
    lines.push('')
  }
  lines.push(...renderRemarks(plan, paint))
  if (plan.changes.length > 0) lines.push('', paint.bold(planSentence(plan.summary)))
  return `${lines.join('\n')}\n`
}

function renderDestinations(changes: readonly Change[], paint: ChalkInstance): readonly string[] {
  const lines = changes.flatMap(({ address, destination }) =>
    destination === undefined
      ? []
      : [`  ${paint.red('!')} ${escapeText(address)}: ${paint.red(destinationWords(destination))}`],
  )
  return lines.length === 0 ? [] : [...lines, '']
}

function renderChange(change: Change, width: number, paint: ChalkInstance): readonly string[] {
  const colour = painters(paint)[change.action]
  const symbol = symbols[change.action].padStart(3)
  const address = escapeText(change.address)
  const origin = originWords(change)
  const renamed = change.renamedFrom === undefined ? [] : [`        renamed from ${escapeText(change.renamedFrom)}`]
  const head = `${colour(symbol)} ${paint.bold(origin === '' ? address : address.padEnd(width))}`
  return [origin === '' ? head : `${head}   ${paint.dim(origin)}`, ...renamed, ...renderFields(change, paint)]
}

function renderFields(change: Change, paint: ChalkInstance): readonly string[] {
  const fields = change.fields.length > 0 ? change.fields : wholeFields(change)
  const width = Math.max(0, ...fields.map(({ path }) => path.length))
  return fields.map((field) => {
    const name = field.path === '' ? '' : `${escapeText(field.path).padEnd(width)}   `
    if (isLong(field.before) || isLong(field.after)) return renderText(name.trimEnd(), field, paint)
    return `        ${name}${renderValues(change.action, field, paint)}`
  })
}

function renderValues(action: Action, { before, after }: FieldChange, paint: ChalkInstance): string {
  if (action === 'create') return paint.green(formatValue(after))
  if (action === 'delete') return paint.red(formatValue(before))
  if (Array.isArray(before) && Array.isArray(after) && isSet(before) && isSet(after)) {
    return renderSet(before, after, paint)
  }
  return `${paint.red(formatValue(before))} → ${paint.green(formatValue(after))}`
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\n')
}

/** A text of several lines, line by line. */
function renderText(name: string, { before, after }: FieldChange, paint: ChalkInstance): string {
  const lines = diffLines(typeof before === 'string' ? before : '', typeof after === 'string' ? after : '')
  const signs = { kept: paint.dim, added: paint.green, removed: paint.red }
  const marks = { kept: ' ', added: '+', removed: '-' }
  const shown = lines.map(({ change, line }) => `            ${signs[change](`${marks[change]} ${escapeText(line)}`)}`)
  return [`        ${name}`, ...shown].join('\n')
}

function isSet(list: readonly unknown[]): boolean {
  return list.every((entry) => typeof entry === 'string') && new Set(list).size === list.length
}

/** What a set gains and loses, rather than both sets whole. */
function renderSet(before: readonly unknown[], after: readonly unknown[], paint: ChalkInstance): string {
  const gone = before.filter((entry) => !after.includes(entry)).map((entry) => paint.red(`- ${formatValue(entry)}`))
  const added = after.filter((entry) => !before.includes(entry)).map((entry) => paint.green(`+ ${formatValue(entry)}`))
  return [...gone, ...added].join('  ')
}

/** The fields of an item that appears or vanishes; what the address already says is left out. */
function wholeFields({ before, after, identity }: Change): readonly FieldChange[] {
  const whole = after ?? before
  if (whole === null || whole === undefined) return []
  if (!isObject(whole)) return [after === null ? { path: '', before } : { path: '', after }]
  return Object.entries(whole)
    .filter(([property]) => !(property in identity))
    .map(([path, value]) => (after === null ? { path, before: value } : { path, after: value }))
}

function renderRemarks(plan: Plan, paint: ChalkInstance): readonly string[] {
  const lines: string[] = []
  if (plan.kept.length > 0) {
    lines.push(`Kept although unmanaged (protected or read-only): ${plan.kept.map(escapeText).join(', ')}.`)
  }
  if (plan.unmanaged.length > 0) {
    const count = countWords(plan.unmanaged.length, 'item')
    lines.push(paint.dim(`Not managed: ${count} (bbstate drift --unmanaged lists them).`))
  }
  for (const { message, source } of plan.warnings) {
    const place = source === undefined ? '' : ` (${sourceWords(source)})`
    lines.push(`${paint.yellow('Warning:')} ${escapeText(message)}${place}`)
  }
  return lines
}

function renderApplied(report: ApplyReport, paint: ChalkInstance): string {
  const failed = report.outcomes.filter(({ outcome }) => outcome !== 'done')
  const notes = report.outcomes.flatMap(({ note }) => (note === undefined ? [] : [`${escapeText(note)}\n`]))
  if (failed.length === 0 && report.converged) return `${notes.join('')}${paint.green.bold(applySentence(report))}\n`
  const { done, failed: broken, skipped } = report.summary
  const lines = failed.map((outcome) => renderOutcome(outcome, paint))
  return `${[...notes, ...lines].join('')}${paint.bold(`Applied in part: ${done} done, ${broken} failed, ${skipped} skipped.`)}\n`
}

function renderOutcome(outcome: Outcome, paint: ChalkInstance): string {
  const mark = { done: paint.green('done'), failed: paint.red('failed'), skipped: paint.yellow('skipped') }
  const head = `${symbols[outcome.action].padStart(3)} ${escapeText(outcome.address)}: ${mark[outcome.outcome]}`
  if (outcome.error === undefined) return `${head}\n`
  return `${head}\n${renderFinding(outcome.error, paint, '      ')}`
}

function renderError(error: BbstateError, paint: ChalkInstance): string {
  const findings = findingsOf(error)
  const report = error instanceof ApplyError ? renderApplied(error.report, paint) : ''
  const remaining = error instanceof ApplyError ? error.report.remaining : []
  if (findings.length === 0 && remaining.length === 0) {
    return `${report}${paint.red('Error:')} ${renderFinding(error.toFinding(), paint, '').trimStart()}`
  }
  const all = findings.length > 0 ? findings : remaining
  const head = all.length === 1 ? '' : `${paint.red('Error:')} ${escapeText(error.message)}\n\n`
  const each = all.map((finding) => `${paint.red('Error:')} ${renderFinding(finding, paint, '').trimStart()}`)
  return `${report}${head}${each.join('\n')}`
}

function renderFinding(finding: Finding, paint: ChalkInstance, indent: string): string {
  const { code, message, hint, source, requestId } = finding
  const lines = [`${indent}${escapeText(message)} ${paint.dim(`[${code}]`)}`]
  if (source !== undefined) lines.push(`${indent}  at ${source.file}:${source.line}:${source.column}`)
  if (requestId !== undefined) lines.push(`${indent}  request id ${escapeText(requestId)}`)
  if (hint !== undefined) lines.push(`${indent}  ${paint.cyan('→')} ${escapeText(hint)}`)
  return `${lines.join('\n')}\n`
}

function renderProgress(event: Event, paint: ChalkInstance): string | undefined {
  switch (event.type) {
    case 'reading':
      return `Reading ${event.done}/${event.total}  ${paint.dim(escapeText(event.what))}`
    case 'applying':
      return `${symbols[event.change.action].padStart(3)} ${escapeText(event.change.address)} …`
    case 'applied':
      return `${event.done}/${event.total} ${renderOutcome(event.outcome, paint).trimEnd()}`
    case 'proving':
      return `Reading ${countWords(event.total, 'changed item')} again to prove the result`
    case 'waiting':
      return `Waiting ${event.seconds.toFixed(1)} s: ${escapeText(event.reason)}`
    case 'warning':
      return `${paint.yellow('Warning:')} ${escapeText(event.warning.message)}`
    case 'request':
      return undefined
  }
}
