/**
 * Bitbucket's paging: `{values, isLastPage, nextPageStart}`; pages of `/authconfig` call the values `results` (I-21), and
 * a few lists are bare arrays (catalogue 1.2).
 *
 * A filtered page may be short or empty and still not be the last one, and the server clamps `limit` silently, so only
 * `nextPageStart` says where to go on. It must rise, else a list would never end.
 */
import { isObject } from '../model/schema.js'
import { isAbsent, unexpected } from './answer.js'

/** What bbstate asks for; servers clamp it to `page.max.*`. */
const pageLimit = 1000

/** Every value of a list, page after page; `null` where the first page says that the listed thing is absent. */
export async function readPages(
  path: string,
  getPage: (path: string) => Promise<unknown>,
): Promise<readonly unknown[] | null> {
  const collected: unknown[] = []
  for (let start = 0; ;) {
    const where = pagePath(path, start)
    const page = await getPage(where)
    if (page === null) return null
    const { values, next } = readPage(where, page, start)
    for (const value of values) collected.push(value)
    if (next === undefined) return collected
    start = next
  }
}

function pagePath(path: string, start: number): string {
  const separator = path.includes('?') ? '&' : '?'
  return `${path}${separator}limit=${pageLimit}${start === 0 ? '' : `&start=${start}`}`
}

function readPage(path: string, page: unknown, start: number): { values: readonly unknown[]; next?: number } {
  if (Array.isArray(page)) return { values: page }
  if (!isObject(page)) throw unexpected(path, '', 'a page', page)
  const values: unknown = page['values'] ?? page['results']
  if (!Array.isArray(values)) throw unexpected(path, 'values', 'a list', values)
  const { nextPageStart: next, isLastPage } = page
  if (isLastPage === true || (isLastPage === undefined && isAbsent(next))) return { values }
  if (typeof next !== 'number' || !Number.isInteger(next) || next <= start) {
    throw unexpected(path, 'nextPageStart', `a whole number above ${start}, since this is not the last page`, next)
  }
  return { values, next }
}
