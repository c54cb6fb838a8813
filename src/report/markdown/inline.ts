/**
 * Names in Markdown: always code. Inside code nothing is a mention, an issue, a link, an image, HTML or emphasis; and
 * the code is fenced by more backticks than it holds.
 */
import { groupDigits, type Sentence, writeSentence } from '../sentence.js'
import { escapeLine, escapeText } from '../words.js'

/** A longer name says nothing more to a reader; it is cut, and says so. */
const longestName = 1_000

/** A name or value as a code span. One that is blank is quoted: an empty span is no code. */
export function code(text: string): string {
  const shown = text.trim() === '' ? escapeText(JSON.stringify(text)) : shorten(escapeText(text), longestName)
  const fence = '`'.repeat(longestRun(shown) + 1)
  return /^[` ]|[` ]$/u.test(shown) ? `${fence} ${shown} ${fence}` : fence + shown + fence
}

/** A sentence, its names as code. */
export function mark(sentence: Sentence): string {
  return writeSentence(sentence, code)
}

/** Lines as a block of code, coloured as a difference: `+`, `-` and `!` begin its lines. */
export function diffBlock(lines: readonly string[]): string {
  return fencedBlock('diff', lines)
}

function fencedBlock(language: string, lines: readonly string[]): string {
  const body = lines.join('\n')
  const fence = '`'.repeat(Math.max(3, longestRun(body) + 1))
  return `${fence}${language}\n${body}\n${fence}\n`
}

/** What follows, closed until it is clicked. `title` is ours, never a name. */
export function fold(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n</details>\n`
}

/** The beginning of an escaped text, and how much is missing. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  const cut = text.slice(0, length).replace(/[\ud800-\udbff]$/u, '')
  return `${cut}… (${groupDigits(text.length - cut.length)} more characters)`
}

/** A line of a text inside a block. */
export function blockLine(sign: string, text: string, length: number): string {
  return `${sign}${shorten(escapeLine(text), length)}`
}

function longestRun(text: string): number {
  return (text.match(/`+/gu) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}
