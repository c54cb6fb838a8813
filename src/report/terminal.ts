/**
 * Plans, outcomes and errors as text for a terminal. Colour adds nothing that the text does not say.
 */
import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import type { BbstateError, Finding } from '../model/errors.js'
import type { Event } from '../model/event.js'
import { ApplyError, type ApplyReport, type Outcome } from '../model/outcome.js'
import type { Action, Change, Plan } from '../model/plan.js'
import { type FieldView, viewFields } from './fields.js'
import { findingsOf } from './json.js'
import type { DiffLine } from './line-diff.js'
import { listNames } from './sentence.js'
import { cutLine, padText, widthOf } from './width.js'
import {
  accessWords,
  countWords,
  destinationWords,
  escapeLine,
  escapeText,
  inReadingOrder,
  irreversibleHead,
  irreversibleWords,
  isComplete,
  keptHead,
  loosenedWords,
  looseningWords,
  originWords,
  plain,
  sentenceOf,
  reportSentence,
  scopeWords,
  serverWords,
  sourceWords,
  standWords,
  symbols,
  unmanagedWords,
} from './words.js'

/** How much colour a stream takes: 0 none, 1 sixteen colours. */
export type ColourLevel = 0 | 1

/** Renders for one stream. */
export interface TerminalReport {
  plan(plan: Plan): string
  /** A plan that nobody means to apply: what brings live back to the configuration. */
  drift(plan: Plan): string
  /** A plan, or the report of an apply. */
  document(document: Plan | ApplyReport): string
  applied(report: ApplyReport): string
  outcome(outcome: Outcome): string
  error(error: BbstateError): string
  warning(message: string): string
  /** One line of progress; `undefined` for events that need none. */
  progress(event: Event): string | undefined
  /** One line a request, for `--verbose`. */
  request(event: RequestEvent): string
  /** As much of a line as fits into so many columns. */
  fit(line: string, columns: number): string
}

type RequestEvent = Extract<Event, { readonly type: 'request' }>

/** A renderer with its colours. */
export function createTerminalReport(level: ColourLevel): TerminalReport {
  const paint = new Chalk({ level: level as ColorSupportLevel })
  return {
    plan: (plan) => renderPlan(plan, paint),
    drift: (plan) => renderPlan(plan, paint, 'Live differs from the configuration; to bring it back, bbstate would'),
    document: (document) => ('outcomes' in document ? renderApplied(document, paint) : renderPlan(document, paint)),
    applied: (report) => renderApplied(report, paint),
    outcome: (outcome) => renderOutcome(outcome, paint),
    error: (error) => renderError(error, paint),
    warning: (message) => `${paint.yellow('Warning:')} ${escapeText(message)}\n`,
    progress: (event) => renderProgress(event, paint),
    request: renderRequest,
    fit: cutLine,
  }
}

type Paint = (text: string) => string

function painters(paint: ChalkInstance): Readonly<Record<Action, Paint>> {
  return { create: paint.green, update: paint.yellow, delete: paint.red, replace: paint.red }
}

function renderPlan(
  plan: Plan,
  paint: ChalkInstance,
  subject = plan.stand === undefined ? 'bbstate will' : 'bbstate would',
): string {
  const lines = [...renderLoosened(plan, paint)]
  const circumstances = renderCircumstances(plan)
  if (plan.changes.length === 0) {
    lines.push(paint.green(sentenceOf(plan)), ...circumstances)
  } else {
    const place = plan.server.url === '' ? '' : ` on ${paint.bold(plain(serverWords(plan)))}`
    lines.push(`${subject} make these changes${place}:`, ...circumstances, '')
    lines.push(...renderLosses(plan, paint), ...renderChanges(plan, paint))
  }
  const remarks = renderRemarks(plan, paint)
  if (remarks.length > 0) lines.push(...(plan.changes.length > 0 ? [''] : []), ...remarks)
  if (plan.changes.length > 0) lines.push('', paint.bold(sentenceOf(plan)))
  return `${lines.join('\n')}\n`
}

function renderLoosened({ loosened = [] }: Plan, paint: ChalkInstance): readonly string[] {
  if (loosened.length === 0) return []
  const each = loosened.map((loosening) => `  ${paint.red('!')} ${plain(looseningWords(loosening))}`)
  return [paint.red(`${loosenedWords(loosened)}:`), ...each, '']
}

/** What the plan was made against, and how much of the configuration it covers. */
function renderCircumstances({ stand, scope, createdAt }: Plan): readonly string[] {
  return [
    ...(stand === undefined ? [] : [plain(standWords(stand, createdAt))]),
    ...(scope === undefined ? [] : [plain(scopeWords(scope))]),
  ]
}

/** What a reader must not overlook, before the changes one by one. */
function renderLosses({ access, changes, irreversible = [] }: Plan, paint: ChalkInstance): readonly string[] {
  const lines: string[] = []
  if (access !== undefined) {
    const colour = access.losses.length > 0 ? paint.red : paint.yellow
    lines.push(`  ${colour(plain(accessWords(access)))}.`, '')
  }
  const destinations = changes.flatMap(({ address, destination }) =>
    destination === undefined
      ? []
      : [`  ${paint.red('!')} ${escapeText(address)}: ${paint.red(plain(destinationWords(destination)))}`],
  )
  if (destinations.length > 0) lines.push(...destinations, '')
  if (irreversible.length > 0) {
    lines.push(`  ${paint.red(`${irreversibleHead}:`)}`)
    lines.push(...irreversible.map((entry) => `  ${paint.red('!')} ${plain(irreversibleWords(entry))}`), '')
  }
  return lines
}

