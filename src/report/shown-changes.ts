/**
 * What a pull request showed, kept as one line in its comment, so that the merge can say what is new since and what is
 * gone. It informs: whoever may write as the same account could change it, so no apply is decided by it.
 */
import type { Change } from '../model/plan.js'
import { isObject } from '../model/schema.js'
import { code } from './markdown/inline.js'
import { countWords } from './words.js'

/** Address and digest of each change that was shown. */
export interface ShownChanges {
  readonly digests: ReadonlyMap<string, string>
  /** How many there were beyond those. */
  readonly missing: number
}

const begin = '<!-- bbstate changes '
const end = ' -->'

/** A comment takes 65,536 characters, and people read the rest of it. */
const longestLine = 12_000

/** One line of HTML that shows nothing. As Base64 no name can end it. */
export function writeShownChanges(changes: readonly Pick<Change, 'address' | 'digest'>[]): string {
  const entries = changes.map(({ address, digest }) => [address, digest.slice(0, 12)])
  let kept = 0
  // Base64 makes four characters of three bytes.
  for (let room = longestLine * 0.7; kept < entries.length; kept++) {
    room -= new TextEncoder().encode(JSON.stringify(entries[kept])).length + 1
    if (room < 0) break
  }
  return `${begin}${encode({ changes: entries.slice(0, kept), missing: entries.length - kept })}${end}`
}

/** `null`: the comment has no such line, or one that cannot be read. */
export function readShownChanges(comment: string): ShownChanges | null {
  const line = comment.split('\n').find((each) => each.startsWith(begin) && each.endsWith(end))
  if (line === undefined) return null
  const data = decode(line.slice(begin.length, -end.length))
  if (!isObject(data) || !Array.isArray(data['changes']) || typeof data['missing'] !== 'number') return null
  const entries = data['changes'] as readonly unknown[]
  if (!entries.every(isEntry)) return null
  return { digests: new Map(entries), missing: data['missing'] }
}

function isEntry(entry: unknown): entry is readonly [string, string] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string')
}

function encode(data: unknown): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(data))))
}

function decode(text: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

/** What differs between what was shown and what is planned now, by address. */
export interface ShownDifference {
  readonly added: readonly string[]
  readonly other: readonly string[]
  readonly gone: readonly string[]
}

/** Changes beyond those that were kept count as shown: nothing is known of them. */
export function compareShown(
  { digests, missing }: ShownChanges,
  changes: readonly Pick<Change, 'address' | 'digest'>[],
): ShownDifference {
  const now = new Map(changes.map(({ address, digest }) => [address, digest]))
  const unknown = changes.filter(({ address }) => !digests.has(address)).map(({ address }) => address)
  return {
    added: missing >= unknown.length ? [] : unknown,
    other: [...digests].flatMap(([address, digest]) => {
      const fresh = now.get(address)
      return fresh === undefined || fresh.startsWith(digest) ? [] : [address]
    }),
    gone: [...digests.keys()].filter((address) => !now.has(address)),
  }
}

/** Addresses that are named of each sort. */
const named = 50

/** As Markdown. */
export function shownDifferenceText(pullRequest: number, { added, other, gone }: ShownDifference): string {
  const place = `the comment of pull request #${pullRequest}`
  if (added.length + other.length + gone.length === 0) return `The changes are those that ${place} showed.\n`
  const part = (head: string, addresses: readonly string[]): string => {
    if (addresses.length === 0) return ''
    const more = addresses.length > named ? `\n- … and ${countWords(addresses.length - named, 'more change')}` : ''
    return `\n${head}:\n\n${addresses
      .slice(0, named)
      .map((address) => `- ${code(address)}`)
      .join('\n')}${more}\n`
  }
  return [
    `**The changes are not all those that ${place} showed.**\n`,
    part('New', added),
    part('In another way', other),
    part('Gone', gone),
  ].join('')
}
