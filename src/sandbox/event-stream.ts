/** Tells open pages that there is something new, by server-sent events. What it is they ask for themselves. */
import type { ServerResponse } from 'node:http'

const mostListeners = 50
/** Milliseconds between two events: a busy client must not make the pages busy, too. */
const pause = 250

/** The open pages of a server. */
export class EventStream {
  readonly #listeners = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined

  /** Keeps an answer open until either side closes it. */
  open(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 2000\n\n')
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
    const [oldest] = this.#listeners
    if (this.#listeners.size > mostListeners) oldest?.end()
  }

  /** Costs nothing where nobody looks. */
  announce(): void {
    if (this.#listeners.size === 0) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      for (const listener of this.#listeners) listener.write('data: news\n\n')
    }, pause)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const listener of this.#listeners) listener.end()
  }
}
