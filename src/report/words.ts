/**
 * Sentences and spellings that every format shares.
 *
 * "Plan: 1 to add, …" and "Apply complete! …" are Terraform's own: scripts look for them.
 */
import type { AccessShifts, Shift } from '../model/access.js'
import type { Finding, Source } from '../model/errors.js'
import type {
  Action,
  Change,
  Destination,
  Irreversible,
  Loosening,
  Plan,
  Scope,
  Stand,
  Summary,
  Warning,
} from '../model/plan.js'
import type { ApplyReport, Audit, Outcome } from '../model/outcome.js'
import { isSecretReference } from '../model/secret-reference.js'
import { groupDigits, joinSentences, listNames, say, type Sentence, writeSentence } from './sentence.js'

/** The sign of an action; the meaning survives without colour. */
export const symbols: Readonly<Record<Action, string>> = { create: '+', update: '~', delete: '-', replace: '-/+' }

/** `Plan: 1 to add, 2 to change, 3 to destroy.` A replacement destroys and adds. */
export function planSentence({ create, update, delete: deleted, replace }: Summary): string {
  return `Plan: ${create + replace} to add, ${update} to change, ${deleted + replace} to destroy.`
}

/** The first sentence about a plan; without changes it says what matches the configuration. */
export function sentenceOf({ changes, summary, stand }: Pick<Plan, 'changes' | 'summary' | 'stand'>): string {
  if (changes.length > 0) return planSentence(summary)
  if (stand === undefined) return 'No changes. Live matches the configuration.'
  return stand.type === 'snapshot'
    ? 'No changes. The snapshot matches the configuration.'
    : 'No changes. Both configurations say the same.'
}

/** `Apply complete! Resources: 1 added, 2 changed, 3 destroyed.` */
export function applySentence(report: ApplyReport): string {
  const count = (...actions: readonly Action[]): number =>
    report.outcomes.filter(({ outcome, action }) => outcome === 'done' && actions.includes(action)).length
  const added = count('create', 'replace')
  const destroyed = count('delete', 'replace')
  return `Apply complete! Resources: ${added} added, ${count('update')} changed, ${destroyed} destroyed.`
}

/** Whether everything was done and kept. */
export function isComplete({ outcomes, converged }: ApplyReport): boolean {
  return converged && outcomes.every(({ outcome }) => outcome === 'done')
}

/** The first line of a report. */
export function reportSentence(report: ApplyReport): string {
  if (isComplete(report)) return applySentence(report)
  const count = (wanted: Outcome['outcome']): number =>
    report.outcomes.filter(({ outcome }) => outcome === wanted).length
  const [done, failed, skipped] = [count('done'), count('failed'), count('skipped')]
  const kept =
    report.remaining.length === 0 ? '' : `; the server did not keep ${countWords(report.remaining.length, 'value')}`
  return `Applied in part: ${done} done, ${failed} failed, ${skipped} skipped${kept}.`
}

/** `https://bitbucket.example.com (9.4.2, signed in as admin)`; less where configurations were compared. */
export function serverWords({ server }: Pick<Plan, 'server'>): Sentence {
  if (server.version === '') return server.url === '' ? say`No server` : say`${server.url}`
  return say`${server.url} (${server.version}, signed in as ${server.account})`
}

/** `bbstate.yaml:9` */
export function sourceWords({ file, line }: Source): string {
  return `${file}:${line}`
}

/** Why the change is in the plan: the place in the files, the prune that asks for it, or what it goes with. */
export function originWords({ source, cause }: Change): Sentence {
  if (cause?.reason === 'pruned') return say`pruned, policy ${sourceWords(cause.source)}`
  if (cause?.reason === 'goes-with') return say`goes with ${cause.address}`
  return source === undefined ? [] : say`${sourceWords(source)}`
}

/** `This configuration loosens 2 guards` */
export function loosenedWords(loosened: readonly Loosening[]): string {
  return `This configuration loosens ${countWords(loosened.length, 'guard')}`
}

/** `policy.limits.deletes 50 → 500 (bbstate.yaml:12)` */
export function looseningWords({ message, source }: Loosening): Sentence {
  return source === undefined ? say`${message}` : say`${message} (${sourceWords(source)})`
}

