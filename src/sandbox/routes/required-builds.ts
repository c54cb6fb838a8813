/** Required builds: R-14 of the catalogue, of repositories alone. */
import { invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { RequiredBuild, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { matcherTypes, readMatcher, showMatcher } from '../matchers.js'
import { isAtLeast } from '../options.js'
import type { Context, Features, Route } from '../router.js'
import { inLiveRepository, inRepository } from '../scopes.js'
import { fieldsOf } from './settings.js'

const base = '/required-builds/{version}/projects/{project}/repos/{repository}'

/** Where builds are required since 10.2; before they are ignored (catalogue R-14). What is not said is not documented. */
const placesOf = ({ version }: Features): typeof places | readonly [] => (isAtLeast(version, '10.2') ? places : [])
const places = ['requiredForPullRequest', 'requiredForMergeQueue'] as const
const unsaid = { requiredForPullRequest: true, requiredForMergeQueue: false }

function show({ features }: Pick<Context, 'features'>, build: RequiredBuild): Record<string, unknown> {
  const { id, buildParentKeys, refMatcher, exemptRefMatcher } = build
  const exempt = exemptRefMatcher && { exemptRefMatcher: showMatcher(exemptRefMatcher) }
  const where = Object.fromEntries(placesOf(features).map((name) => [name, build[name] ?? unsaid[name]]))
  return { id, buildParentKeys, refMatcher: showMatcher(refMatcher), ...exempt, ...where }
}

function read({ body, features }: Context, scope: Scope): Omit<RequiredBuild, 'id'> | Reply {
  const fields = fieldsOf(body)
  const { buildParentKeys, refMatcher, exemptRefMatcher } = fields
  if (!Array.isArray(buildParentKeys) || buildParentKeys.length === 0) {
    return invalid('At least one key is needed', 'buildParentKeys')
  }
  if (!buildParentKeys.every((key) => typeof key === 'string' && key !== '' && key.length <= 255)) {
    return invalid('Keys are texts of 1 to 255 characters', 'buildParentKeys')
  }
  const matcher = readMatcher(refMatcher, matcherTypes)
  if (matcher === undefined) return invalid('The matcher is not valid', 'refMatcher')
  const exempt = exemptRefMatcher == null ? undefined : readMatcher(exemptRefMatcher, matcherTypes)
  if (exemptRefMatcher != null && exempt === undefined) return invalid('The matcher is not valid', 'exemptRefMatcher')
  const strange = placesOf(features).find((name) => fields[name] != null && typeof fields[name] !== 'boolean')
  if (strange !== undefined) return invalid('A boolean is needed', strange)
  const keys = [...new Set(buildParentKeys as string[])]
  const where = Object.fromEntries(placesOf(features).map((name) => [name, fields[name] ?? unsaid[name]]))
  return { scope, buildParentKeys: keys, refMatcher: matcher, ...(exempt && { exemptRefMatcher: exempt }), ...where }
}

function create(context: Context, _: Repository, scope: Scope): Reply {
  const { state } = context
  const made = read(context, scope)
  if ('status' in made) return made
  const condition = { id: state.instance.nextId++, ...made }
  state.code.requiredBuilds.push(condition)
  return ok(show(context, condition))
}

/** The documents know no 404 here: an id that is not there is a malformed request. */
function update(context: Context, _: Repository, scope: Scope): Reply {
  const { state, path } = context
  const found = state.code.requiredBuilds.find((one) => one.scope === scope && String(one.id) === path['id'])
  if (found === undefined) return invalid(`There is no condition ${path['id']}`, 'id')
  const made = read(context, scope)
  if ('status' in made) return made
  delete found.exemptRefMatcher
  return ok(show(context, Object.assign(found, made)))
}

function list(context: Context, _: Repository, scope: Scope): Reply {
  const { state, query, features } = context
  const found = state.code.requiredBuilds.filter((one) => one.scope === scope)
  return page(found, query, features.pageLimit, (build) => show(context, build))
}

export const requiredBuildRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${base}/conditions`,
    needs: 'anyone',
    handle: inRepository('REPO_READ', list),
  },
  { method: 'POST', path: `${base}/condition`, needs: 'PERSON', handle: inLiveRepository('REPO_ADMIN', create) },
  { method: 'PUT', path: `${base}/condition/{id}`, needs: 'PERSON', handle: inLiveRepository('REPO_ADMIN', update) },
  {
    method: 'DELETE',
    path: `${base}/condition/{id}`,
    needs: 'PERSON',
    handle: inLiveRepository('REPO_ADMIN', ({ state: { code }, path }, _, scope) => {
      code.requiredBuilds = code.requiredBuilds.filter((one) => one.scope !== scope || String(one.id) !== path['id'])
      return noContent()
    }),
  },
]
