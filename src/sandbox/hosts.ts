/** The names that the sandbox may be called by. One that leads elsewhere today and here tomorrow gets no answer. */

export class KnownHosts {
  readonly #names: ReadonlySet<string>
  /** The last header: it hardly ever changes. */
  #last: string | undefined

  constructor(host: string, allowed: readonly string[]) {
    this.#names = new Set(['127.0.0.1', 'localhost', '[::1]', bracket(host), ...allowed])
  }

  /** @param header of a request, with or without port */
  has(header: string): boolean {
    if (header === this.#last) return true
    const isKnown = this.#names.has(header.replace(/:\d+$/u, '').toLowerCase())
    if (isKnown) this.#last = header
    return isKnown
  }

  /** As a certificate names them. */
  get bare(): readonly string[] {
    return [...this.#names].map((name) => name.replace(/^\[(.*)\]$/u, '$1'))
  }
}

/** An address as a URL writes it. */
export function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
