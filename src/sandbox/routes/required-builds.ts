/** Required builds: R-14 of the catalogue, of repositories alone. */
import { invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { RequiredBuild, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { matcherTypes, readMatcher, showMatcher } from '../matchers.js'
import type { Context, Route } from '../router.js'
import { inLiveRepository, inRepository } from '../scopes.js'
import { fieldsOf } from './settings.js'

const base = '/required-builds/{version}/projects/{project}/repos/{repository}'

function show({ id, buildParentKeys, refMatcher, exemptRefMatcher }: RequiredBuild): Record<string, unknown> {
  const exempt = exemptRefMatcher && { exemptRefMatcher: showMatcher(exemptRefMatcher) }
  return { id, buildParentKeys, refMatcher: showMatcher(refMatcher), ...exempt }
}

function read(body: unknown, scope: Scope): Omit<RequiredBuild, 'id'> | Reply {
  const { buildParentKeys, refMatcher, exemptRefMatcher } = fieldsOf(body)
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
  const keys = [...new Set(buildParentKeys as string[])]
  return { scope, buildParentKeys: keys, refMatcher: matcher, ...(exempt && { exemptRefMatcher: exempt }) }
}

function create({ state, body }: Context, _: Repository, scope: Scope): Reply {
  const made = read(body, scope)
  if ('status' in made) return made
  const condition = { id: state.instance.nextId++, ...made }
  state.code.requiredBuilds.push(condition)
  return ok(show(condition))
}

/** The documents know no 404 here: an id that is not there is a malformed request. */
function update({ state, body, path }: Context, _: Repository, scope: Scope): Reply {
  const found = state.code.requiredBuilds.find((one) => one.scope === scope && String(one.id) === path['id'])
  if (found === undefined) return invalid(`There is no condition ${path['id']}`, 'id')
  const made = read(body, scope)
  if ('status' in made) return made
  delete found.exemptRefMatcher
  return ok(show(Object.assign(found, made)))
}

export const requiredBuildRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${base}/conditions`,
    needs: 'anyone',
    handle: inRepository('REPO_READ', ({ state, query, features }, _, scope) =>
      page(state.code.requiredBuilds.filter((one) => one.scope === scope).map(show), query, features.pageLimit),
    ),
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
