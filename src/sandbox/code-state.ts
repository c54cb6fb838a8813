/**
 * Projects, what hangs on them and on their repositories: plain records, each with the scope that owns it, so that two
 * thousand repositories cost what they say and no more. A scope is `P` or `R` and the id: keys and slugs may change.
 */

/** `P7`, `R12`. */
export type Scope = string

export interface Project {
  id: number
  /** Upper-case; of somebody's own `~` and their slug. */
  key: string
  name: string
  description?: string
  public?: true
  /** Of a personal project: the user's name, lower-case. */
  owner?: string
  /** What everybody has who is licensed. */
  everybody?: string
  /** Repositories must take its auto-merge setting. */
  restrictsAutoMerge?: true
}

/** A permission that a user or a group (names lower-case) was given in a project or a repository. */
export interface Grant {
  holder: 'users' | 'groups'
  name: string
  permission: string
}

export interface HookSetting {
  scope: Scope
  key: string
  /** Absent: only settings were stored. */
  enabled?: boolean
  settings?: unknown
}

/** A test of a webhook: nothing else calls one. */
export interface WebhookCall {
  id: number
  url: string
  /** Milliseconds since 1970. */
  at: number
}

export interface Webhook {
  id: number
  scope: Scope
  name: string
  url: string
  events: string[]
  active: boolean
  sslVerificationRequired: boolean
  configuration: Record<string, unknown>
  credentials?: { username?: string; password?: string }
  createdDate: number
  updatedDate: number
  calls?: WebhookCall[]
}

export interface Matcher {
  id: string
  type: string
}

export interface BranchRestriction {
  id: number
  scope: Scope
  type: string
  matcher: Matcher
  /** Names, lower-case. */
  users: string[]
  groups: string[]
  accessKeys: number[]
}

export interface ReviewerCondition {
  id: number
  scope: Scope
  source: Matcher
  target: Matcher
  /** Names, lower-case. */
  reviewers: string[]
  requiredApprovals: number
}

export interface RequiredBuild {
  id: number
  scope: Scope
  buildParentKeys: string[]
  refMatcher: Matcher
  exemptRefMatcher?: Matcher
  requiredForPullRequest?: boolean
  requiredForMergeQueue?: boolean
}

export interface DefaultTask {
  id: number
  scope: Scope
  description: string
  source: Matcher
  target: Matcher
}

export interface HookScriptBinding {
  scope: Scope
  scriptId: number
  triggerIds: string[]
}

export interface AccessKey {
  /** The same wherever the same key is used. */
  id: number
  scope: Scope
  text: string
  label?: string
  permission: string
  expiryDays?: number
}

export interface Report {
  scope: Scope
  commit: string
  key: string
  /** Who made it, lower-case; nobody else may replace it. */
  author: string
  createdDate: number
  fields: Record<string, unknown>
  annotations: Record<string, unknown>[]
}

export interface Build {
  /** Absent where it came by the old endpoint, which knows commits alone. */
  scope?: Scope
  commit: string
  key: string
  createdDate: number
  updatedDate: number
  fields: Record<string, unknown>
}

export interface Branch {
  scope: Scope
  /** Without `refs/heads/`. */
  name: string
  commit: string
}

export interface Participant {
  user: string
  role: 'AUTHOR' | 'REVIEWER' | 'PARTICIPANT'
  status: 'UNAPPROVED' | 'NEEDS_WORK' | 'APPROVED'
}

export interface PullRequest {
  /** Counts within its repository. */
  id: number
  /** The repository that it leads to. */
  scope: Scope
  version: number
  title: string
  description?: string
  draft: boolean
  state: 'OPEN' | 'MERGED' | 'DECLINED'
  createdDate: number
  updatedDate: number
  closedDate?: number
  /** Full refs. */
  from: string
  fromRepository: number
  to: string
  participants: Participant[]
}

export interface Comment {
  id: number
  scope: Scope
  pullRequest: number
  parent?: number
  version: number
  text: string
  author: string
  createdDate: number
  updatedDate: number
  severity: 'NORMAL' | 'BLOCKER'
  state: 'OPEN' | 'RESOLVED' | 'PENDING'
  anchor?: Record<string, unknown>
}

