/**
 * Plans, reports and errors as GitHub-flavoured Markdown, for a comment or a summary.
 *
 * What must not be overlooked comes first and is kept longest: guards that are loosened, losses of access, places that
 * secrets go to, deletions. Above the limit fields go first, then creations, then changes; the words say what is missing.
 */
import type { BbstateError, Finding } from '../model/errors.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Change, Plan } from '../model/plan.js'
import { findingsOf } from './json.js'
import { fitAll, fitFirst, wholeBlock } from './markdown/changes.js'
import { code, mark } from './markdown/inline.js'
import { listWithin } from './markdown/list.js'
import { outcomeParts } from './markdown/outcomes.js'
import { type Part, writeWithin } from './markdown/page.js'
import { groupDigits, joinSentences, say, type Sentence } from './sentence.js'
import {
  auditWords,
  destinationWords,
  findingWords,
  gainWords,
  inReadingOrder,
  irreversibleHead,
  irreversibleWords,
  keptHead,
  loosenedWords,
  looseningWords,
  lossWords,
  sentenceOf,
  reportSentence,
  scopeWords,
  serverWords,
  standWords,
  unmanagedWords,
  warningWords,
} from './words.js'

/** How long the text may be. */
export interface MarkdownOptions {
  /** Characters; default 60,000: a comment on GitHub takes 65,536. */
  readonly limit?: number
  /** Whether long parts are closed until they are clicked, in HTML; default `true`. Bitbucket shows HTML as text. */
  readonly folds?: boolean
}

const usualLimit = 60_000

/** A plan, or the report of an apply. */
export function renderMarkdown(document: Plan | ApplyReport, options: MarkdownOptions = {}): string {
  const { limit = usualLimit, folds = true } = options
  return writeWithin('outcomes' in document ? reportParts(document, folds) : planParts(document, folds), limit)
}

/** A refusal or a failure, with every finding and, after a partial apply, with its report. */
export function renderMarkdownError(error: BbstateError, { limit = usualLimit }: MarkdownOptions = {}): string {
  const several = findingsOf(error)
  const findings = several.length > 0 ? several : [error.toFinding()]
  const head = several.length > 1 ? [text(`**Error:** ${mark(say`${error.message}`)}`)] : [text('**Error**')]
  return writeWithin([...head, findingPart(findings)], limit)
}

function planParts(plan: Plan, folds: boolean): readonly Part[] {
  const { loosened = [], stand, scope, access, changes, irreversible = [], kept, unmanaged, warnings } = plan
  const of = (...actions: readonly string[]): readonly Change[] =>
    inReadingOrder(changes).filter(({ action }) => actions.includes(action))
  const headline = sentenceOf(plan)
  const destinations = changes.flatMap(({ address, destination }) =>
    destination === undefined ? [] : [say`${address}: ${destinationWords(destination)}`],
  )
  return [
    list(`**${loosenedWords(loosened)}:**`, loosened.map(looseningWords)),
    text(`### ${headline}`),
    text(mark(serverWords(plan))),
    ...(stand === undefined ? [] : [text(`**${mark(standWords(stand, plan.createdAt))}**`)]),
    ...(scope === undefined ? [] : [text(mark(scopeWords(scope)))]),
    access === undefined ? text('') : list('**Access is lost:**', lossWords(access, 50)),
    list('**Secrets go to a new place:**', destinations),
    list(`**${irreversibleHead}:**`, irreversible.map(irreversibleWords)),
    changesPart('Deleted', of('delete', 'replace'), { keeps: 'all', folds: false }),
    changesPart('Changed', of('update'), { keeps: 'first', folds }),
    changesPart('Added', of('create'), { keeps: 'first', folds }),
    access === undefined ? text('') : list('**Access is gained:**', gainWords(access)),
    list(
      `${keptHead}:`,
      kept.map((address) => say`${address}`),
    ),
    ...(unmanaged.length === 0 ? [] : [text(unmanagedWords(plan))]),
    list('**Warnings:**', warnings.map(warningWords)),
    text(`Digest ${code(plan.digest)}`),
  ]
}

function reportParts(report: ApplyReport, folds: boolean): readonly Part[] {
  const audit = auditWords(report.audit ?? {})
  return [
    text(`### ${reportSentence(report)}`),
    text(mark(joinSentences([serverWords(report), ...audit], ', '))),
    ...(report.remaining.length === 0 ? [] : [text('**The server did not keep:**'), findingPart(report.remaining)]),
    ...outcomeParts(report.outcomes, folds),
    text(`Digest ${code(report.digest)}`),
  ]
}

/** What was refused or failed: message, code, place, and what to do. */
function findingPart(findings: readonly Finding[]): Part {
  return list('', findings.map(findingWords))
}

/** A line or a paragraph that is never left out. */
function text(words: string): Part {
  return { whole: words === '' ? '' : `${words}\n`, within: () => `${words}\n` }
}

function list(head: string, entries: readonly Sentence[]): Part {
  if (entries.length === 0) return text('')
  const lead = head === '' ? '' : `${head}\n\n`
  return {
    whole: lead + listWithin(entries, Infinity),
    within: (budget) => lead + listWithin(entries, budget - lead.length),
  }
}

interface Keeping {
  /** What is kept where there is no room for all. */
  readonly keeps: 'all' | 'first'
  readonly folds: boolean
}

function changesPart(title: string, changes: readonly Change[], { keeps, folds }: Keeping): Part {
  if (changes.length === 0) return text('')
  const head = `#### ${title} (${groupDigits(changes.length)})\n\n`
  const fit = keeps === 'all' ? fitAll : fitFirst
  return {
    whole: head + wholeBlock(changes, folds),
    within: (budget) => head + fit(changes, budget - head.length),
  }
}
