/** What became of each change: what failed or was skipped first, what was done last and closed. */
import type { Outcome } from '../../model/outcome.js'
import { groupDigits, joinSentences, say, type Sentence } from '../sentence.js'
import { countWords, escapeText, symbols } from '../words.js'
import { diffBlock, fold, shorten } from './inline.js'
import { listWithin } from './list.js'
import type { Part } from './page.js'

export function outcomeParts(outcomes: readonly Outcome[], folds: boolean): readonly Part[] {
  const of = (wanted: Outcome['outcome']): readonly Outcome[] => outcomes.filter(({ outcome }) => outcome === wanted)
  const notes = outcomes.flatMap(({ address, note }) => (note === undefined ? [] : [say`${address}: ${note}`]))
  return [
    listPart('Failed', of('failed').map(outcomeWords)),
    listPart('Skipped', of('skipped').map(outcomeWords)),
    listPart('To note', notes),
    donePart(of('done'), folds),
  ]
}

function outcomeWords({ action, address, error, requestId }: Outcome): Sentence {
  const id = error?.requestId ?? requestId
  const parts = [
    say`${[action]} ${address}`,
    ...(error === undefined ? [] : [say`${error.message} (${error.code})`]),
    ...(id === undefined ? [] : [say`request ${id}`]),
    ...(error?.hint === undefined ? [] : [say`→ ${error.hint}`]),
  ]
  return joinSentences(parts, ' · ')
}

function listPart(title: string, entries: readonly Sentence[]): Part {
  const head = `#### ${title} (${groupDigits(entries.length)})\n\n`
  if (entries.length === 0) return { whole: '', within: () => '' }
  return {
    whole: head + listWithin(entries, Infinity),
    within: (budget) => head + listWithin(entries, budget - head.length),
  }
}

function donePart(done: readonly Outcome[], folds: boolean): Part {
  if (done.length === 0) return { whole: '', within: () => '' }
  const title = `${countWords(done.length, 'change')} done`
  const line = ({ action, address }: Outcome): string =>
    `${symbols[action].slice(0, 1).replace('~', '!')} ${shorten(escapeText(address), 1_000)}`
  return {
    whole: folds ? fold(title, diffBlock(done.map(line))) : `${title}:\n\n${diffBlock(done.map(line))}`,
    within: () => `${title}; there is no room to name them here.\n`,
  }
}
