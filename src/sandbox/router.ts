/** Routes: method and path pattern → handler, with who asks and what they may. */
import type { Reply } from './answers.js'
import type { Caller, Needs } from './caller.js'
import type { SandboxState } from './state.js'

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
  /** Milliseconds since 1970. */
  readonly now: number
}

export type Handler = (context: Context) => Reply

/** One endpoint. Paths begin behind `/rest`; `{version}` is `latest` or `1.0`. */
export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly needs: Needs
  readonly handle: Handler
  /** First version that has it. */
  readonly since?: string
  /** First version that has it no more. */
  readonly until?: string
  /** It takes a form with files, and nothing else. */
  readonly takesForm?: true
  /** A media type that it takes beside JSON. */
  readonly alsoTakes?: string
}

/** What a path leads to. */
export type Match =
  | { readonly found: 'route'; readonly route: Route; readonly path: Readonly<Record<string, string>> }
  | { readonly found: 'method' }
  | { readonly found: 'malformed' }
  | { readonly found: 'nothing' }

/** A place in the tree of paths: what follows by name, what follows whatever it is called, and what answers here. */
interface Place {
  readonly named: Map<string, Place>
  any?: Place
  readonly routes: Route[]
}

/** Finds routes, segment by segment: the time does not grow with the number of them. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const root = openPlace()
  for (const route of routes) {
    for (const path of pathsOf(route.path)) plant(root, path.split('/').slice(1)).routes.push({ ...route, path })
  }
  const recent = new Map<string, Match>()
  const find = (method: string, path: string): Match => {
    const segments = path.split('/')
    const here = collect(root, segments, 1)
    if (here.length === 0) return { found: 'nothing' }
    const route = here.find((candidate) => candidate.method === method)
    if (route === undefined) return { found: 'method' }
    try {
      return { found: 'route', route, path: readParameters(route.path, segments) }
    } catch {
      // A percent sign that escapes nothing.
      return { found: 'malformed' }
    }
  }
  return (method, path) => {
    const key = `${method} ${path}`
    const known = recent.get(key) ?? find(method, path)
    if (recent.size >= mostRecent) recent.clear()
    if (known.found === 'route') recent.set(key, known)
    return known
  }
}

/** Clients ask the same few over and over. */
const mostRecent = 2000

function openPlace(): Place {
  return { named: new Map(), routes: [] }
}

/** Every version of the API that answers the same; branch permissions are called by 2.0, too (catalogue 1.1). */
function pathsOf(path: string): readonly string[] {
  const versions = ['latest', '1.0', ...(path.startsWith('/branch-permissions/') ? ['2.0'] : [])]
  return path.includes('{version}') ? versions.map((version) => path.replace('{version}', version)) : [path]
}

function plant(root: Place, segments: readonly string[]): Place {
  let place = root
  for (const segment of segments) {
    if (segment.startsWith('{')) place = place.any ??= openPlace()
    else {
      const next = place.named.get(segment) ?? openPlace()
      place.named.set(segment, next)
      place = next
    }
  }
  return place
}

/** What a name leads to stands before what any text leads to. */
function collect(place: Place, segments: readonly string[], index: number): readonly Route[] {
  const segment = segments[index]
  if (segment === undefined) return place.routes
  const named = place.named.get(segment)
  const first = named === undefined ? [] : collect(named, segments, index + 1)
  if (place.any === undefined || segment === '') return first
  const second = collect(place.any, segments, index + 1)
  return first.length === 0 ? second : [...first, ...second]
}

function readParameters(path: string, segments: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {}
  for (const [index, wanted] of path.split('/').entries()) {
    const segment = segments[index] ?? ''
    if (wanted.startsWith('{')) parameters[wanted.slice(1, -1)] = decodeURIComponent(segment)
  }
  return parameters
}
