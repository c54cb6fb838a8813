/**
 * Settings of the instance beside the first ones of `state.ts`: plain data, initial values as a server has that somebody
 * has used for a while.
 */

/** An identity provider, in the spelling of the wire. */
export type IdentityProvider = Record<string, unknown> & { id: number; name: string }

export interface MergeConfig {
  defaultStrategy: string
  strategies: string[]
  commitSummaries: number
  commitMessageTemplate?: { title?: string; body?: string }
}

export interface HookScript {
  id: number
  name: string
  type: 'PRE' | 'POST'
  description: string
  content: string
  version: number
}

export interface SshKey {
  id: number
  user: string
  text: string
  label?: string
  expiryDays?: number
}

export interface GpgKey {
  id: string
  user: string
  fingerprint: string
  text: string
}

export interface PersonalToken {
  id: string
  user: string
  name: string
  permissions: string[]
}

export interface ScanningRule {
  id: number
  name: string
  lineRegex?: string
  pathRegex?: string
}

export interface Repository {
  id: number
  /** Key of its project. */
  project: string
  slug: string
  name: string
  description?: string
  public?: true
  archived?: true
  isNotForkable?: true
  /** Without `refs/heads/`; absent: `main`. */
  defaultBranch?: string
  /** Id of the repository that it was forked from. */
  origin?: number
  /** Nothing was ever pushed. */
  isEmpty?: true
}

export interface MeshNode {
  id: string
  rpcId: string
  rpcUrl: string
  name: string
  state: string
  availabilityZone?: string
  /** Nothing else has some of its data. */
  isLastCopy?: boolean
}

export interface Mirror {
  id: string
  name: string
  baseUrl: string
  mirrorType: string
  productVersion: string
}

export interface MirrorRequest {
  id: number
  mirrorId: string
  mirrorName: string
  mirrorBaseUrl: string
  mirrorType: string
  productVersion: string
  state: 'PENDING' | 'ACCEPTED' | 'REJECTED'
}

/** What a licence says. */
export interface License {
  serverId: string
  supportEntitlementNumber: string
  maximumNumberOfUsers: number
  /** Milliseconds since 1970. */
  expiryDate: number
}

/** A licence with the text that it came in, without white space; absent where nobody set it. */
export interface InstalledLicense extends License {
  text?: string
}

export interface InstanceState {
  nextId: number
  basicAuth: { blockRequests: boolean; allowedUsers: string[]; allowedPaths: string[]; showWarningMessage: boolean }
  sso: {
    showLoginForm: boolean
    enableAuthenticationFallback: boolean
    discoveryRefreshCron: string
    /** Absent until somebody changes it. */
    lastUpdated?: string
  }
  identityProviders: IdentityProvider[]
  serverId: string
  license: InstalledLicense | null
  /** `null`: the factory default. */
  mergeConfig: MergeConfig | null
  loggers: { name: string; level: string }[]
  rootLogger: string
  logging: { debugLoggingEnabled: boolean; profilingEnabled: boolean }
  hookScripts: HookScript[]
  systemSigning: boolean
  x509Certificates: { id: number; fingerprint: string }[]
  sshKeys: SshKey[]
  gpgKeys: GpgKey[]
  personalTokens: PersonalToken[]
  scanningRules: ScanningRule[]
  repositories: Repository[]
  /** Ids of repositories. */
  exemptRepositories: number[]
  meshNodes: MeshNode[]
  mirrors: Mirror[]
  mirrorRequests: MirrorRequest[]
  /** Settings of an app that does not exist and stands for any. */
  app: Record<string, unknown> | null
  /** Rules of the same app. */
  appRules: Record<string, unknown>
}

const repositories = [
  ['PLAT', 'api', 'API'],
  ['PLAT', 'web', 'Web'],
  ['PLAT', 'legacy-billing', 'Legacy billing'],
  ['DATA', 'warehouse', 'Warehouse'],
] as const

/** As a server has it at first. */
export function makeInstanceState(): InstanceState {
  const serverId = 'B4XH-S0ND-B0X1-2345'
  return {
    nextId: 100,
    // New servers of 10.x start blocked; here everybody may, since the sandbox is tried with a password first.
    basicAuth: { blockRequests: false, allowedUsers: [], allowedPaths: [], showWarningMessage: false },
    sso: { showLoginForm: true, enableAuthenticationFallback: false, discoveryRefreshCron: '0 0 2 * * ?' },
    identityProviders: [],
    serverId,
    license: {
      serverId,
      supportEntitlementNumber: 'SEN-1000000',
      maximumNumberOfUsers: 2000,
      expiryDate: Date.UTC(2030, 0, 1),
    },
    mergeConfig: null,
    loggers: [],
    rootLogger: 'WARN',
    logging: { debugLoggingEnabled: false, profilingEnabled: false },
    hookScripts: [],
    systemSigning: false,
    x509Certificates: [],
    sshKeys: [],
    gpgKeys: [],
    personalTokens: [],
    scanningRules: [],
    repositories: repositories.map(([project, slug, name], index) => ({ id: index + 1, project, slug, name })),
    exemptRepositories: [],
    meshNodes: [],
    mirrors: [],
    mirrorRequests: [],
    app: null,
    appRules: {},
  }
}
