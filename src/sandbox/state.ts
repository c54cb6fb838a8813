/**
 * What the sandbox knows: plain data, so that it can be kept in a file, read by a test and set by hand.
 *
 * Shapes follow Atlassian's REST documents; what they leave open is said where it is decided.
 */
import { randomBytes } from 'node:crypto'
import { type CodeState, makeCodeState } from './code-state.js'
import { type InstanceState, makeInstanceState } from './instance-state.js'
import { type Table, tableOf } from './table.js'

/** A level of the whole server, weakest first. */
export const globalLevels = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN'] as const
export type GlobalLevel = (typeof globalLevels)[number]

export interface User {
  name: string
  slug: string
  id: number
  displayName: string
  emailAddress: string
  active: boolean
  /** `false`: lives in a read-only directory. */
  mutable: boolean
  /** Milliseconds since 1970. */
  createdTimestamp?: number
  /** Milliseconds since 1970; absent for somebody who never signed in. */
  lastAuthenticationTimestamp?: number
  password?: string
}

export interface Group {
  name: string
  /** `false`: lives in a read-only directory. */
  deletable: boolean
  /** Names of users, lower-case. */
  members: string[]
}

export interface MailServer {
  hostname: string
  port?: number
  protocol?: string
  useStartTls?: boolean
  requireStartTls?: boolean
  username?: string
  password?: string
  senderAddress?: string
  authType?: string
  oauth2ProviderId?: string
  tokenId?: string
}

export interface UserLimit {
  whitelisted: boolean
  settings?: { capacity: number; fillRate: number }
}

/** An incoming application link. */
export interface ApplicationLink {
  name?: string
  clientId: string
  clientSecret: string
  redirectUri: string
  /** The scopes ticked on the link. */
  scopes: string[]
}

/** A pair of tokens, one grant. */
export interface TokenPair {
  family: string
  clientId: string
  redirectUri: string
  user: string
  scopes: string[]
  accessToken: string
  accessExpiresAt: number
  refreshToken: string
  refreshExpiresAt: number
  /** How often the refresh token was presented. */
  presented?: number
  /** Refresh token of the pair that it was rotated to. */
  next?: string
  /** When the pair was rotated away; absent while it is the live one. */
  rotatedAt?: number
  /** Where a rotation leaves the access token alive. */
  outlivesRotation?: true
  revoked?: boolean
}

export interface AuthorizationCode {
  code: string
  clientId: string
  redirectUri: string
  user: string
  scopes: string[]
  challenge?: string
  challengeMethod?: string
  expiresAt: number
}

const statuses = ['RUNNING', 'STARTING', 'FIRST_RUN', 'MAINTENANCE', 'STOPPING', 'ERROR'] as const
export type ServerStatus = (typeof statuses)[number]

/** Whether a text is a state that `GET /status` can name. */
export function isServerStatus(text: unknown): text is ServerStatus {
  return statuses.some((known) => known === text)
}

/** Everything. */
export interface SandboxState {
  instance: InstanceState
  code: CodeState
  status: ServerStatus
  accessTokenMaxExpiryDays: number | null
  banner: { message: string; enabled: boolean; audience: string } | null
  /** Full ref, `refs/heads/main`. */
  defaultBranch: string | null
  mailServer: MailServer | null
  rateLimit: { enabled: boolean; defaultSettings: { capacity: number; fillRate: number } }
  /** By user name, lower-case. */
  rateLimitUsers: Table<UserLimit>
  sshPolicy: {
    maxExpiryDays: number | null
    keyTypeRestrictions: { algorithm: string; allowed: boolean; minKeyLength?: number }[]
  }
  policies: { archive: string; delete: string }
  /** By name, lower-case. */
  users: Table<User>
  groups: Table<Group>
  userPermissions: Table<GlobalLevel>
  groupPermissions: Table<GlobalLevel>
  links: ApplicationLink[]
  codes: AuthorizationCode[]
  tokens: TokenPair[]
  /** HTTP access tokens: value → user name. */
  httpAccessTokens: Table<string>
  /** How many wrong passwords came in a row, by the name that was sent, lower-case. */
  failedSignIns: Table<number>
}

/** Random text that is safe in a URL. */
export function randomText(bytes = 18): string {
  return randomBytes(bytes).toString('base64url')
}

const people = [
  ['admin', 'Ada Admin'],
  ['alice', 'Alice Archer'],
  ['bob', 'Bob Baker'],
  ['carol', 'Carol Cooper'],
  ['dave', 'Dave Draper'],
  ['J.Doe', 'Jo Doe'],
  ['lena', 'Lena Ldap'],
  ['eve', 'Eve Ellis'],
  ['trainee', 'Terry Trainee'],
] as const

