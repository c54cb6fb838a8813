/** Default tasks of pull requests: P-18 and R-17 of the catalogue. Those of the project are seen at its repositories. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove } from '../both-scopes.js'
import type { DefaultTask } from '../code-state.js'
import { matcherTypes, readMatcher, showMatcher } from '../matchers.js'
import { html } from '../pages/html.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

function show({ id, description, source, target }: DefaultTask): Record<string, unknown> {
  return { id, description, sourceMatcher: showMatcher(source), targetMatcher: showMatcher(target) }
}

/** Both matchers are needed, though the documents make them optional (catalogue P-18). */
function read(body: unknown): Pick<DefaultTask, 'description' | 'source' | 'target'> | Reply {
  const { description, sourceMatcher, targetMatcher } = fieldsOf(body)
  if (typeof description !== 'string' || description.trim() === '') {
    return invalid('The description is empty', 'description')
  }
  const [source, target] = [readMatcher(sourceMatcher, matcherTypes), readMatcher(targetMatcher, matcherTypes)]
  if (source === undefined) return invalid('The matcher is not valid', 'sourceMatcher')
  if (target === undefined) return invalid('The matcher is not valid', 'targetMatcher')
  return { description, source, target }
}

function list({ state, query, features }: Context, here: Here): Reply {
  const scopes = scopesAbove(here)
  const found = state.code.defaultTasks.filter(({ scope }) => scopes.includes(scope))
  const isRendered = ['', 'true'].includes(query.get('markup') ?? 'false')
  return page(found, query, features.pageLimit, (task) => ({
    ...show(task),
    ...(isRendered && { html: html`<p>${task.description}</p>`.text }),
  }))
}

function create({ state, body }: Context, { scope }: Here): Reply {
  const made = read(body)
  if ('status' in made) return made
  const task = { id: state.instance.nextId++, scope, ...made }
  state.code.defaultTasks.push(task)
  return ok(show(task))
}

/** The documents know no 404 of a task here: an id that is not there is a malformed request. */
function update({ state, body, path }: Context, { scope }: Here): Reply {
  const found = state.code.defaultTasks.find((one) => one.scope === scope && String(one.id) === path['id'])
  if (found === undefined) return invalid(`There is no default task ${path['id']}`, 'id')
  const made = read(body)
  return 'status' in made ? made : ok(show(Object.assign(found, made)))
}

/** At a repository the task of its project is found, and stays (seen on real servers, catalogue 5). */
function remove({ state: { code }, path }: Context, here: Here): Reply {
  const scopes = scopesAbove(here)
  const found = code.defaultTasks.find(({ id, scope }) => String(id) === path['id'] && scopes.includes(scope))
  if (found === undefined) return absent(`There is no default task ${path['id']}`)
  if (found.scope === here.scope) code.defaultTasks = code.defaultTasks.filter((one) => one !== found)
  return noContent()
}

function removeAll({ state: { code } }: Context, { scope }: Here): Reply {
  code.defaultTasks = code.defaultTasks.filter((one) => one.scope !== scope)
  return noContent()
}

function routesOf(base: string, { read: look, change }: Place): readonly Route[] {
  const all = `${base}/tasks`
  const one = `${all}/{id}`
  return [
    { method: 'GET', path: all, needs: 'anyone', handle: look(list) },
    { method: 'POST', path: all, needs: 'PERSON', handle: change(create) },
    { method: 'DELETE', path: all, needs: 'PERSON', handle: change(removeAll) },
    { method: 'PUT', path: one, needs: 'PERSON', handle: change(update) },
    { method: 'DELETE', path: one, needs: 'PERSON', handle: change(remove) },
  ]
}

export const defaultTaskRoutes: readonly Route[] = ofBoth('/default-tasks/{version}', routesOf)
