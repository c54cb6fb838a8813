/**
 * Markup that no value can break out of: what is put into a template is text, unless it is markup itself.
 */
import type { Sentence } from '../sentence.js'
import { escapeText } from '../words.js'

/** A piece of HTML, escaped where it has to be. */
export interface Markup {
  readonly markup: string
}

type Piece = string | number | Markup | readonly Markup[]

/**
 * `` html`<b>${name}</b>` ``: texts are escaped, markup stands as it is, each entry of a list ends its line. Line ends of the
 * template itself are for whoever reads the source: between tags they vanish.
 */
export function html(words: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const compact = compactWords(words)
  let markup = compact[0] ?? ''
  pieces.forEach((piece, index) => {
    markup += writePiece(piece) + (compact[index + 1] ?? '')
  })
  return { markup }
}

const compacted = new WeakMap<TemplateStringsArray, readonly string[]>()

function compactWords(words: TemplateStringsArray): readonly string[] {
  const known = compacted.get(words)
  if (known !== undefined) return known
  const compact = words.map((word) =>
    word.replaceAll(/\s*\n\s*/gu, (space, offset: number) => {
      const [before, after] = [word[offset - 1], word[offset + space.length]]
      return before === undefined || after === undefined || (before === '>' && after === '<') ? '' : ' '
    }),
  )
  compacted.set(words, compact)
  return compact
}

/** Nothing. */
export const nothing: Markup = { markup: '' }

/** A sentence, its names as code. */
export function mark(sentence: Sentence): Markup {
  return {
    markup: sentence
      .map((part) => (typeof part === 'string' ? escapeHtml(part) : `<code>${escapeHtml(part.name)}</code>`))
      .join(''),
  }
}

function writePiece(piece: Piece): string {
  if (typeof piece === 'number') return String(piece)
  if (typeof piece === 'string') return escapeHtml(piece)
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => (markup === '' ? '' : `${markup}\n`)).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return escapeText(text).replaceAll(/[&<>"']/gu, (character) => entities[character] ?? '')
}
