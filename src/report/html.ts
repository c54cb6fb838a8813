/**
 * Plans and reports as one HTML file: it loads nothing, runs nothing but its own filter, and can be read without that.
 */
import type { AccessShifts } from '../model/access.js'
import type { ApplyReport, Outcome } from '../model/outcome.js'
import type { Action, Plan } from '../model/plan.js'
import { areasOf } from './html/areas.js'
import { manyChanges, writeChanges } from './html/changes.js'
import { html, mark, type Markup, nothing } from './html/markup.js'
import { writeOutcomes } from './html/outcomes.js'
import { type Sha256, writePage, writeTools } from './html/page.js'
import { groupDigits, joinSentences, say, type Sentence } from './sentence.js'
import {
  auditWords,
  countWords,
  destinationWords,
  findingWords,
  gainWords,
  irreversibleHead,
  irreversibleWords,
  isComplete,
  keptHead,
  loosenedWords,
  looseningWords,
  lossWords,
  sentenceOf,
  reportSentence,
  scopeWords,
  serverWords,
  standWords,
  warningWords,
} from './words.js'

/** A plan, or the report of an apply, as a page. */
export function renderHtml(document: Plan | ApplyReport, sha256: Sha256): string {
  return 'outcomes' in document ? reportPage(document, sha256) : planPage(document, sha256)
}

function planPage(plan: Plan, sha256: Sha256): string {
  const { changes, loosened = [], access, irreversible = [], warnings, kept, unmanaged } = plan
  const areas = areasOf(changes.map(({ address }) => address))
  const headline = sentenceOf(plan)
  const destinations = changes.flatMap(({ address, destination }) =>
    destination === undefined ? [] : [say`${address}: ${destinationWords(destination)}`],
  )
  const body = [
    card('grave', loosenedWords(loosened), loosened.map(looseningWords)),
    writeHead('Plan', headline, plan),
    ...circumstances(plan).map((sentence) => html`<p>${mark(sentence)}</p>`),
    writeTiles(planTiles(plan)),
    writeLosses(access),
    card('grave', 'Secrets go to a new place', destinations),
    card('grave', irreversibleHead, irreversible.map(irreversibleWords)),
    card('warning', 'Warnings', warnings.map(warningWords)),
    writeTools(areas, filtersOf(changes.map(({ action }) => action))),
    ...writeChanges(changes, areas),
    card('note', 'Access is gained', access === undefined ? [] : gainWords(access, Infinity)),
    card(
      'note',
      keptHead,
      kept.map((address) => say`${address}`),
    ),
    unmanaged.length === 0 ? nothing : writeUnmanaged(unmanaged),
    writeFacts('About this plan', [
      ['Request budget', planBudget(plan)],
      ['Digest', say`${plan.digest}`],
      ['Made', say`${plan.createdAt} by bbstate ${plan.bbstate}`],
    ]),
  ]
  return writePage({ title: `${headline} ${plan.server.url}`, body, isLong: changes.length > manyChanges }, sha256)
}

function reportPage(report: ApplyReport, sha256: Sha256): string {
  const { outcomes, summary, remaining, startedAt, finishedAt } = report
  const areas = areasOf(outcomes.map(({ address }) => address))
  const notes = outcomes.flatMap(({ address, note }) => (note === undefined ? [] : [say`${address}: ${note}`]))
  const ran =
    startedAt === undefined || finishedAt === undefined ? [] : [['Ran', say`${startedAt} to ${finishedAt}`] as const]
  const headline = reportSentence(report)
  const audit = auditWords(report.audit ?? {})
  const body = [
    writeHead('Apply', headline, report),
    writeTiles([
      ['failed', summary.failed, 'failed'],
      ['skipped', summary.skipped, 'skipped'],
      ['done', summary.done, 'done'],
    ]),
    card(isComplete(report) ? 'note' : 'grave', 'The server did not keep', remaining.map(findingWords)),
    card('note', 'To note', notes),
    writeTools(areas, outcomeFilters(outcomes)),
    ...writeOutcomes(outcomes, areas),
    writeFacts('About this run', [
      ...ran,
      ...(audit.length === 0 ? [] : [['By', joinSentences(audit, ', ')] as const]),
      ['Requests', say`${report.requests}`],
      ['Digest of the plan', say`${report.digest}`],
    ]),
  ]
  return writePage({ title: `${headline} ${report.server.url}`, body, isLong: outcomes.length > manyChanges }, sha256)
}

