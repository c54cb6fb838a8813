/** Secret scanning: I-24 and I-25 of the catalogue, and the few repositories that exemptions name. */
import { absent, failure, holds, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Repository, ScanningRule } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const rules = '/api/{version}/secret-scanning/rules'
const exempt = '/api/{version}/secret-scanning/exempt'
const ofRepository = '/api/{version}/projects/{project}/repos/{slug}/secret-scanning/exempt'

function show(rule: ScanningRule): unknown {
  // The schema wants a number even where the scope is the whole server.
  return { ...rule, scope: { type: 'GLOBAL', resourceId: 0 } }
}

/** An approximation of what Java refuses. */
function isRegex(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

function readRule(body: unknown): Omit<ScanningRule, 'id'> | Reply {
  const { name, lineRegex, pathRegex } = fieldsOf(body)
  if (typeof name !== 'string' || name.trim() === '') return invalid('A name is needed', 'name')
  if (lineRegex == null && pathRegex == null) return invalid('A line or path expression is needed', 'lineRegex')
  for (const [field, value] of Object.entries({ lineRegex, pathRegex })) {
    if (value != null && (typeof value !== 'string' || !isRegex(value))) {
      return invalid('The regular expression is not valid', field)
    }
  }
  return {
    name,
    ...(typeof lineRegex === 'string' ? { lineRegex } : {}),
    ...(typeof pathRegex === 'string' ? { pathRegex } : {}),
  }
}

const ruleRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: rules,
    needs: 'ADMIN',
    since: '8.3',
    handle: ({ state, query, features }) => {
      const found = state.instance.scanningRules.filter(({ name }) => holds(query.get('filter'), name))
      return page(found.map(show), query, features.pageLimit)
    },
  },
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
    method: 'PUT',
    path: `${rules}/{id}`,
    needs: 'ADMIN',
    since: '8.3',
    handle: ({ state: { instance }, path, body }) => {
      const found = instance.scanningRules.find(({ id }) => String(id) === path['id'])
      const rule = readRule(body)
      if (found === undefined) return absent('No rule with this id')
      if ('status' in rule) return rule
      // What is left out is cleared; the documents do not say.
      const changed = { id: found.id, ...rule }
      instance.scanningRules = instance.scanningRules.map((one) => (one === found ? changed : one))
      return ok(show(changed))
    },
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

function showRepository({ id, slug, name, project }: Repository): unknown {
  return {
    id,
    slug,
    name,
    hierarchyId: `e3c939f9ef4a7fae${String(id).padStart(4, '0')}`,
    scmId: 'git',
    state: 'AVAILABLE',
    statusMessage: 'Available',
    forkable: true,
    archived: false,
    public: false,
    project: { key: project, id: project === 'PLAT' ? 1 : 2, name: project, public: false, type: 'NORMAL' },
  }
}

function find({ state }: Context, project: unknown, slug: unknown): Repository | undefined {
  const [wanted, name] = [String(project).toUpperCase(), String(slug).toLowerCase()]
  return state.instance.repositories.find((one) => one.project === wanted && one.slug === name)
}

function postExempt(context: Context): Reply {
  const { instance } = context.state
  const { body } = context
  if (!Array.isArray(body) || body.length === 0) return invalid('A list of repositories is needed')
  const found = body.map((one) => find(context, fieldsOf(one)['projectKey'], fieldsOf(one)['slug']))
  const known = found.filter((one) => one !== undefined)
  if (known.length < found.length) return absent('A repository does not exist')
  if (known.some(({ id }) => instance.exemptRepositories.includes(id))) {
    return failure(409, 'IntegrityException', 'A repository is exempt already')
  }
  instance.exemptRepositories.push(...known.map(({ id }) => id))
  return noContent()
}

const exemptRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: exempt,
    needs: 'ADMIN',
    since: '8.6',
    handle: ({ state: { instance }, query, features }) => {
      const found = instance.repositories.filter(({ id }) => instance.exemptRepositories.includes(id))
      return page(found.map(showRepository), query, features.pageLimit)
    },
  },
  { method: 'POST', path: exempt, needs: 'ADMIN', since: '8.6', handle: postExempt },
  {
    method: 'DELETE',
    path: ofRepository,
    needs: 'ADMIN',
    since: '8.6',
    handle: (context) => {
      const { instance } = context.state
      const found = find(context, context.path['project'], context.path['slug'])
      if (found === undefined) return absent('No such repository')
      instance.exemptRepositories = instance.exemptRepositories.filter((id) => id !== found.id)
      return noContent()
    },
  },
]

export const scanningRoutes: readonly Route[] = [...ruleRoutes, ...exemptRoutes]