/** What happened to a pull request. */
export interface Activity {
  id: number
  scope: Scope
  pullRequest: number
  action: string
  user: string
  createdDate: number
  comment?: number
}

/** An HTTP access token of a project or a repository. */
export interface CodeToken {
  id: string
  scope: Scope
  name: string
  permissions: string[]
  secret: string
}

export interface ReviewerGroup {
  id: number
  scope: Scope
  name: string
  description?: string
  users: string[]
}

export interface CodeState {
  projects: Project[]
  /** By scope. */
  grants: Record<Scope, Grant[]>
  hooks: HookSetting[]
  webhooks: Webhook[]
  restrictions: BranchRestriction[]
  /** By scope and name, `R7 pull-requests`, `P1 auto-merge`: what was set there and not inherited. */
  settings: Record<string, Record<string, unknown>>
  reviewerConditions: ReviewerCondition[]
  reviewerGroups: ReviewerGroup[]
  requiredBuilds: RequiredBuild[]
  defaultTasks: DefaultTask[]
  hookScriptBindings: HookScriptBinding[]
  accessKeys: AccessKey[]
  labels: { scope: Scope; name: string }[]
  reports: Report[]
  builds: Build[]
  /** Those made here; every repository that is not empty has its default branch, too. */
  branches: Branch[]
  pullRequests: PullRequest[]
  comments: Comment[]
  activities: Activity[]
  tokens: CodeToken[]
  /** By user name, lower-case: ids of the repositories that they looked at, the latest first. */
  visits: Record<string, number[]>
}

/** As it is at first: everybody licensed may write, as in a small company. */
export function makeCodeState(): CodeState {
  return {
    projects: [
      { id: 1, key: 'PLAT', name: 'PLAT', everybody: 'PROJECT_WRITE' },
      { id: 2, key: 'DATA', name: 'DATA', everybody: 'PROJECT_WRITE' },
    ],
    grants: {},
    hooks: [],
    webhooks: [],
    restrictions: [],
    settings: {},
    reviewerConditions: [],
    reviewerGroups: [],
    requiredBuilds: [],
    defaultTasks: [],
    hookScriptBindings: [],
    accessKeys: [],
    labels: [],
    reports: [],
    builds: [],
    branches: [],
    pullRequests: [],
    comments: [],
    activities: [],
    tokens: [],
    visits: Object.create(null),
  }
}

/** Forgets what hangs on a project or a repository that is deleted. */
export function dropScope(code: CodeState, scope: Scope): void {
  const isOther = (one: { scope?: Scope }): boolean => one.scope !== scope
  delete code.grants[scope]
  for (const name of Object.keys(code.settings)) if (name.startsWith(`${scope} `)) delete code.settings[name]
  code.hooks = code.hooks.filter(isOther)
  code.webhooks = code.webhooks.filter(isOther)
  code.restrictions = code.restrictions.filter(isOther)
  code.reviewerConditions = code.reviewerConditions.filter(isOther)
  code.reviewerGroups = code.reviewerGroups.filter(isOther)
  code.requiredBuilds = code.requiredBuilds.filter(isOther)
  code.defaultTasks = code.defaultTasks.filter(isOther)
  code.hookScriptBindings = code.hookScriptBindings.filter(isOther)
  code.accessKeys = code.accessKeys.filter(isOther)
  code.labels = code.labels.filter(isOther)
  code.reports = code.reports.filter(isOther)
  code.builds = code.builds.filter(isOther)
  code.branches = code.branches.filter(isOther)
  code.pullRequests = code.pullRequests.filter(isOther)
  code.comments = code.comments.filter(isOther)
  code.activities = code.activities.filter(isOther)
  code.tokens = code.tokens.filter(isOther)
  for (const [user, seen] of Object.entries(code.visits)) code.visits[user] = seen.filter((id) => `R${id}` !== scope)
}