function renderChanges(plan: Plan, paint: ChalkInstance): readonly string[] {
  const changes = inReadingOrder(plan.changes)
  const widest = changes.reduce((width, { address }) => Math.max(width, widthOf(escapeText(address))), 0)
  return changes.flatMap((change) => renderChange(change, Math.min(64, widest), paint))
}

function renderChange(change: Change, width: number, paint: ChalkInstance): readonly string[] {
  const colour = painters(paint)[change.action]
  const symbol = symbols[change.action].padStart(3)
  const address = escapeText(change.address)
  const origin = plain(originWords(change))
  const renamed = change.renamedFrom === undefined ? [] : [`        renamed from ${escapeText(change.renamedFrom)}`]
  const head = `${colour(symbol)} ${paint.bold(origin === '' ? address : padText(address, width))}`
  return [origin === '' ? head : `${head}   ${paint.dim(origin)}`, ...renamed, ...renderFields(change, paint)]
}

function renderFields(change: Change, paint: ChalkInstance): readonly string[] {
  const views = viewFields(change)
  const width = Math.max(0, ...views.map(({ path }) => widthOf(escapeText(path))))
  return views.map((view) => {
    const name = view.path === '' ? '' : `${padText(escapeText(view.path), width)}   `
    if (view.form === 'text') return renderText(name.trimEnd(), view.lines, paint)
    return `        ${name}${view.form === 'set' ? renderSet(view, paint) : renderValue(view, paint)}`
  })
}

function renderValue({ before, after }: View<'value'>, paint: ChalkInstance): string {
  const sides = [before === undefined ? [] : [paint.red(before)], after === undefined ? [] : [paint.green(after)]]
  return sides.flat().join(' → ')
}

/** A text of several lines, line by line. */
function renderText(name: string, lines: readonly DiffLine[], paint: ChalkInstance): string {
  const signs = { kept: paint.dim, added: paint.green, removed: paint.red }
  const marks = { kept: ' ', added: '+', removed: '-' }
  const shown = lines.map((line) =>
    line.change === 'skipped'
      ? `            ${paint.dim(`… ${countWords(line.count, 'line')} the same`)}`
      : `            ${signs[line.change](`${marks[line.change]} ${escapeLine(line.line)}`)}`,
  )
  return [`        ${name}`, ...shown].join('\n')
}

function renderSet({ gone, added }: View<'set'>, paint: ChalkInstance): string {
  return [...gone.map((entry) => paint.red(`- ${entry}`)), ...added.map((entry) => paint.green(`+ ${entry}`))].join(
    '  ',
  )
}

type View<Form> = Extract<FieldView, { readonly form: Form }>

function renderRemarks(plan: Plan, paint: ChalkInstance): readonly string[] {
  const lines: string[] = []
  if (plan.kept.length > 0) lines.push(`${keptHead}: ${plain(listNames(plan.kept))}.`)
  if (plan.unmanaged.length > 0) lines.push(paint.dim(unmanagedWords(plan)))
  for (const { message, source } of plan.warnings) {
    const place = source === undefined ? '' : ` (${escapeText(sourceWords(source))})`
    lines.push(`${paint.yellow('Warning:')} ${escapeText(message)}${place}`)
  }
  return lines
}

function renderApplied(report: ApplyReport, paint: ChalkInstance): string {
  const notes = report.outcomes.flatMap(({ note }) => (note === undefined ? [] : [`${escapeLine(note)}\n`]))
  if (isComplete(report)) return `${notes.join('')}${paint.green.bold(reportSentence(report))}\n`
  const lines = report.outcomes.filter(({ outcome }) => outcome !== 'done')
  const outcomes = lines.map((outcome) => renderOutcome(outcome, paint))
  return `${[...notes, ...outcomes].join('')}${paint.bold(reportSentence(report))}\n`
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
  const lines = [`${indent}${escapeLine(message)} ${paint.dim(`[${escapeText(code)}]`)}`]
  if (source !== undefined) lines.push(`${indent}  at ${escapeText(source.file)}:${source.line}:${source.column}`)
  if (requestId !== undefined) lines.push(`${indent}  request id ${escapeText(requestId)}`)
  if (hint !== undefined) lines.push(`${indent}  ${paint.cyan('→')} ${escapeText(hint)}`)
  return `${lines.join('\n')}\n`
}

function renderRequest({ method, path, status, milliseconds, requestId }: RequestEvent): string {
  const id = requestId === undefined ? '' : ` ${escapeText(requestId)}`
  return `${escapeLine(method)} ${escapeText(path)} ${status} ${Math.round(milliseconds)} ms${id}`
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
    case 'handed-out':
      return event.line
    case 'request':
      return undefined
  }
}
