/** Hooks and merge checks: P-14 and R-12 of the catalogue. A repository inherits what it does not set itself. */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { HookSetting } from '../code-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState } from '../state.js'

interface Bundled {
  readonly name: string
  readonly type: 'PRE_RECEIVE' | 'POST_RECEIVE' | 'PRE_PULL_REQUEST_MERGE'
}

const hooks = 'com.atlassian.bitbucket.server.bitbucket-bundled-hooks'
export const hookKeys = {
  allApprovers: `${hooks}:all-approvers-merge-check`,
  approvers: `${hooks}:requiredApproversMergeHook`,
  builds: 'com.atlassian.bitbucket.server.bitbucket-build:requiredBuildsMergeCheck',
} as const

/** Those that clients and recorded payloads name; a real server has more. */
const bundled: ReadonlyMap<string, Bundled> = new Map([
  [`${hooks}:force-push-hook`, { name: 'Reject Force Push', type: 'PRE_RECEIVE' }],
  [`${hooks}:verify-committer-hook`, { name: 'Verify Committer', type: 'PRE_RECEIVE' }],
  [hookKeys.allApprovers, { name: 'All reviewers approve', type: 'PRE_PULL_REQUEST_MERGE' }],
  [hookKeys.approvers, { name: 'Minimum approvals', type: 'PRE_PULL_REQUEST_MERGE' }],
  [hookKeys.builds, { name: 'Minimum successful builds', type: 'PRE_PULL_REQUEST_MERGE' }],
])

export function isBundledHook(key: string): boolean {
  return bundled.has(key)
}

/** "the current limit is 32KB once serialized" */
const mostBytes = 32_768

function ownSetting({ code }: SandboxState, scope: string, key: string): HookSetting | undefined {
  return code.hooks.find((one) => one.scope === scope && one.key === key)
}

/** What counts here: the own setting, else that of the project. */
export function effectiveHook(state: SandboxState, here: Here, key: string): HookSetting | undefined {
  const found = scopesAbove(here).map((scope) => ownSetting(state, scope, key))
  return found.find((setting) => setting?.enabled !== undefined) ?? found.find((setting) => setting !== undefined)
}

/** Sets a hook here, on top of what is set already. */
export function setHook(state: SandboxState, { scope }: Here, key: string, change: Partial<HookSetting>): void {
  const known = ownSetting(state, scope, key)
  if (known === undefined) state.code.hooks.push({ scope, key, ...change })
  else Object.assign(known, change)
}

function show(state: SandboxState, here: Here, key: string, { name, type }: Bundled): Record<string, unknown> {
  const setting = effectiveHook(state, here, key)
  return {
    details: { key, name, type, description: name, version: '1.0', supportedScopes: ['PROJECT', 'REPOSITORY'] },
    enabled: setting?.enabled === true,
    configured: setting?.settings !== undefined,
    scope: showScope(setting?.scope ?? here.scope),
  }
}

function list({ state, query, features }: Context, here: Here): Reply {
  const type = query.get('type')
  const found = [...bundled].filter(([, hook]) => type === null || hook.type === type)
  return page(
    found.map(([key, hook]) => show(state, here, key, hook)),
    query,
    features.pageLimit,
  )
}

type HookWork = (context: Context, here: Here, key: string, hook: Bundled) => Reply

function withHook(work: HookWork) {
  return (context: Context, here: Here): Reply => {
    const key = context.path['hook'] ?? ''
    const hook = bundled.get(key)
    if (hook !== undefined) return work(context, here, key, hook)
    return failure(404, 'hook.repository.NoSuchRepositoryHookException', `There is no hook ${key}`)
  }
}

const showOne = withHook(({ state }, here, key, hook) => ok(show(state, here, key, hook)))

function refuseSettings(body: unknown): Reply | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid('An object is needed')
  return Buffer.byteLength(JSON.stringify(body)) > mostBytes ? invalid('Settings have at most 32 KB') : undefined
}

const enable = withHook(({ state, body }, here, key, hook) => {
  const refusal = body === undefined ? undefined : refuseSettings(body)
  if (refusal !== undefined) return refusal
  setHook(state, here, key, { enabled: true, ...(body === undefined ? {} : { settings: body }) })
  return ok(show(state, here, key, hook))
})

const disable = withHook(({ state }, here, key, hook) => {
  setHook(state, here, key, { enabled: false })
  return ok(show(state, here, key, hook))
})

/** 204 where there are none (catalogue P-14). */
const showSettings = withHook(({ state }, here, key) => {
  const settings = effectiveHook(state, here, key)?.settings
  return settings === undefined ? noContent() : ok(settings)
})

const putSettings = withHook(({ state, body }, here, key) => {
  const refusal = refuseSettings(body)
  if (refusal !== undefined) return refusal
  setHook(state, here, key, { settings: body })
  return ok(body)
})

/** Only of repositories: what the project says counts again. */
const inherit = withHook(({ state: { code } }, { scope }, key) => {
  code.hooks = code.hooks.filter((one) => one.scope !== scope || one.key !== key)
  return noContent()
})

function routesOf(base: string, place: Place): readonly Route[] {
  const all = `${base}/settings/hooks`
  const one = `${all}/{hook}`
  // A project's hooks are read with PROJECT_READ, a repository's with REPO_ADMIN.
  const look = place.type === 'PROJECT' ? place.read : place.inspect
  const routes: Route[] = [
    { method: 'GET', path: all, needs: 'anyone', handle: look(list) },
    { method: 'GET', path: one, needs: 'anyone', handle: look(showOne) },
    { method: 'PUT', path: `${one}/enabled`, needs: 'PERSON', handle: place.change(enable) },
    { method: 'DELETE', path: `${one}/enabled`, needs: 'PERSON', handle: place.change(disable) },
    { method: 'GET', path: `${one}/settings`, needs: 'PERSON', handle: place.inspect(showSettings) },
    { method: 'PUT', path: `${one}/settings`, needs: 'PERSON', handle: place.change(putSettings) },
  ]
  if (place.type === 'REPOSITORY') {
    routes.push({ method: 'DELETE', path: one, needs: 'PERSON', handle: place.change(inherit) })
  }
  return routes
}

export const codeHookRoutes: readonly Route[] = ofBoth('/api/{version}', routesOf)
