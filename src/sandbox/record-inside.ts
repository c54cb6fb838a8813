/**
 * Reads what is set in one project or one repository, as far as it is set there and not inherited: a fixed number of
 * lists each. The result is what the sandbox keeps of it (`code-state.ts`), without numbers of the server.
 */
import type {
  AccessKey,
  BranchRestriction,
  DefaultTask,
  Grant,
  HookSetting,
  Matcher,
  RequiredBuild,
  ReviewerCondition,
  ReviewerGroup,
  Webhook,
} from './code-state.js'
import type { MergeConfig } from './instance-state.js'
import { matcherTypes, readMatcher } from './matchers.js'
import { draftMergeConfig } from './pages/setting-forms.js'
import { listOf, type ServerLists, textOf } from './record-lists.js'
import { type Fields, fieldsOf } from './routes/settings.js'
import { readBranchModel } from './routes/branch-model.js'
import { isBundledHook } from './routes/code-hooks.js'
import { readMergeConfig } from './routes/merge.js'
import type { Replacements } from './replacements.js'

type Kept<T> = Omit<T, 'id' | 'scope'>

/** What an estate holds of the inside of a project or a repository. */
export interface Inside {
  readonly grants: readonly Grant[]
  readonly webhooks: readonly Omit<Kept<Webhook>, 'createdDate' | 'updatedDate'>[]
  readonly accessKeys: readonly Kept<AccessKey>[]
  /** Access keys by their texts. */
  readonly restrictions: readonly (Omit<Kept<BranchRestriction>, 'accessKeys'> & { readonly keys: readonly string[] })[]
  readonly reviewerConditions: readonly Kept<ReviewerCondition>[]
  readonly reviewerGroups: readonly Kept<ReviewerGroup>[]
  readonly hooks: readonly Omit<HookSetting, 'scope'>[]
  readonly defaultTasks: readonly Kept<DefaultTask>[]
  /** By name: `auto-decline`, `auto-merge`, `pull-requests`, `merge`, `branch-model`. */
  readonly settings: Readonly<Record<string, Record<string, unknown>>>
  /** Repositories must take the project's auto-merge setting. */
  readonly restrictsAutoMerge?: true
  readonly requiredBuilds?: readonly Kept<RequiredBuild>[]
  readonly labels?: readonly string[]
}

/** A project or a repository: where it answers, and which entries of its lists are its own. */
export interface Place {
  readonly type: 'PROJECT' | 'REPOSITORY'
  /** Such as `projects/PLAT/repos/api`. */
  readonly path: string
  /** Of a repository: what its project has, which lists that name no scope show there, too. */
  readonly above?: Inside
}

export async function readInside(server: ServerLists, hide: Replacements, place: Place): Promise<Inside> {
  const { type, path } = place
  const api = `/rest/api/latest/${path}`
  const isOwn = ({ scope }: Fields): boolean => scope === undefined || fieldsOf(scope)['type'] === type
  const own = async (from: string): Promise<readonly Fields[]> => (await server.listIfAny(from)).filter(isOwn)
  const conditions = listOf(await server.one(`/rest/default-reviewers/latest/${path}/conditions`)).filter(isOwn)
  return {
    grants: [...(await readGrants(server, hide, api, 'users')), ...(await readGrants(server, hide, api, 'groups'))],
    webhooks: (await own(`${api}/webhooks`)).map((one) => webhookOf(one, hide)),
    accessKeys: (await server.listIfAny(`/rest/keys/latest/${path}/ssh`)).flatMap((one) => accessKeyOf(one, hide)),
    restrictions: (await own(`/rest/branch-permissions/latest/${path}/restrictions`)).flatMap((one) =>
      restrictionOf(one, hide),
    ),
    reviewerConditions: conditions.flatMap((one) => conditionOf(one, hide)),
    reviewerGroups: (await own(`${api}/settings/reviewer-groups`)).flatMap((one) => reviewerGroupOf(one, hide)),
    hooks: await readHooks(server, hide, place),
    defaultTasks: await readTasks(server, hide, place),
    ...(await readSettings(server, hide, place)),
    ...(type === 'REPOSITORY' && (await readOfRepository(server, hide, path))),
  }
}

async function readOfRepository(
  server: ServerLists,
  hide: Replacements,
  path: string,
): Promise<Pick<Inside, 'requiredBuilds' | 'labels'>> {
  const builds = await server.listIfAny(`/rest/required-builds/latest/${path}/conditions`)
  const labels = await server.listIfAny(`/rest/api/latest/${path}/labels`)
  return {
    requiredBuilds: builds.flatMap((one) => requiredBuildOf(one, hide)),
    labels: labels.map(({ name }) => hide.name('label', textOf(name))),
  }
}

