/** Secret scanning: I-24 and I-25 of the catalogue. */
import { absent, failure, holds, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Repository, ScanningRule } from '../instance-state.js'
import { isJavaRegex } from '../java-regex.js'
import type { Context, Route } from '../router.js'
import { findRepository } from '../scopes.js'
import { showRepository, sortRepositories } from '../show-code.js'
import { fieldsOf } from './settings.js'

const rules = '/api/{version}/secret-scanning/rules'
const exempt = '/api/{version}/secret-scanning/exempt'
const ofRepository = '/api/{version}/projects/{project}/repos/{slug}/secret-scanning/exempt'

const orders = ['NAME_ASC', 'NAME_DESC']

function refuseOrder(query: URLSearchParams): Reply | undefined {
  const order = query.get('order')
  return order === null || orders.includes(order) ? undefined : invalid(`One of ${orders.join(', ')}`, 'order')
}

function show(rule: ScanningRule): unknown {
  // The schema wants a number even where the scope is the whole server.
  return { ...rule, scope: { type: 'GLOBAL', resourceId: 0 } }
}

function readRule(body: unknown): Omit<ScanningRule, 'id'> | Reply {
  const { name, lineRegex, pathRegex } = fieldsOf(body)
  if (typeof name !== 'string' || name.trim() === '') return invalid('A name is needed', 'name')
  if (lineRegex == null && pathRegex == null) return invalid('A line or path expression is needed', 'lineRegex')
  for (const [field, value] of Object.entries({ lineRegex, pathRegex })) {
    if (value != null && (typeof value !== 'string' || value === '' || !isJavaRegex(value))) {
      return invalid('The regular expression is not valid', field)
    }
  }
  return {
    name,
    ...(typeof lineRegex === 'string' ? { lineRegex } : {}),
    ...(typeof pathRegex === 'string' ? { pathRegex } : {}),
  }
}

function findRules({ state, query, features }: Context): Reply {
  const refusal = refuseOrder(query)
  if (refusal !== undefined) return refusal
  const found = state.instance.scanningRules.filter(({ name }) => holds(query.get('filter'), name))
  // Without an order in that of their creation, which the documents leave open.
  if (query.has('order')) found.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
  if (query.get('order') === 'NAME_DESC') found.reverse()
  return page(found.map(show), query, features.pageLimit)
}

function withRule(work: (context: Context, rule: ScanningRule) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.scanningRules.find(({ id }) => String(id) === context.path['id'])
    return found === undefined ? absent('No rule with this id') : work(context, found)
  }
}

const ruleRoutes: readonly Route[] = [
  { method: 'GET', path: rules, needs: 'ADMIN', since: '8.3', handle: findRules },
  {
    method: 'POST',
    path: rules,
    needs: 'ADMIN',
    since: '8.3',
    handle: ({ state: { instance }, body }) => {
      const rule = readRule(body)
      if ('status' in rule) return rule
      const made = { id: instance.nextId++, ...rule }
      instance.scanningRules.push(made)
      return ok(show(made))
    },
  },
  {
    method: 'GET',
    path: `${rules}/{id}`,
    needs: 'ADMIN',
    since: '8.3',
    handle: withRule((_, rule) => ok(show(rule))),
  },
  {
    method: 'PUT',
    path: `${rules}/{id}`,
    needs: 'ADMIN',
    since: '8.3',
    handle: withRule(({ state: { instance }, body }, found) => {
      const rule = readRule(body)
      if ('status' in rule) return rule
      // What is left out is cleared; the documents do not say.
      const changed = { id: found.id, ...rule }
      instance.scanningRules = instance.scanningRules.map((one) => (one === found ? changed : one))
      return ok(show(changed))
    }),
  },
  {
    method: 'DELETE',
    path: `${rules}/{id}`,
    needs: 'ADMIN',
    since: '8.3',
    handle: ({ state: { instance }, path }) => {
      instance.scanningRules = instance.scanningRules.filter(({ id }) => String(id) !== path['id'])
      return noContent()
    },
  },
]

function findExempt({ state, query, features }: Context): Reply {
  const refusal = refuseOrder(query)
  if (refusal !== undefined) return refusal
  const { repositories, exemptRepositories } = state.instance
  const found = repositories.filter(({ id }) => exemptRepositories.includes(id))
  const shown = sortRepositories(found, query.get('order')).map((one) => showRepository(state, one))
  return page(shown, query, features.pageLimit)
}

/** All or nothing. */
function postExempt({ state, body }: Context): Reply {
  const { instance } = state
  if (!Array.isArray(body) || body.length === 0) return invalid('A list of repositories is needed')
  const found = body.map((one) => findRepository(state, fieldsOf(one)['projectKey'], fieldsOf(one)['slug']))
  const known = found.filter((one) => one !== undefined)
  // Not in the documents; as wherever a repository is named that is not there.
  if (known.length < found.length) return absent('A repository does not exist')
  if (known.some(({ id }) => instance.exemptRepositories.includes(id))) {
    return failure(409, 'IntegrityException', 'A repository is exempt already')
  }
  instance.exemptRepositories.push(...new Set(known.map(({ id }) => id)))
  return noContent()
}

function withRepository(work: (context: Context, repository: Repository) => Reply): Route['handle'] {
  return (context) => {
    const found = findRepository(context.state, context.path['project'], context.path['slug'])
    return found === undefined ? absent('No such repository') : work(context, found)
  }
}

const exemptRoutes: readonly Route[] = [
  { method: 'GET', path: exempt, needs: 'ADMIN', since: '8.6', handle: findExempt },
  { method: 'POST', path: exempt, needs: 'ADMIN', since: '8.6', handle: postExempt },
  {
    method: 'GET',
    path: ofRepository,
    needs: 'ADMIN',
    since: '8.6',
    handle: withRepository(({ state }, { id }) => ok(state.instance.exemptRepositories.includes(id))),
  },
  {
    method: 'DELETE',
    path: ofRepository,
    needs: 'ADMIN',
    since: '8.6',
    handle: withRepository(({ state: { instance } }, repository) => {
      instance.exemptRepositories = instance.exemptRepositories.filter((id) => id !== repository.id)
      return noContent()
    }),
  },
]

export const scanningRoutes: readonly Route[] = [...ruleRoutes, ...exemptRoutes]
