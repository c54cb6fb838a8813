/** What is asked of a server that is recorded: lists page by page, and single settings that may be missing. */

import { type Fields, fieldsOf } from './routes/settings.js'

/** Asks one path behind the base URL. */
export type AskServer = (path: string) => Promise<{ readonly status: number; readonly body: unknown }>

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The entries of what should be a list. */
export function listOf<T = Fields>(value: unknown, read: (one: unknown) => T = fieldsOf as (one: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(read) : []
}

export class ServerLists {
  readonly #ask: AskServer

  constructor(ask: AskServer) {
    this.#ask = ask
  }

  /**
   * The body of an answer 200, else nothing: older versions have not every setting.
   * @throws Error where the server failed, since what it has is then not known.
   */
  async one(path: string): Promise<unknown> {
    const { status, body } = await this.#ask(path)
    if (status >= 500) throw new Error(`${path} answered ${status}`)
    return status === 200 ? body : undefined
  }

  /** Every page of a list. @throws Error where the server has none. */
  async list(path: string): Promise<readonly Fields[]> {
    const values: Fields[] = []
    for (let start: number | null = 0; start !== null;) {
      const { status, body } = await this.#ask(`${path}${path.includes('?') ? '&' : '?'}limit=1000&start=${start}`)
      const page = fieldsOf(body)
      if (status === 404 && start === 0) throw new NoList(path)
      if (status !== 200 || !Array.isArray(page['values'])) throw new Error(`${path} answered ${status}, not a list`)
      values.push(...page['values'].map(fieldsOf))
      const next = page['nextPageStart']
      start = page['isLastPage'] === false && typeof next === 'number' && next > start ? next : null
    }
    return values
  }

  /** As `list`; a server without the resource has nothing in it. */
  async listIfAny(path: string): Promise<readonly Fields[]> {
    try {
      return await this.list(path)
    } catch (error) {
      if (error instanceof NoList) return []
      throw error
    }
  }
}

class NoList extends Error {
  constructor(path: string) {
    super(`${path} answered 404, not a list`)
  }
}
