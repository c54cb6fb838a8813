/** The target of a request: path and query, without what only a whole URL needs. */

export interface Target {
  /** As it came, with escapes. */
  readonly path: string
  readonly query: URLSearchParams
  /** As it came, with `?`; empty for none. */
  readonly search: string
}

const noQuery = new URLSearchParams()

/**
 * Splits a target. Most are plain and are only cut; dots that climb and whole URLs go through the URL parser.
 *
 * @returns `undefined` for what is no target
 */
export function parseTarget(text: string): Target | undefined {
  if (!text.startsWith('/') || /\/\.|%2e|[\\#]|[^\x21-\x7e]/iu.test(text)) return parseSlowly(text)
  const mark = text.indexOf('?')
  if (mark === -1) return { path: text, query: noQuery, search: '' }
  const search = text.slice(mark)
  return { path: text.slice(0, mark), query: new URLSearchParams(search), search }
}

function parseSlowly(text: string): Target | undefined {
  // Two slashes at the front would name a host.
  const whole = text.startsWith('//') ? `http://sandbox/${text}` : text
  if (!URL.canParse(whole, 'http://sandbox')) return undefined
  const { pathname, searchParams, search } = new URL(whole, 'http://sandbox')
  return { path: pathname, query: searchParams, search }
}
