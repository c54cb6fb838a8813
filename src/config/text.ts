/** YAML by the line: what every parser, of YAML 1.1 too, reads back as it was meant. */
import { dump } from 'js-yaml'
import { escapeReferences } from './references.js'

/** Lines of a document, indented. */
export type Lines = readonly string[]

/** Columns that comments and lists on one line keep to. */
const width = 100

/** The indentation of a depth. */
export function pad(depth: number): string {
  return '  '.repeat(depth)
}

/** A map: its key, and what stands below it. */
export function block(head: string, lines: Lines): Lines {
  return lines.length === 0 ? [`${head} {}`] : [head, ...lines]
}

/** A list of scalars: on one line, or below each other where that is too long. */
export function list(head: string, values: Lines, depth: number): Lines {
  const line = `${head} [${values.join(', ')}]`
  return line.length <= width ? [line] : [head, ...values.map((value) => `${pad(depth + 1)}- ${value}`)]
}

/** Words as a comment, broken between words. */
export function comment(words: string, depth: number): Lines {
  const lines: string[] = []
  let line = `${pad(depth)}#`
  for (const word of words.split(/\s+/u)) {
    if (line.length + word.length >= width && !line.endsWith('#')) {
      lines.push(line)
      line = `${pad(depth)}#`
    }
    line += ` ${word}`
  }
  return [...lines, line]
}

/** A scalar behind its key; a text of several lines stands below it as it is. */
export function text(head: string, value: unknown, depth: number): Lines {
  // Blanks at the ends of lines, blank ends and odd characters are kept by escapes alone.
  const isPlain =
    typeof value === 'string' && /^\S[^\r]*\n/u.test(value) && !/[^\S\n]\n|\n\n$|\s$(?<!\S\n)/u.test(value)
  // What a log would take for a command when the export is printed there needs escapes as well.
  if (!isPlain || /[^\n\t\P{C}]|[\u2028\u2029]|^\s*::|##\w*\[/mu.test(value)) return [`${head} ${scalar(value)}`]
  const kept = value.endsWith('\n') ? '|' : '|-'
  const lines = escapeReferences(value.replace(/\n$/u, '')).split('\n')
  return [`${head} ${kept}`, ...lines.map((line) => (line === '' ? '' : `${pad(depth + 1)}${line}`))]
}

/** A scalar on one line, as key or value, with a literal `${` kept literal. */
export function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  const written = escapeReferences(value)
  // Flow characters would end the value inside [ ] or { }; what cannot be seen needs escapes; js-yaml 5.5 leaves a lone
  // dash plain, which is a list.
  if (/[\p{C},[\]{}#]|[^\S ]|^[-?:](?: |$)|^::/u.test(written)) return quote(written)
  return dump(written, { lineWidth: -1 }).replace(/\n$/u, '')
}

function quote(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|#(?=#\w*\[)/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