/** What a plan without a server was made against, and how old that is. */
export function standWords(stand: Stand, createdAt: string): Sentence {
  if (stand.type === 'configuration') {
    return say`Made without a server: configuration against ${stand.ref} (${shortCommit(stand.commit)}). It cannot be applied.`
  }
  const commit = stand.commit === undefined ? say`` : say` from commit ${shortCommit(stand.commit)}`
  const age = ageWords(Date.parse(createdAt) - Date.parse(stand.takenAt))
  return say`Made without a server: against a snapshot${commit} of ${stand.takenAt}, ${[age]}. It cannot be applied.`
}

/** `3 hours old`, at the time of the plan. @param milliseconds */
function ageWords(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (!Number.isFinite(minutes)) return 'of unknown age'
  if (minutes < 0) return 'from the future: one of the two clocks is wrong'
  if (minutes < 120) return `${countWords(minutes, 'minute')} old`
  return minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} hours old`
    : `${groupDigits(Math.floor(minutes / 1440))} days old`
}

/** The part of the configuration that was planned. */
export function scopeWords({ targets, changedSince }: Scope): Sentence {
  const parts = [
    ...(targets.length === 0 ? [] : [targetWords(targets)]),
    ...(changedSince === undefined
      ? []
      : [say`what differs from ${changedSince.ref} (${shortCommit(changedSince.commit)})`]),
  ]
  return say`Only a part was planned: ${joinSentences(parts, '; of that ')}.`
}

function targetWords(targets: readonly string[]): Sentence {
  const more = targets.length > shownTargets ? ` and ${groupDigits(targets.length - shownTargets)} more` : ''
  return [...listNames(targets.slice(0, shownTargets)), more]
}

const shownTargets = 20

function shortCommit(commit: string): string {
  return commit.slice(0, 12)
}

/** Stands before what an undo leaves as it is. */
export const irreversibleHead = 'This cannot be undone and stays as it is'

/** `instance.users[bob]: a deleted user cannot be brought back` */
export function irreversibleWords({ address, message }: Irreversible): Sentence {
  return say`${address}: ${message}`
}

/** Who applied what: `commit abc`, `started by ann`, … */
export function auditWords({ commit, actor, approver, runUrl }: Audit): readonly Sentence[] {
  return [
    ...(commit === undefined ? [] : [say`commit ${commit}`]),
    ...(actor === undefined ? [] : [say`started by ${actor}`]),
    ...(approver === undefined ? [] : [say`approved by ${approver}`]),
    ...(runUrl === undefined ? [] : [say`run ${runUrl}`]),
  ]
}

/** `secret smtp-password goes to hostname smtp.example.com, port 587` */
export function destinationWords({ secrets, target }: Destination): Sentence {
  const what = secrets.length === 0 ? say`the secret that the server keeps` : say`secret ${listNames(secrets)}`
  const places = Object.entries(target).map(([field, value]) => say`${field} ${formatValue(value)}`)
  return say`${what} goes to ${joinSentences(places, ', ')}`
}

/** `Mind this (bbstate.yaml:3)` */
export function warningWords({ message, source }: Warning): Sentence {
  return source === undefined ? say`${message}` : say`${message} (${sourceWords(source)})`
}

/** What was refused or failed: message, code, place, the server's id of the request, and what to do. */
export function findingWords({ message, code, source, requestId, hint }: Finding): Sentence {
  return [
    ...say`${message} (${code})`,
    ...(source === undefined ? [] : say` at ${sourceWords(source)}`),
    ...(requestId === undefined ? [] : say`, request ${requestId}`),
    ...(hint === undefined ? [] : say` → ${hint}`),
  ]
}

/** Everything about access in one line, losses first: `Access: 2 lose SYS_ADMIN through contractors (carol, dave)`. */
export function accessWords(shifts: AccessShifts): Sentence {
  const parts = [...lossWords(shifts), ...gainWords(shifts)]
  if (parts.length === 0) return say`Access: nobody gains or loses a global permission`
  return say`Access: ${joinSentences(parts, '; ')}`
}

/** One sentence a loss. @param shown how many people are named at most. */
export function lossWords({ losses }: AccessShifts, shown = shownPeople): readonly Sentence[] {
  return losses.map((shift) => shiftWords(shift, ['loses', 'lose'], shown))
}

/** One sentence a gain. @param shown how many people are named at most. */
export function gainWords({ gains }: AccessShifts, shown = shownPeople): readonly Sentence[] {
  return gains.map((shift) => shiftWords(shift, ['gains', 'gain'], shown))
}

const shownPeople = 8

function shiftWords(shift: Shift, [one, many]: readonly [string, string], shown: number): Sentence {
  const { permission, through, people, isUncertain } = shift
  if (people === undefined) return say`everybody in ${formatValue(through ?? '')} ${[one]} ${permission}`
  const way = through === undefined ? [] : say` through ${formatValue(through)}`
  const more = people.length > shown ? [`, and ${groupDigits(people.length - shown)} more`] : []
  const names = listNames(people.slice(0, shown).map(formatValue))
  const doubt = isUncertain === true ? [', unless another group gives it'] : []
  return say`${people.length} ${[people.length === 1 ? one : many]} ${permission}${way} (${names}${more})${doubt}`
}

/** Stands before what prune would have deleted. */
export const keptHead = 'Kept although unmanaged (protected or read-only)'

/** How much is live beside what is declared; without a server, there is no drift that could list it. */
export function unmanagedWords({ unmanaged, stand }: Pick<Plan, 'unmanaged' | 'stand'>): string {
  const how = stand === undefined ? 'bbstate drift --unmanaged lists them' : 'the plan as JSON lists them'
  return `Not managed: ${countWords(unmanaged.length, 'item')} (${how}).`
}

/** Deletions first, then replacements, changes, creations; within each in the order of the plan. */
export function inReadingOrder(changes: readonly Change[]): readonly Change[] {
  const order: readonly Action[] = ['delete', 'replace', 'update', 'create']
  return order.flatMap((action) => changes.filter((change) => change.action === action))
}

/** A value on one line. Texts stand bare where that is unmistakable, else as JSON; secrets by name only. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'not set'
  if (isSecretReference(value)) return `(secret ${escapeText(value.secret)})`
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, field]) => `${escapeText(key)}: ${formatValue(field)}`)
    return `{ ${fields.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  const isPlain = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@/:+*-]*[\p{L}\p{N}._@/+*-])?$/u.test(value)
  const looksTyped = /^(?:true|false|null|not set|[\d.]+)$/u.test(value)
  return isPlain && !looksTyped ? value : escapeText(JSON.stringify(value))
}

