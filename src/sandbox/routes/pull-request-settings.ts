/**
 * What pull requests need before they are merged, and how they are: P-10 to P-12, R-08 to R-10 of the catalogue. What
 * nobody set here is inherited; the checks are the same data as the hooks of the same name.
 */
import { failure, invalid, noContent, ok, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { Scope } from '../code-state.js'
import type { MergeConfig } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { inLiveRepository, inProject, inRepository, projectOf, scopeOfProject } from '../scopes.js'
import type { SandboxState } from '../state.js'
import { effectiveHook, hookKeys, setHook } from './code-hooks.js'
import { ofGit, readMergeConfig, showMergeConfig } from './merge.js'
import { type Fields, fieldsOf } from './settings.js'

function stored(state: SandboxState, scope: Scope, name: string): Record<string, unknown> | undefined {
  return state.code.settings[`${scope} ${name}`]
}

function store(state: SandboxState, scope: Scope, name: string, value: Record<string, unknown> | null): void {
  if (value === null) delete state.code.settings[`${scope} ${name}`]
  else state.code.settings[`${scope} ${name}`] = value
}

/** The nearest configuration and the level that it comes from. */
function mergeConfigOf(state: SandboxState, here: Here): Record<string, unknown> {
  for (const scope of scopesAbove(here)) {
    const own = stored(state, scope, 'merge')
    if (own !== undefined) return showMergeConfig(own as unknown as MergeConfig, showScope(scope).type)
  }
  const { mergeConfig } = state.instance
  return showMergeConfig(mergeConfig, mergeConfig === null ? 'DEFAULT' : 'GLOBAL')
}

function putMergeConfig(state: SandboxState, { scope }: Here, given: unknown): Reply | undefined {
  const current = (stored(state, scope, 'merge') as unknown as MergeConfig | undefined) ?? null
  const config = readMergeConfig(given, current)
  if (config !== null && 'status' in config) return config
  store(state, scope, 'merge', config as unknown as Record<string, unknown> | null)
  return undefined
}

/** `{enabled, count}`, where the count is a text; older clients send a number, 0 for off. */
function readCount(value: unknown): { enabled: boolean; count: number } | undefined {
  const { enabled, count } = typeof value === 'object' ? fieldsOf(value) : { enabled: Number(value) > 0, count: value }
  const number = Number(count ?? 0)
  if (typeof enabled !== 'boolean' || !Number.isInteger(number) || number < 0) return undefined
  return enabled && number === 0 ? undefined : { enabled, count: number }
}

const counted = { requiredApprovers: hookKeys.approvers, requiredSuccessfulBuilds: hookKeys.builds } as const
const aliases = {
  requiredApprovers: 'com.atlassian.bitbucket.server.bundled-hooks.requiredApproversMergeHook',
  requiredSuccessfulBuilds: 'com.atlassian.bitbucket.server.bitbucket-build.requiredBuildsMergeCheck',
} as const
type Counted = keyof typeof counted

function showCount(state: SandboxState, here: Here, name: Counted): { enabled: boolean; count: string } {
  const hook = effectiveHook(state, here, counted[name])
  return { enabled: hook?.enabled === true, count: String(fieldsOf(hook?.settings)['requiredCount'] ?? 0) }
}

function showAll({ state }: Context, here: Here): Reply {
  const own = stored(state, here.scope, 'pull-requests') ?? {}
  return ok({
    mergeConfig: mergeConfigOf(state, here),
    requiredAllApprovers: effectiveHook(state, here, hookKeys.allApprovers)?.enabled === true,
    requiredAllTasksComplete: false,
    requiredApprovers: showCount(state, here, 'requiredApprovers'),
    requiredSuccessfulBuilds: showCount(state, here, 'requiredSuccessfulBuilds'),
    ...own,
  })
}

/** Kept as they are sent; those that the documents do not name any more are shown only where somebody set them. */
const flags = ['requiredAllTasksComplete', 'needsWork', 'unapproveOnUpdate'] as const

function refuseFields(fields: Fields): Reply | undefined {
  const flag = [...flags, 'requiredAllApprovers'].find(
    (name) => fields[name] != null && typeof fields[name] !== 'boolean',
  )
  if (flag !== undefined) return invalid('A boolean is needed', flag)
  const wrong = (Object.keys(counted) as Counted[]).find((name) => {
    const given = fields[name] ?? fields[aliases[name]]
    return given != null && readCount(given) === undefined
  })
  return wrong === undefined ? undefined : invalid('A boolean and a count are needed', wrong)
}

/** What is not sent stays. */
function postAll(context: Context, here: Here): Reply {
  const { state, body } = context
  const fields = fieldsOf(body)
  const merge = fields['mergeConfig'] == null ? undefined : readMergeConfig(fields['mergeConfig'], null)
  const refusal = refuseFields(fields) ?? (merge != null && 'status' in merge ? merge : undefined)
  if (refusal !== undefined) return refusal
  if (merge !== undefined) putMergeConfig(state, here, fields['mergeConfig'])
  const all = fields['requiredAllApprovers']
  if (typeof all === 'boolean') setHook(state, here, hookKeys.allApprovers, { enabled: all })
  for (const name of Object.keys(counted) as Counted[]) {
    const count = readCount(fields[name] ?? fields[aliases[name]] ?? {})
    if (count === undefined) continue
    setHook(state, here, counted[name], { enabled: count.enabled, settings: { requiredCount: String(count.count) } })
  }
  const given = flags.flatMap((name) => (typeof fields[name] === 'boolean' ? [[name, fields[name]] as const] : []))
  const own = { ...stored(state, here.scope, 'pull-requests'), ...Object.fromEntries(given) }
  if (Object.keys(own).length > 0) store(state, here.scope, 'pull-requests', own)
  return showAll(context, here)
}

interface Setting {
  readonly name: 'auto-decline' | 'auto-merge'
  readonly factory: Record<string, unknown>
  read(body: Fields, here: Here): Record<string, unknown> | Reply
  show(state: SandboxState, here: Here, value: Record<string, unknown>): Record<string, unknown>
}

const autoDecline: Setting = {
  name: 'auto-decline',
  factory: { enabled: false, inactivityWeeks: 4 },
  // Both are needed, also to switch it off (seen on real servers).
  read: ({ enabled, inactivityWeeks }) => {
    if (typeof enabled !== 'boolean') return invalid('A boolean is needed', 'enabled')
    if (![1, 2, 4, 8, 12].includes(Number(inactivityWeeks))) return invalid('One of 1, 2, 4, 8, 12', 'inactivityWeeks')
    return { enabled, inactivityWeeks: Number(inactivityWeeks) }
  },
  show: (_state, _here, value) => value,
}

const restrictions = ['CREATE', 'DELETE', 'NONE']

const autoMerge: Setting = {
  name: 'auto-merge',
  factory: { enabled: false },
  read: ({ enabled, restrictionAction }, { type, project }) => {
    if (typeof enabled !== 'boolean') return invalid('A boolean is needed', 'enabled')
    if (type === 'REPOSITORY') return { enabled }
    if (!restrictions.includes(String(restrictionAction))) {
      return invalid(`One of ${restrictions.join(', ')}`, 'restrictionAction')
    }
    const kept = restrictionAction === 'NONE' ? project.restrictsAutoMerge === true : restrictionAction === 'CREATE'
    if (kept) project.restrictsAutoMerge = true
    else delete project.restrictsAutoMerge
    return { enabled }
  },
  show: (_, { type, project }, value) => {
    const restricted = type === 'PROJECT' ? 'RESTRICTED_MODIFIABLE' : 'RESTRICTED_UNMODIFIABLE'
    return { ...value, restrictionState: project.restrictsAutoMerge === true ? restricted : 'NONE' }
  },
}

function isBound({ name }: Setting, { type, project }: Here): boolean {
  return name === 'auto-merge' && type === 'REPOSITORY' && project.restrictsAutoMerge === true
}

/** The nearest value and where it comes from; under a restriction that of the project alone. */
function effective(state: SandboxState, here: Here, setting: Setting): Record<string, unknown> {
  const scopes = isBound(setting, here) ? scopesAbove(here).slice(1) : scopesAbove(here)
  const from = scopes.find((scope) => stored(state, scope, setting.name) !== undefined)
  const value = from === undefined ? setting.factory : (stored(state, from, setting.name) ?? setting.factory)
  const scope = from === undefined ? { type: 'GLOBAL' } : showScope(from)
  return { ...setting.show(state, here, value), scope }
}

const restricted = failure(403, null, 'The project restricts this setting')

function settingRoutes(setting: Setting, base: string, { type, read, change }: Place): readonly Route[] {
  const path = `${base}/settings/${setting.name}`
  const look = type === 'PROJECT' ? inProject : undefined
  const show = ({ state }: Context, here: Here): Reply => ok(effective(state, here, setting))
  // Of projects PROJECT_VIEW is enough.
  const handle =
    look === undefined
      ? read(show)
      : look('PROJECT_VIEW', (context, project, scope) =>
          show(context, { type: 'PROJECT', id: project.id, scope, project }),
        )
  return [
    { method: 'GET', path, needs: 'anyone', handle },
    {
      method: 'PUT',
      path,
      needs: 'PERSON',
      handle: change(({ state, body }, here) => {
        if (isBound(setting, here)) return restricted
        const value = setting.read(fieldsOf(body), here)
        if (typeof value['status'] === 'number') return value as unknown as Reply
        store(state, here.scope, setting.name, value as Record<string, unknown>)
        return ok(effective(state, here, setting))
      }),
    },
    {
      method: 'DELETE',
      path,
      needs: 'PERSON',
      handle: change(({ state }, here) => {
        if (isBound(setting, here)) return restricted
        store(state, here.scope, setting.name, null)
        return noContent()
      }),
    },
  ]
}

const scm = '/api/{version}/projects/{project}/settings/pull-requests/{scm}'
const ofRepository = '/api/{version}/projects/{project}/repos/{repository}/settings/pull-requests'

function hereOf(context: Context, scope: Scope): Here {
  const { state } = context
  const project = state.code.projects.find((one) => scopeOfProject(one) === scope)
  const repository = state.instance.repositories.find(({ id }) => `R${id}` === scope)
  if (project !== undefined) return { type: 'PROJECT', id: project.id, scope, project }
  if (repository === undefined) throw new Error(`The scope ${scope} is lost`)
  return { type: 'REPOSITORY', id: repository.id, scope, project: projectOf(state, repository), repository }
}

/** Whether pull requests into a repository may be told to merge once their checks pass. */
export function allowsAutoMerge(context: Context, scope: Scope): boolean {
  return effective(context.state, hereOf(context, scope), autoMerge)['enabled'] === true
}

export const pullRequestSettingRoutes: readonly Route[] = [
  ...ofBoth('/api/{version}', (base, place) => [
    ...settingRoutes(autoDecline, base, place),
    ...settingRoutes(autoMerge, base, place),
  ]),
  {
    method: 'GET',
    path: scm,
    needs: 'anyone',
    handle: ofGit(
      inProject('PROJECT_READ', (context, _, scope) =>
        ok({ mergeConfig: mergeConfigOf(context.state, hereOf(context, scope)) }),
      ),
    ),
  },
  {
    method: 'POST',
    path: scm,
    needs: 'PERSON',
    handle: ofGit(
      inProject('PROJECT_ADMIN', (context, _, scope) => {
        const here = hereOf(context, scope)
        const refusal = putMergeConfig(context.state, here, fieldsOf(context.body)['mergeConfig'])
        return refusal ?? ok({ mergeConfig: mergeConfigOf(context.state, here) })
      }),
    ),
  },
  {
    method: 'GET',
    path: ofRepository,
    needs: 'anyone',
    handle: inRepository('REPO_READ', (context, _, scope) => showAll(context, hereOf(context, scope))),
  },
  {
    method: 'POST',
    path: ofRepository,
    needs: 'PERSON',
    handle: inLiveRepository('REPO_ADMIN', (context, _, scope) => postAll(context, hereOf(context, scope))),
  },
]
