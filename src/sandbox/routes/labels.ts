/** Labels of repositories: R-20 of the catalogue. Applying one twice is refused. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { inLiveRepository, inRepository, projectOf, rankOfCaller } from '../scopes.js'
import { showRepository } from '../show-code.js'
import { fieldsOf } from './settings.js'

const all = '/api/{version}/labels'
const own = '/api/{version}/projects/{project}/repos/{repository}/labels'

const show = (name: string): { name: string } => ({ name })

function apply({ state, body }: Context, _: Repository, scope: Scope): Reply {
  const { name } = fieldsOf(body)
  if (typeof name !== 'string' || !/^[a-z0-9-]{3,50}$/u.test(name)) {
    return invalid('A label has 3 to 50 small letters, digits and hyphens', 'name')
  }
  if (state.code.labels.some((label) => label.scope === scope && label.name === name)) {
    return invalid(`The label ${name} is applied already`, 'name')
  }
  state.code.labels.push({ scope, name })
  return ok(show(name))
}

function remove({ state: { code }, path }: Context, _: Repository, scope: Scope): Reply {
  const kept = code.labels.filter((label) => label.scope !== scope || label.name !== path['label'])
  if (kept.length === code.labels.length) return absent(`There is no label ${path['label']}`)
  code.labels = kept
  return noContent()
}

function listLabeled({ state, caller, query, path, features }: Context): Reply {
  const type = query.get('type')
  if (type !== null && type !== 'REPOSITORY') return invalid('REPOSITORY is the only type', 'type')
  const scopes = state.code.labels.flatMap(({ scope, name }) => (name === path['label'] ? [scope] : []))
  if (scopes.length === 0) return absent(`There is no label ${path['label']}`)
  const found = state.instance.repositories.filter(
    (one) =>
      scopes.includes(`R${one.id}`) && rankOfCaller(state, caller, projectOf(state, one), one) >= rankOf('REPO_READ'),
  )
  const shown = found.map((one) => ({ ...showRepository(state, one), labelableType: 'REPOSITORY' }))
  return page(shown, query, features.pageLimit)
}

export const labelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: all,
    needs: 'PERSON',
    handle: ({ state, query, features }) => {
      const prefix = query.get('prefix') ?? ''
      const names = new Set(state.code.labels.map(({ name }) => name).filter((name) => name.startsWith(prefix)))
      return page([...names].sort().map(show), query, features.pageLimit)
    },
  },
  {
    method: 'GET',
    path: `${all}/{label}`,
    needs: 'PERSON',
    handle: ({ state, path }) => {
      const found = state.code.labels.find(({ name }) => name === path['label'])
      return found === undefined ? absent(`There is no label ${path['label']}`) : ok(show(found.name))
    },
  },
  { method: 'GET', path: `${all}/{label}/labeled`, needs: 'PERSON', handle: listLabeled },
  {
    method: 'GET',
    path: own,
    needs: 'anyone',
    handle: inRepository('REPO_READ', ({ state, query, features }, _, scope) => {
      const found = state.code.labels.filter((label) => label.scope === scope)
      return page(
        found.map(({ name }) => show(name)),
        query,
        features.pageLimit,
      )
    }),
  },
  { method: 'POST', path: own, needs: 'PERSON', handle: inLiveRepository('REPO_ADMIN', apply) },
  { method: 'DELETE', path: `${own}/{label}`, needs: 'PERSON', handle: inLiveRepository('REPO_ADMIN', remove) },
]
