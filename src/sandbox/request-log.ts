/** What was asked of the sandbox: no header, no body, no token. */

/** One request as the log keeps it. */
export interface RequestRecord {
  readonly method: string
  /** Below the context path, with query; values that may be secret are blanked. */
  readonly path: string
  /** 0: a scripted fault cut the connection. */
  readonly status: number
  readonly user: string | undefined
  readonly at: number
  /** How long the server worked on it, a scripted delay included. */
  readonly milliseconds: number
}

const logLength = 100_000
const secretParameters = new Set([
  'client_secret',
  'refresh_token',
  'access_token',
  'code',
  'code_verifier',
  'password',
  'state',
])

/** The newest requests, oldest first, and how many there were of each method. */
export class RequestLog {
  readonly records: RequestRecord[] = []
  readonly counts: Record<string, number> = {}

  add(
    method: string,
    path: string,
    query: URLSearchParams,
    outcome: Pick<RequestRecord, 'status' | 'user' | 'at' | 'milliseconds'>,
  ): void {
    const text =
      query.size === 0
        ? ''
        : [...query].map(([name, value]) => `${name}=${secretParameters.has(name) ? '…' : value}`).join('&')
    this.counts[method] = (this.counts[method] ?? 0) + 1
    // In lumps, for dropping the first of so many moves all the others.
    if (this.records.length >= logLength) this.records.splice(0, logLength / 10)
    this.records.push({ method, path: text === '' ? path : `${path}?${text}`, ...outcome })
  }

  clear(): void {
    this.records.length = 0
    for (const method of Object.keys(this.counts)) delete this.counts[method]
  }
}