/** A sentence as plain text on one line. */
export function plain(sentence: Sentence): string {
  return writeSentence(sentence, escapeText)
}

/**
 * What the eye cannot see or what would move it, made visible: control characters, line ends, marks that change the
 * direction of text or take no room. Also the middle of what CI systems take for a command anywhere in a line:
 * `##[group]` (GitHub), `##vso[` (Azure), `##teamcity[`.
 */
export function escapeText(text: string): string {
  if (/^[ !"$-~]*$/u.test(text)) return text
  return text
    .replaceAll(/(?!(?<=\p{Extended_Pictographic})\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu, escapeCharacter)
    .replaceAll(/#(?=#(?:\w*)\[)/gu, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16)
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`
}

/** Lines that leave for a log: the last net under names that stand at the beginning of a line after all. */
export function guardLines(text: string): string {
  return text.replaceAll(/^((?:\s|\u001b\[\d*m)*):(?=:)/gmu, '$1\\u003a').replaceAll(/#(?=#\w*\[)/gu, '\\u0023')
}

/** A text that a line begins with: `::` there is a command for GitHub's log. */
export function escapeLine(text: string): string {
  return escapeText(text).replace(/^(\s*):(?=:)/u, '$1\\u003a')
}

/** `1 request`, `2 requests`. */
export function countWords(count: number, noun: string): string {
  return `${groupDigits(count)} ${noun}${count === 1 ? '' : 's'}`
}