function writeHead(kind: string, headline: string, document: Pick<Plan, 'server'>): Markup {
  return html`<header>
    <p class="kind"><b>bbstate</b> ${kind.toLowerCase()}</p>
    <h1>${headline}</h1>
    <p class="about">${mark(serverWords(document))}</p>
  </header>`
}

function circumstances({ stand, scope, createdAt }: Plan): readonly Sentence[] {
  return [
    ...(stand === undefined ? [] : [standWords(stand, createdAt)]),
    ...(scope === undefined ? [] : [scopeWords(scope)]),
  ]
}

type Tile = readonly [name: string, count: number, label: string]

function planTiles({ summary }: Plan): readonly Tile[] {
  return [
    ['delete', summary.delete, 'deleted'],
    ['replace', summary.replace, 'replaced'],
    ['update', summary.update, 'changed'],
    ['create', summary.create, 'added'],
    ['unchanged', summary.unchanged, 'as declared'],
    ['unmanaged', summary.unmanaged, 'not managed'],
  ]
}

function writeTiles(tiles: readonly Tile[]): Markup {
  const items = tiles.map(
    ([name, count, label]) =>
      html`<li class="${name}${count === 0 ? ' zero' : ''}"><b>${groupDigits(count)}</b>${label}</li>`,
  )
  return html`<ul class="tiles">
    ${items}
  </ul>`
}

function card(weight: 'grave' | 'warning' | 'note', title: string, entries: readonly Sentence[]): Markup {
  if (entries.length === 0) return nothing
  return html`<section class="card ${weight}">
    <h2>${title}</h2>
    <ul>
      ${entries.map((entry) => html`<li>${mark(entry)}</li>`)}
    </ul>
  </section>`
}

/** More people than this are named in a fold. */
const namedPeople = 30

function writeLosses(access: AccessShifts | undefined): Markup {
  if (access === undefined || access.losses.length === 0) return nothing
  const words = lossWords(access, namedPeople)
  const items = access.losses.map(({ people = [] }, index) => {
    const all =
      people.length <= namedPeople
        ? nothing
        : html`<details>
            <summary>All ${groupDigits(people.length)} names</summary>
            ${mark(
              joinSentences(
                people.map((name) => say`${name}`),
                ', ',
              ),
            )}
          </details>`
    return html`<li>${mark(words[index] ?? [])}${all}</li>`
  })
  return html`<section class="card grave">
    <h2>Access is lost</h2>
    <ul>
      ${items}
    </ul>
  </section>`
}

function writeUnmanaged(unmanaged: readonly string[]): Markup {
  return html`<section class="card note">
    <h2>Not managed</h2>
    <details>
      <summary>${countWords(unmanaged.length, 'item')} live beside what is declared</summary>
      <ul>
        ${unmanaged.map((address) => html`<li><code>${address}</code></li>`)}
      </ul>
    </details>
  </section>`
}

function planBudget({ requests, changes }: Plan): Sentence {
  const made = say`${[countWords(requests, 'request')]} to make this plan.`
  if (changes.length === 0) return made
  return say`${made} Applying it plans again, then sends about one write a change (${changes.length}) and reads what it writes before and after.`
}

function writeFacts(title: string, facts: readonly (readonly [string, Sentence])[]): Markup {
  return html`<section>
    <h2>${title}</h2>
    <dl class="facts">
      ${facts.map(
        ([name, words]) =>
          html`<dt>${name}</dt>
            <dd>${mark(words)}</dd>`,
      )}
    </dl>
  </section>`
}

function filtersOf(actions: readonly Action[]): readonly (readonly [string, string])[] {
  const labels = { delete: 'Deleted', replace: 'Replaced', update: 'Changed', create: 'Added' }
  const present = new Set(actions)
  return Object.entries(labels).filter(([action]) => present.has(action as Action))
}

function outcomeFilters(outcomes: readonly Outcome[]): readonly (readonly [string, string])[] {
  const labels = { failed: 'Failed', skipped: 'Skipped', done: 'Done' }
  const present = new Set(outcomes.map(({ outcome }) => outcome))
  return Object.entries(labels).filter(([outcome]) => present.has(outcome as Outcome['outcome']))
}