async function readGrants(
  server: ServerLists,
  hide: Replacements,
  api: string,
  holder: Grant['holder'],
): Promise<Grant[]> {
  const shown = await server.listIfAny(`${api}/permissions/${holder}`)
  return shown.flatMap((one) => {
    const name = hide.holder(holder, textOf(fieldsOf(one[holder === 'users' ? 'user' : 'group'])['name']))
    return name === undefined ? [] : [{ holder, name, permission: textOf(one['permission']) }]
  })
}

/** Their secret and their password are replaced, and of the address all but whom it calls. */
function webhookOf(one: Fields, hide: Replacements): Inside['webhooks'][number] {
  const { username } = fieldsOf(one['credentials'])
  return {
    name: hide.text(textOf(one['name']), 255),
    url: hide.url(textOf(one['url'])),
    events: listOf(one['events'], textOf),
    active: one['active'] !== false,
    sslVerificationRequired: one['sslVerificationRequired'] !== false,
    configuration: fieldsOf(hide.settings(fieldsOf(one['configuration']))),
    ...(typeof username === 'string' ? { credentials: { username: hide.account(username) } } : {}),
  }
}

function accessKeyOf({ key, permission }: Fields, hide: Replacements): Kept<AccessKey>[] {
  const { text, label, expiryDays } = fieldsOf(key)
  const madeUp = hide.publicKey(textOf(text))
  if (madeUp === undefined) return []
  return [
    {
      text: madeUp,
      permission: textOf(permission),
      ...(typeof label === 'string' ? { label: hide.text(label, 255) } : {}),
      ...(typeof expiryDays === 'number' ? { expiryDays } : {}),
    },
  ]
}

function requiredBuildOf({ buildParentKeys, ...one }: Fields, hide: Replacements): Kept<RequiredBuild>[] {
  const keys = listOf(buildParentKeys, textOf).map((key) => hide.name('build', key))
  const refMatcher = matcherOf(one['refMatcher'], hide)
  const exempt = matcherOf(one['exemptRefMatcher'], hide)
  if (refMatcher === undefined) return []
  const places = (['requiredForPullRequest', 'requiredForMergeQueue'] as const).filter(
    (name) => typeof one[name] === 'boolean',
  )
  return [
    {
      buildParentKeys: keys,
      refMatcher,
      ...(exempt && { exemptRefMatcher: exempt }),
      ...Object.fromEntries(places.map((name) => [name, one[name] === true])),
    },
  ]
}

function restrictionOf({ type, matcher, ...exempt }: Fields, hide: Replacements): Inside['restrictions'][number][] {
  const read = matcherOf(matcher, hide)
  if (read === undefined) return []
  const keys = listOf(exempt['accessKeys']).map((one) => hide.publicKey(textOf(fieldsOf(one['key'])['text'])))
  return [
    {
      type: textOf(type),
      matcher: read,
      users: peopleOf(exempt['users'], hide),
      groups: listOf(exempt['groups'], textOf).flatMap((name) => hide.holder('groups', name) ?? []),
      keys: keys.filter((text) => text !== undefined),
    },
  ]
}

function conditionOf(one: Fields, hide: Replacements): Kept<ReviewerCondition>[] {
  const reviewers = peopleOf(one['reviewers'], hide)
  const source = matcherOf(one['sourceRefMatcher'], hide)
  const target = matcherOf(one['targetRefMatcher'], hide)
  if (reviewers.length === 0 || source === undefined || target === undefined) return []
  return [
    {
      source,
      target,
      reviewers,
      requiredApprovals: Math.min(reviewers.length, Number(one['requiredApprovals'] ?? 0)),
    },
  ]
}

function reviewerGroupOf({ name, description, users }: Fields, hide: Replacements): Kept<ReviewerGroup>[] {
  const people = peopleOf(users, hide)
  if (people.length === 0) return []
  const described = typeof description === 'string' ? { description: hide.text(description, 255) } : {}
  return [{ name: hide.name('reviewers', textOf(name)), ...described, users: people }]
}

function peopleOf(given: unknown, hide: Replacements): string[] {
  return listOf(given).flatMap((one) => hide.holder('users', textOf(one['name'])) ?? [])
}

/** Inherited ones are told apart by what makes a task itself: description and matchers (catalogue P-18). */
async function readTasks(
  server: ServerLists,
  hide: Replacements,
  { path, above }: Place,
): Promise<Kept<DefaultTask>[]> {
  const inherited = new Set(above?.defaultTasks.map((task) => JSON.stringify(task)))
  const shown = await server.listIfAny(`/rest/default-tasks/latest/${path}/tasks`)
  const tasks = shown.flatMap(({ description, sourceMatcher, targetMatcher }) => {
    const [source, target] = [matcherOf(sourceMatcher, hide), matcherOf(targetMatcher, hide)]
    if (source === undefined || target === undefined) return []
    return [{ description: hide.text(textOf(description), Number.POSITIVE_INFINITY), source, target }]
  })
  return tasks.filter((task) => !inherited.has(JSON.stringify(task)))
}

