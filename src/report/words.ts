/**
 * Sentences and spellings that every format shares.
 *
 * "Plan: 1 to add, …" and "Apply complete! …" are Terraform's own: scripts look for them.
 */
import type { AccessShifts, Shift } from '../model/access.js'
import type { Source } from '../model/errors.js'
import type { Action, Change, Destination, Plan, Summary } from '../model/plan.js'
import type { ApplyReport } from '../model/outcome.js'
import { isSecretReference } from '../model/secret-reference.js'

/** The sign of an action; the meaning survives without colour. */
export const symbols: Readonly<Record<Action, string>> = { create: '+', update: '~', delete: '-', replace: '-/+' }

/** `Plan: 1 to add, 2 to change, 3 to destroy.` A replacement destroys and adds. */
export function planSentence({ create, update, delete: deleted, replace }: Summary): string {
  return `Plan: ${create + replace} to add, ${update} to change, ${deleted + replace} to destroy.`
}

/** The sentence for a plan without changes. */
export const noChanges = 'No changes. Live matches the configuration.'

/** `Apply complete! Resources: 1 added, 2 changed, 3 destroyed.` */
export function applySentence(report: ApplyReport): string {
  const count = (...actions: readonly Action[]): number =>
    report.outcomes.filter(({ outcome, action }) => outcome === 'done' && actions.includes(action)).length
  const added = count('create', 'replace')
  const destroyed = count('delete', 'replace')
  return `Apply complete! Resources: ${added} added, ${count('update')} changed, ${destroyed} destroyed.`
}

/** `https://bitbucket.example.com (9.4.2, signed in as admin)` */
export function serverWords({ server }: Pick<Plan, 'server'>): string {
  return `${server.url} (${server.version}, signed in as ${server.account})`
}

/** `bbstate.yaml:9` */
export function sourceWords({ file, line }: Source): string {
  return `${file}:${line}`
}

/** Why the change is in the plan: the place in the files, the prune that asks for it, or what it goes with. */
export function originWords({ source, cause }: Change): string {
  if (cause?.reason === 'pruned') return `pruned, policy ${sourceWords(cause.source)}`
  if (cause?.reason === 'goes-with') return `goes with ${escapeText(cause.address)}`
  return source === undefined ? '' : sourceWords(source)
}

/** `smtp-password goes to hostname smtp.example.com, port 587` */
export function destinationWords({ secrets, target }: Destination): string {
  const what = secrets.length === 0 ? 'the secret that the server keeps' : `secret ${secrets.join(', ')}`
  return `${what} goes to ${Object.entries(target)
    .map(([field, value]) => `${field} ${formatValue(value)}`)
    .join(', ')}`
}

/** `Access: 2 lose SYS_ADMIN through contractors (carol, dave); 1 gains ADMIN (alice)`. Losses come first. */
export function accessWords({ losses, gains }: AccessShifts): string {
  const parts = [
    ...losses.map((shift) => shiftWords(shift, 'loses', 'lose')),
    ...gains.map((shift) => shiftWords(shift, 'gains', 'gain')),
  ]
  return parts.length === 0 ? 'Access: nobody gains or loses a global permission' : `Access: ${parts.join('; ')}`
}

const shownPeople = 8

function shiftWords({ permission, through, people, isUncertain }: Shift, one: string, many: string): string {
  const way = through === undefined ? '' : ` through ${escapeText(through)}`
  if (people === undefined) return `everybody in ${escapeText(through ?? '')} ${one} ${permission}`
  const more = people.length > shownPeople ? `, and ${people.length - shownPeople} more` : ''
  const names = `${people.slice(0, shownPeople).map(escapeText).join(', ')}${more}`
  const doubt = isUncertain === true ? ', unless another group gives it' : ''
  return `${people.length} ${people.length === 1 ? one : many} ${permission}${way} (${names})${doubt}`
}

/** Deletions first, then replacements, changes, creations; within each in the order of the plan. */
export function inReadingOrder(changes: readonly Change[]): readonly Change[] {
  const order: readonly Action[] = ['delete', 'replace', 'update', 'create']
  return order.flatMap((action) => changes.filter((change) => change.action === action))
}

/** A value on one line. Texts stand bare where that is unmistakable, else as JSON; secrets by name only. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'not set'
  if (isSecretReference(value)) return `(secret ${value.secret})`
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

/** Control characters, line ends and marks that change the direction of text, made visible. */
export function escapeText(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

/** `1 request`, `2 requests`. */
export function countWords(count: number, noun: string): string {
  // Not toLocaleString: its first call loads the tables of every language, which takes longer than a whole plan.
  const digits = String(count).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',')
  return `${digits} ${noun}${count === 1 ? '' : 's'}`
}
