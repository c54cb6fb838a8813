/** How many columns a text takes in a terminal: ideographs and most emoji take two, marks on a letter none. */
import { eastAsianWidth } from 'get-east-asian-width'

/** Columns of an escaped text. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/u.test(text)) return text.length
  let width = 0
  for (const character of text) {
    if (!/\p{M}/u.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0)
  }
  return width
}

/** The text with spaces behind it, up to so many columns. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** As much of a line with colours as fits into so many columns. */
export function cutLine(line: string, columns: number): string {
  let [width, cut] = [0, '']
  for (const [part] of line.matchAll(/\u001b\[\d*m|./gsu)) {
    width += part.startsWith('\u001b') ? 0 : widthOf(part)
    if (width > columns) return `${cut}${line.includes('\u001b') ? '\u001b[0m' : ''}`
    cut += part
  }
  return cut
}