/** The same at every start. */
const createdTimestamp = Date.UTC(2026, 0, 1)

/** A user as the internal directory has one. */
export function makeUser(name: string, displayName: string, id: number): User {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9._-]/gu, '_')
  const emailAddress = `${slug}@example.com`
  return { name, slug, id, displayName, emailAddress, active: true, mutable: true, createdTimestamp }
}

/** The state of a server that somebody has used for a while without looking after it. */
export function makeState(redirectUri: string): SandboxState {
  const users = tableOf<User>()
  for (const [index, [name, displayName]] of people.entries()) {
    const lastAuthenticationTimestamp = createdTimestamp + index * 86_400_000
    users[name.toLowerCase()] = { ...makeUser(name, displayName, index + 1), lastAuthenticationTimestamp }
  }
  const lena = users['lena']
  if (lena !== undefined) lena.mutable = false
  const { eve } = users as { eve?: User }
  if (eve !== undefined) eve.active = false
  // The trainee has no licence: in no group, and without a permission.
  const licensed = Object.keys(users).filter((name) => name !== 'trainee')
  const group = (name: string, members: string[], deletable = true): Group => ({ name, deletable, members })
  return {
    instance: makeInstanceState(),
    code: makeCodeState(),
    status: 'RUNNING',
    accessTokenMaxExpiryDays: null,
    banner: null,
    defaultBranch: null,
    mailServer: null,
    rateLimit: { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } },
    rateLimitUsers: tableOf(),
    sshPolicy: {
      maxExpiryDays: null,
      keyTypeRestrictions: [
        { algorithm: 'DSA', allowed: true, minKeyLength: 1024 },
        { algorithm: 'ECDSA', allowed: true },
        { algorithm: 'ED25519', allowed: true },
        { algorithm: 'RSA', allowed: true, minKeyLength: 2048 },
      ],
    },
    policies: { archive: 'REPO_ADMIN', delete: 'REPO_ADMIN' },
    users,
    groups: tableOf([
      ['stash-users', group('stash-users', licensed)],
      ['contractors', group('contractors', ['carol', 'dave'])],
      ['developers', group('developers', ['alice', 'bob', 'carol', 'dave', 'j.doe'])],
      ['ldap-staff', group('ldap-staff', ['lena'], false)],
    ]),
    userPermissions: tableOf([['admin', 'SYS_ADMIN']]),
    groupPermissions: tableOf<GlobalLevel>([
      ['stash-users', 'LICENSED_USER'],
      ['contractors', 'LICENSED_USER'],
      ['developers', 'PROJECT_CREATE'],
    ]),
    links: [
      { name: 'bbstate', clientId: randomText(), clientSecret: randomText(24), redirectUri, scopes: ['SYSTEM_ADMIN'] },
    ],
    codes: [],
    tokens: [],
    httpAccessTokens: tableOf([[`BBDC-${randomText(30)}`, 'admin']]),
    failedSignIns: tableOf(),
  }
}

/** State that came through JSON, with its tables made safe again. */
export function reviveState(parsed: SandboxState): SandboxState {
  const revive = <T>(table: Table<T>): Table<T> => tableOf(Object.entries(table))
  return {
    ...parsed,
    // What an older sandbox did not keep begins as on a new server.
    instance: { ...makeInstanceState(), ...parsed.instance },
    code: { ...makeCodeState(), ...parsed.code, visits: revive(parsed.code?.visits ?? {}) },
    rateLimitUsers: revive(parsed.rateLimitUsers),
    users: revive(parsed.users),
    groups: revive(parsed.groups),
    userPermissions: revive(parsed.userPermissions),
    groupPermissions: revive(parsed.groupPermissions),
    httpAccessTokens: revive(parsed.httpAccessTokens),
    failedSignIns: revive(parsed.failedSignIns ?? {}),
  }
}

/** One new password for every account: the sandbox has no people, only names. Nobody has failed with it yet. */
export function setPasswords(state: SandboxState, password: string): void {
  state.failedSignIns = tableOf()
  for (const user of Object.values(state.users)) user.password = password
}

/** The strongest level that a user has, directly or through groups. */
export function levelOf(state: SandboxState, user: string): GlobalLevel | undefined {
  const direct = state.userPermissions[user]
  if (direct === 'SYS_ADMIN') return direct
  const through = Object.entries(state.groupPermissions)
    .filter(([group]) => state.groups[group]?.members.includes(user) === true)
    .map(([, level]) => level)
  const ranks = [direct, ...through].map((level) => (level === undefined ? -1 : globalLevels.indexOf(level)))
  return globalLevels[Math.max(-1, ...ranks)]
}
