/** What whoever started a sandbox holds in hand: its state, its clock, its tokens, its faults, and what it was asked. */
import type { Controlled } from './control.js'
import { type Armed, createFaults, type Fault } from './faults.js'
import { type IssuedTokens, type OAuthOptions, openGrant } from './oauth.js'
import { oauthOptionsOf, type SandboxOptions } from './options.js'
import { prepareState } from './prepare.js'
import { RequestLog, type RequestRecord } from './request-log.js'
import type { ApplicationLink, SandboxState } from './state.js'

export class Controls implements Controlled {
  readonly state: SandboxState
  protected readonly oauth: OAuthOptions
  protected readonly script = createFaults()
  protected readonly log = new RequestLog()
  readonly #clock: () => number
  #offset = 0

  constructor(options: SandboxOptions) {
    this.state = prepareState(options)
    this.oauth = oauthOptionsOf(options)
    this.#clock = options.clock ?? Date.now
    for (const fault of options.faults ?? []) this.script.add(fault)
  }

  /** Milliseconds since 1970. */
  protected now(): number {
    return this.#clock() + this.#offset
  }

  advance(milliseconds: number): void {
    this.#offset += milliseconds
  }

  get requests(): readonly RequestRecord[] {
    return this.log.records
  }

  get requestCounts(): Readonly<Record<string, number>> {
    return this.log.counts
  }

  forgetRequests(): void {
    this.log.clear()
  }

  get faults(): readonly Armed[] {
    return this.script.armed
  }

  addFault(fault: Fault): void {
    this.script.add(fault)
  }

  clearFaults(): void {
    this.script.clear()
  }

  /** The link that was there at the start. */
  protected get link(): ApplicationLink {
    const [link] = this.state.links
    if (link === undefined) throw new Error('The sandbox has lost its application link')
    return link
  }

  get clientId(): string {
    return this.link.clientId
  }

  get clientSecret(): string {
    return this.link.clientSecret
  }

  get redirectUri(): string {
    return this.link.redirectUri
  }

  get httpAccessToken(): string {
    return Object.keys(this.state.httpAccessTokens)[0] ?? ''
  }

  issueTokens({
    user = 'admin',
    scopes = ['SYSTEM_ADMIN'],
  }: Parameters<Controlled['issueTokens']>[0] = {}): IssuedTokens {
    const { clientId, redirectUri } = this.link
    const consent = { clientId, redirectUri, user: user.toLowerCase(), scopes: [...scopes] }
    return openGrant(this.state, this.oauth, this.now(), consent)
  }

  expireAccessTokens(): void {
    for (const pair of this.state.tokens) pair.accessExpiresAt = Math.min(pair.accessExpiresAt, this.now())
  }

  killAccessTokens(): void {
    for (const pair of this.state.tokens) pair.accessToken = ''
  }

  killRefreshTokens(): void {
    for (const pair of this.state.tokens) pair.refreshToken = ''
  }
}