/** What names no branch of its own is a word of the API. */
function matcherOf(given: unknown, hide: Replacements): Matcher | undefined {
  const read = readMatcher(given, matcherTypes)
  const isFree = read?.type === 'BRANCH' || read?.type === 'PATTERN'
  return read && isFree ? { ...read, id: hide.ref(read.id) } : read
}

/** Those that the sandbox has; an app's hook is nothing to it. */
async function readHooks(server: ServerLists, hide: Replacements, { type, path }: Place): Promise<Inside['hooks']> {
  const all = `/rest/api/latest/${path}/settings/hooks`
  const hooks: Omit<HookSetting, 'scope'>[] = []
  for (const { details, enabled, configured, scope } of await server.listIfAny(all)) {
    const key = textOf(fieldsOf(details)['key'])
    const isSet = enabled === true || configured === true
    const isHere = scope === undefined || fieldsOf(scope)['type'] === type
    if (!isSet || !isHere || !isBundledHook(key)) continue
    const settings = configured === true ? await server.one(`${all}/${encodeURIComponent(key)}/settings`) : undefined
    hooks.push({ key, enabled: enabled === true, ...(settings == null ? {} : { settings: hide.settings(settings) }) })
  }
  return hooks
}

const flags = ['requiredAllTasksComplete', 'needsWork', 'unapproveOnUpdate']

async function readSettings(
  server: ServerLists,
  hide: Replacements,
  { type, path }: Place,
): Promise<Pick<Inside, 'settings' | 'restrictsAutoMerge'>> {
  const api = `/rest/api/latest/${path}/settings`
  const decline = fieldsOf(await server.one(`${api}/auto-decline`))
  const merge = fieldsOf(await server.one(`${api}/auto-merge`))
  const requests = fieldsOf(await server.one(`${api}/pull-requests${type === 'PROJECT' ? '/git' : ''}`))
  const branches = fieldsOf(await server.one(`/rest/branch-utils/latest/${path}/branchmodel/configuration`))
  const isOwn = ({ scope }: Fields): boolean => fieldsOf(scope)['type'] === type
  const model = isOwn(branches) ? branchModelOf(branches, hide) : undefined
  const config = mergeConfigOf(fieldsOf(requests['mergeConfig']), hide, type)
  const set = flags.filter((name) => typeof requests[name] === 'boolean')
  // Without the others `false` is what is shown where nobody said anything.
  const isSaid = type === 'REPOSITORY' && (set.length > 1 || set.some((name) => requests[name] === true))
  const isRestricted = type === 'PROJECT' && textOf(merge['restrictionState']).startsWith('RESTRICTED')
  return {
    settings: {
      ...(isOwn(decline) && {
        'auto-decline': { enabled: decline['enabled'] === true, inactivityWeeks: Number(decline['inactivityWeeks']) },
      }),
      ...(isOwn(merge) && { 'auto-merge': { enabled: merge['enabled'] === true } }),
      ...(config !== undefined && { merge: { ...config } }),
      ...(model !== undefined && { 'branch-model': model }),
      ...(isSaid && { 'pull-requests': Object.fromEntries(set.map((name) => [name, requests[name]])) }),
    },
    ...(isRestricted && { restrictsAutoMerge: true }),
  }
}

function mergeConfigOf(shown: Fields, hide: Replacements, type: Place['type']): MergeConfig | undefined {
  if (shown['type'] !== type) return undefined
  const config = fieldsOf(fieldsOf(draftMergeConfig(shown))['mergeConfig'])
  const template = config['commitMessageTemplate']
  const cleaned = template === undefined ? {} : { commitMessageTemplate: hide.clean(template) }
  const read = readMergeConfig({ ...config, ...cleaned }, null)
  return read === null || 'status' in read ? undefined : read
}

function branchModelOf(shown: Fields, hide: Replacements): Record<string, unknown> | undefined {
  const read = readBranchModel(shown)
  if ('status' in read) return undefined
  const clean = <T extends { readonly refId: string | null }>(branch: T): T => ({
    ...branch,
    refId: branch.refId === null ? null : hide.ref(branch.refId),
  })
  return {
    development: clean(read.development),
    ...(read.production && { production: clean(read.production) }),
    types: read.types.map((type) => ({ ...type, prefix: hide.ref(type.prefix) })),
  }
}
