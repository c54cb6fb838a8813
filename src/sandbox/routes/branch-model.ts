/**
 * The branching model: P-08 and R-06 of the catalogue, which no document of the API has. What nobody set at a repository
 * is that of its project.
 */
import { invalid, noContent, ok, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import { type BranchTip, branchesOf, findBranch, isBranchName, shortName } from '../branches.js'
import type { Scope } from '../code-state.js'
import type { Context, Route } from '../router.js'
import { inRepository, projectOf } from '../scopes.js'
import type { SandboxState } from '../state.js'
import { showBranch } from './branches.js'
import { fieldsOf } from './settings.js'

interface ModelBranch {
  readonly refId: string | null
  readonly useDefault: boolean
}

interface BranchType {
  readonly id: string
  readonly displayName: string
  readonly enabled: boolean
  readonly prefix: string
}

interface BranchModel {
  readonly development: ModelBranch
  readonly production?: ModelBranch
  readonly types: readonly BranchType[]
}

const names = { BUGFIX: 'Bugfix', FEATURE: 'Feature', HOTFIX: 'Hotfix', RELEASE: 'Release' } as const

const factoryModel: BranchModel = {
  development: { refId: null, useDefault: true },
  types: Object.entries(names).map(([id, displayName]) => {
    return { id, displayName, enabled: true, prefix: `${id.toLowerCase()}/` }
  }),
}

const place = (scope: Scope): string => `${scope} branch-model`

/** The nearest model and the scope that has it; where nobody set one, that of a new server, as if the project had it. */
function modelOf({ code }: SandboxState, here: Here): { readonly model: BranchModel; readonly scope: Scope } {
  const scopes = scopesAbove(here)
  const scope = scopes.find((one) => code.settings[place(one)] !== undefined) ?? scopes.at(-1) ?? here.scope
  return { model: (code.settings[place(scope)] as unknown as BranchModel | undefined) ?? factoryModel, scope }
}

function show({ state }: Context, here: Here): Reply {
  const { model, scope } = modelOf(state, here)
  return ok({ ...model, scope: showScope(scope) })
}

/** The default branch, or one that is named; `undefined` for what is neither. */
function readBranch(given: unknown): ModelBranch | undefined {
  const { refId = null, useDefault = false } = fieldsOf(given)
  if (useDefault === true) return { refId: null, useDefault }
  if (useDefault !== false || typeof refId !== 'string' || !isBranchName(shortName(refId))) return undefined
  return { refId: `refs/heads/${shortName(refId)}`, useDefault }
}

/** A category that is switched off, or not sent, keeps its prefix. */
function readTypes(given: unknown, known: readonly BranchType[]): readonly BranchType[] | Reply {
  if (given !== undefined && !Array.isArray(given)) return invalid('A list is needed', 'types')
  const sent = new Map((given ?? []).map(fieldsOf).map((type) => [type['id'], type] as const))
  const stranger = [...sent.keys()].find((id) => !known.some((type) => type.id === id))
  if (stranger !== undefined) return invalid(`One of ${Object.keys(names).join(', ')}`, 'types')
  const types = known.map((type): BranchType => {
    const { enabled = sent.has(type.id), prefix = type.prefix } = sent.get(type.id) ?? {}
    return { ...type, enabled: enabled === true, prefix: typeof prefix === 'string' ? prefix : '' }
  })
  if (!types.every(({ prefix }) => /^[^\s~^:?*[\\]+$/u.test(prefix))) return invalid('A prefix is not valid', 'types')
  const used = types.flatMap(({ enabled, prefix }) => (enabled ? prefix : []))
  return new Set(used).size === used.length ? types : invalid('Each category needs a prefix of its own', 'types')
}

function put(context: Context, here: Here): Reply {
  const { state, body } = context
  const { development, production, types } = fieldsOf(body)
  const [first, second] = [readBranch(development), production == null ? undefined : readBranch(production)]
  if (first === undefined) return invalid('The default branch or the name of another is needed', 'development')
  if (production != null && second === undefined) {
    return invalid('The default branch or the name of another is needed', 'production')
  }
  const read = readTypes(types, modelOf(state, here).model.types)
  if ('status' in read) return read
  const model: BranchModel = { development: first, ...(second && { production: second }), types: read }
  state.code.settings[place(here.scope)] = { ...model }
  return show(context, here)
}

function remove({ state }: Context, { scope }: Here): Reply {
  delete state.code.settings[place(scope)]
  return noContent()
}

function routesOf(base: string, { read: look, change }: Place): readonly Route[] {
  const path = `${base}/branchmodel/configuration`
  return [
    { method: 'GET', path, needs: 'anyone', handle: look(show) },
    { method: 'PUT', path, needs: 'PERSON', handle: change(put) },
    { method: 'DELETE', path, needs: 'PERSON', handle: change(remove) },
  ]
}

/** The model with the branches that it means; one that is not there is left out. */
const resolved: Route = {
  method: 'GET',
  path: '/branch-utils/{version}/projects/{project}/repos/{repository}/branchmodel',
  needs: 'anyone',
  handle: inRepository('REPO_READ', ({ state }, repository, scope) => {
    const project = projectOf(state, repository)
    const { model } = modelOf(state, { type: 'REPOSITORY', id: repository.id, scope, project, repository })
    const find = (branch: ModelBranch | undefined): BranchTip | undefined =>
      branch?.useDefault === true
        ? branchesOf(state, repository).find(({ isDefault }) => isDefault)
        : findBranch(state, repository, branch?.refId)
    const [development, production] = [find(model.development), find(model.production)]
    return ok({
      ...(development && { development: showBranch(development) }),
      ...(production && { production: showBranch(production) }),
      types: model.types.flatMap(({ enabled, id, displayName, prefix }) =>
        enabled ? { id, displayName, prefix } : [],
      ),
    })
  }),
}

export const branchModelRoutes: readonly Route[] = [...ofBoth('/branch-utils/{version}', routesOf), resolved]
