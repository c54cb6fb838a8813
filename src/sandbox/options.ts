/** What a sandbox can be started with, and the defaults where the documents leave something open. */
import type { CallerRules } from './caller.js'
import type { Estate } from './estate.js'
import type { Fault } from './faults.js'
import type { OAuthOptions } from './oauth.js'
import { fillRules, type OAuthNumbers, oauthNumbers, type OAuthRules } from './oauth-rules.js'
import type { RecordedEstate } from './record.js'
import type { Features } from './router.js'

/** How the sandbox is started. What a document leaves open is an option with its default stated. */
export interface SandboxOptions {
  /** 0 picks a free port. Default 7990. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Such as `/bitbucket`. Default: none. */
  readonly contextPath?: string
  /** Keeps the state there; else it is gone with the process. */
  readonly dataDir?: string
  /** Answers the authorize page as the administrator, without a human. */
  readonly autoConsent?: boolean
  readonly latencyMilliseconds?: number
  /** Switches the server's own rate limiting on, with these default settings. */
  readonly rateLimit?: { readonly capacity: number; readonly fillRate: number }
  /** The server's cap of `limit`. Default 1000. */
  readonly pageLimit?: number
  readonly estate?: Estate
  /** What the documents of the OAuth 2.0 provider leave open; the names and defaults stand in `oauth-rules.ts`. */
  readonly oauth?: Partial<OAuthRules & OAuthNumbers>
  /** What was recorded of another server, in the place of the usual people, projects and settings. */
  readonly recorded?: RecordedEstate
  /** Default 3600. */
  readonly accessTokenSeconds?: number
  /** Default 7776000, 90 days. */
  readonly refreshTokenSeconds?: number
  /** Default 10. */
  readonly codeSeconds?: number
  /** What a replayed refresh token does; not documented. Default `invalid-grant`. */
  readonly replay?: OAuthOptions['replay']
  /** Default `strict-if-present`. */
  readonly redirectUriOnRefresh?: OAuthOptions['redirectUriOnRefresh']
  /** Of the application link that is there from the start. Default `http://localhost:34106/`. */
  readonly redirectUri?: string
  /** Scopes ticked on that link. Default `SYSTEM_ADMIN`. */
  readonly scopes?: readonly string[]
  readonly bitbucket?: '7.21' | '8.19' | '9.4' | '10.2'
  /** Serves an unknown bearer token as nobody, with lists cut to half, instead of refusing it. */
  readonly anonymousRead?: boolean
  /** Trouble from the start on. */
  readonly faults?: readonly Fault[]
  /** Default: kebab for 7.21, else camel. */
  readonly mailSpelling?: 'camel' | 'kebab'
  /** Where the SSH key policy answers; the documents print it without its module. Default `ssh`. */
  readonly sshPolicyMount?: 'ssh' | 'keys' | 'root'
  /** What `GET /rest/access-tokens/latest/admin` answers while there is no limit; never documented. Default `missing`. */
  readonly accessTokenPolicyUnset?: Features['accessTokenPolicyUnset']
  /** The control endpoint. Default: only while listening on a loopback address. */
  readonly control?: boolean
  /** Whether the pages show settings to whoever has not signed in. Default: only while listening on a loopback address. */
  readonly openPages?: boolean
  /** HTTPS with a certificate of this start; `caFile` says what clients must trust. */
  readonly tls?: boolean
  /** Names, beside the loopback ones and `host`, under which the sandbox may be called. */
  readonly allowedHosts?: readonly string[]
  readonly clock?: () => number
}

export const versions = { '7.21': '7.21.23', '8.19': '8.19.12', '9.4': '9.4.2', '10.2': '10.2.1' } as const

/** What the version and the options make of the REST API. */
export function featuresOf(options: SandboxOptions): Features {
  const { bitbucket = '9.4' } = options
  return {
    version: bitbucket,
    pageLimit: options.pageLimit ?? 1000,
    mailSpelling: options.mailSpelling ?? (bitbucket === '7.21' ? 'kebab' : 'camel'),
    sshMount: options.sshPolicyMount ?? 'ssh',
    leaksOptionals: !isAtLeast(bitbucket, '9.4'),
    samlSigning: isAtLeast(bitbucket, '9.6'),
    mailOAuth: isAtLeast(bitbucket, '10.0'),
    accessTokenPolicyUnset: options.accessTokenPolicyUnset ?? 'missing',
  }
}

/** What is decided about callers where documents leave it open. */
export function callerRulesOf({ oauth = {} }: SandboxOptions): CallerRules {
  const { deadToken, scopeFailure, webSudo } = fillRules(oauth)
  return { deadToken, scopeFailure: scopeFailure === '403' ? 403 : 401, webSudo }
}

/** What the OAuth 2.0 provider does where its documents leave it open. */
export function oauthOptionsOf(options: SandboxOptions): OAuthOptions {
  const { oauth = {}, accessTokenSeconds, refreshTokenSeconds, codeSeconds, replay, redirectUriOnRefresh } = options
  const numbers = { accessTokenSeconds, refreshTokenSeconds, codeSeconds }
  const given = Object.entries({ ...numbers, ...oauth }).filter(([, value]) => value !== undefined)
  const rules = fillRules({
    ...(replay && { replay }),
    ...(redirectUriOnRefresh && { redirectUriOnRefresh }),
    ...oauth,
  })
  return { ...oauthNumbers, ...Object.fromEntries(given), ...rules }
}

export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantMajor = 0, wantMinor = 0] = least.split('.').map(Number)
  return major !== wantMajor ? major > wantMajor : minor >= wantMinor
}

/** Whether an address leads to this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(?:::ffff:)?127\./u.test(address)
}
