/** The findings of `doctor` as a table; the state is a word, so that it needs no colour. */
import { escapeText } from './words.js'

/** One check. */
export interface CheckWords {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly message: string
  readonly advice?: string
}

/** One line a check, its advice below it. */
export function renderChecks(checks: readonly CheckWords[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .map(({ name, state, message, advice }) => {
      const line = `${state.padEnd(8)} ${name.padEnd(width)}  ${escapeText(message)}\n`
      return advice === undefined ? line : `${line}${' '.repeat(9)}${' '.repeat(width)}  → ${escapeText(advice)}\n`
    })
    .join('')
}
