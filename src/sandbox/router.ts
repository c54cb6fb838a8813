/** Routes: method and path pattern → handler, with who asks and what they may. */
import type { Reply } from './answers.js'
import type { Caller } from './caller.js'
import type { GlobalLevel, SandboxState } from './state.js'

/** Server features that options decide. */
export interface Features {
  readonly version: string
  readonly pageLimit: number
  readonly mailSpelling: 'camel' | 'kebab'
  readonly sshMount: 'ssh' | 'keys' | 'root'
  /** Before 9.4 optional integers leak as `{asInt, present}`. */
  readonly leaksOptionals: boolean
  /** Signed SAML requests, since 9.6. */
  readonly samlSigning: boolean
  /** OAuth 2.0 towards the mail server, since 10.0. */
  readonly mailOAuth: boolean
  /** What `GET /access-tokens/latest/admin` answers while there is no limit; never documented. */
  readonly accessTokenPolicyUnset: 'missing' | 'null' | 'no-content' | 'empty' | 'not-present'
}

/** A request as a handler sees it. */
export interface Context {
  readonly state: SandboxState
  readonly features: Features
  readonly caller: Caller
  readonly query: URLSearchParams
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>
  /** The parsed JSON body, `undefined` for an empty one. */
  readonly body: unknown
  /** The fields of a form, empty for any other body. */
  readonly form: Readonly<Record<string, string>>
}

export type Handler = (context: Context) => Reply

/** One endpoint. Paths begin behind `/rest`; `{version}` is `latest` or `1.0`. */
export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** The weakest level that may use it; `anyone` admits anonymous callers. */
  readonly needs: GlobalLevel | 'anyone'
  readonly handle: Handler
  /** First version that has it. */
  readonly since?: string
  /** First version that has it no more. */
  readonly until?: string
  /** It takes a form with files, and nothing else. */
  readonly takesForm?: true
}

interface Compiled extends Route {
  readonly pattern: RegExp
}

/** What a path leads to. */
export type Match =
  | { readonly found: 'route'; readonly route: Route; readonly path: Readonly<Record<string, string>> }
  | { readonly found: 'method' }
  | { readonly found: 'malformed' }
  | { readonly found: 'nothing' }

/** Finds routes. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const compiled = routes.map((route): Compiled => ({ ...route, pattern: compile(route.path) }))
  return (method, path) => {
    const here = compiled.filter(({ pattern }) => pattern.test(path))
    if (here.length === 0) return { found: 'nothing' }
    const route = here.find((candidate) => candidate.method === method)
    if (route === undefined) return { found: 'method' }
    const groups = route.pattern.exec(path)?.groups ?? {}
    try {
      const decoded = Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)] as const)
      return { found: 'route', route, path: Object.fromEntries(decoded) }
    } catch {
      // A percent sign that escapes nothing.
      return { found: 'malformed' }
    }
  }
}

function compile(path: string): RegExp {
  const source = path
    .replaceAll('.', '\\.')
    .replaceAll('{version}', '(?:latest|1\\.0)')
    .replaceAll(/\{(\w+)\}/gu, '(?<$1>[^/]+)')
  return new RegExp(`^${source}$`, 'u')
}
