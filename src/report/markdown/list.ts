/** Lists of sentences within a budget of characters. */
import { groupDigits, type Sentence } from '../sentence.js'
import { mark } from './inline.js'

/** As many entries as fit; the rest is counted. */
export function listWithin(entries: readonly Sentence[], budget: number): string {
  let room = budget - 40
  const lines: string[] = []
  for (const entry of entries) {
    const line = `- ${mark(entry)}`
    room -= line.length + 1
    if (room < 0) break
    lines.push(line)
  }
  const rest = entries.length - lines.length
  return `${[...lines, ...(rest === 0 ? [] : [`- … and ${groupDigits(rest)} more`])].join('\n')}\n`
}
