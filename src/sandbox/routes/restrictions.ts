/** What a project keeps its repositories from changing: P-06 of the catalogue. Keys are taken as they come. */
import { absent, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Project, Scope } from '../code-state.js'
import type { Context, Route } from '../router.js'
import { inProject } from '../scopes.js'
import { showProject } from '../show-code.js'
import { fieldsOf } from './settings.js'

const base = '/api/{version}/projects/{project}/settings-restriction'

type Key = Record<'namespace' | 'featureKey' | 'componentKey', string>

/** "not provided, or longer than 255 characters" */
function readKey(given: (name: string) => unknown): Key | Reply {
  const [namespace, featureKey, componentKey] = [given('namespace'), given('featureKey'), given('componentKey') ?? '']
  const isText = (text: unknown, least: number): text is string =>
    typeof text === 'string' && text.length >= least && text.length <= 255
  if (!isText(namespace, 1)) return invalid('1 to 255 characters are needed', 'namespace')
  if (!isText(featureKey, 1)) return invalid('1 to 255 characters are needed', 'featureKey')
  if (!isText(componentKey, 0)) return invalid('At most 255 characters are allowed', 'componentKey')
  return { namespace, featureKey, componentKey }
}

function show({ namespace, featureKey, componentKey }: Key, project: Project): Record<string, unknown> {
  const component = componentKey === '' ? {} : { componentKey }
  return { namespace, featureKey, ...component, processedState: 'PROCESSED', project: showProject(project) }
}

function own({ state }: Context, scope: Scope): Key[] {
  const kept = state.code.settings[`${scope} restrictions`] as { list?: Key[] } | undefined
  return kept?.list ?? []
}

function isSame(a: Key, b: Key): boolean {
  return a.namespace === b.namespace && a.featureKey === b.featureKey && a.componentKey === b.componentKey
}

function find(context: Context, project: Project, scope: Scope): Reply {
  const wanted = readKey((name) => context.query.get(name))
  if ('status' in wanted) return wanted
  const found = own(context, scope).find((one) => isSame(one, wanted))
  return found === undefined ? absent('There is no such restriction') : ok(show(found, project))
}

function list(context: Context, project: Project, scope: Scope): Reply {
  const { query, features } = context
  const wanted = readKey((name) => (name === 'componentKey' ? '' : query.get(name)))
  if ('status' in wanted) return wanted
  const found = own(context, scope).filter((one) => isSame({ ...one, componentKey: '' }, wanted))
  return page(
    found.map((one) => show(one, project)),
    query,
    features.pageLimit,
  )
}

function create(context: Context, project: Project, scope: Scope): Reply {
  const wanted = readKey((name) => fieldsOf(context.body)[name])
  if ('status' in wanted) return wanted
  const kept = own(context, scope)
  if (kept.some((one) => isSame(one, wanted))) return failure(409, 'IntegrityException', 'The restriction exists')
  context.state.code.settings[`${scope} restrictions`] = { list: [...kept, wanted] }
  return ok(show(wanted, project))
}

function remove(context: Context, _: Project, scope: Scope): Reply {
  const wanted = readKey((name) => context.query.get(name))
  if ('status' in wanted) return wanted
  context.state.code.settings[`${scope} restrictions`] = {
    list: own(context, scope).filter((one) => !isSame(one, wanted)),
  }
  return noContent()
}

/** Since 8.17; before that under another module. */
export const restrictionRoutes: readonly Route[] = (
  [
    { method: 'GET', path: base, needs: 'PERSON', handle: inProject('PROJECT_VIEW', find) },
    { method: 'GET', path: `${base}/all`, needs: 'PERSON', handle: inProject('PROJECT_VIEW', list) },
    { method: 'POST', path: base, needs: 'PERSON', handle: inProject('PROJECT_ADMIN', create) },
    { method: 'DELETE', path: base, needs: 'PERSON', handle: inProject('PROJECT_ADMIN', remove) },
  ] as const
).map((route) => ({ ...route, since: '8.17' }))
