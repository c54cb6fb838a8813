/** Default reviewers: P-16 and R-15 of the catalogue. Written as `sourceMatcher`, read as `sourceRefMatcher`. */
import { failure, invalid, noContent, ok, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { ReviewerCondition } from '../code-state.js'
import { matcherTypes, readMatcher, showMatcher } from '../matchers.js'
import type { Context, Route } from '../router.js'
import { showPerson } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { fieldsOf } from './settings.js'

function show(state: SandboxState, one: ReviewerCondition): Record<string, unknown> {
  const { id, scope, source, target, reviewers, requiredApprovals } = one
  return {
    id,
    scope: showScope(scope),
    sourceRefMatcher: showMatcher(source),
    targetRefMatcher: showMatcher(target),
    reviewers: reviewers.map((name) => showPerson(state, name)),
    requiredApprovals,
  }
}

/** Users by their number: a name alone leads to "User with ID -1" (seen on real servers). */
function readReviewers({ users }: SandboxState, given: unknown): string[] | Reply {
  if (!Array.isArray(given) || given.length === 0) return invalid('At least one reviewer is needed', 'reviewers')
  const names: string[] = []
  for (const one of given) {
    const id = Number(fieldsOf(one)['id'] ?? -1)
    const name = Object.keys(users).find((known) => users[known]?.id === id)
    if (name === undefined) return invalid(`User with ID ${id} does not exist`, 'reviewers')
    names.push(name)
  }
  return [...new Set(names)]
}

function read(
  state: SandboxState,
  { scope }: Pick<Here, 'scope'>,
  body: unknown,
): Omit<ReviewerCondition, 'id'> | Reply {
  const { sourceMatcher, targetMatcher, reviewers, requiredApprovals } = fieldsOf(body)
  const [source, target] = [readMatcher(sourceMatcher, matcherTypes), readMatcher(targetMatcher, matcherTypes)]
  if (source === undefined) return invalid('The matcher is not valid', 'sourceMatcher')
  if (target === undefined) return invalid('The matcher is not valid', 'targetMatcher')
  const names = readReviewers(state, reviewers)
  if ('status' in names) return names
  const count = requiredApprovals ?? 0
  if (!Number.isInteger(count) || (count as number) < 0 || (count as number) > names.length) {
    return invalid('A number from 0 to that of the reviewers', 'requiredApprovals')
  }
  return { scope, source, target, reviewers: names, requiredApprovals: count as number }
}

/** A bare list, with those of the project at a repository. */
function list({ state }: Context, here: Here): Reply {
  const scopes = scopesAbove(here)
  return ok(state.code.reviewerConditions.filter(({ scope }) => scopes.includes(scope)).map((one) => show(state, one)))
}

function create({ state, body }: Context, here: Here): Reply {
  const made = read(state, here, body)
  if ('status' in made) return made
  const condition = { id: state.instance.nextId++, ...made }
  state.code.reviewerConditions.push(condition)
  return ok(show(state, condition))
}

/** At a repository that of the project is found, too, and changed where it is (seen on real servers). */
function find({ state, path }: Context, here: Here): ReviewerCondition | undefined {
  const scopes = scopesAbove(here)
  return state.code.reviewerConditions.find(({ id, scope }) => String(id) === path['id'] && scopes.includes(scope))
}

const noCondition = (id: string | undefined): Reply => failure(404, 'NoSuchEntityException', `No condition ${id}`)

/** The documents know no 404 here: an id that is not there is a malformed request. */
function update(context: Context, here: Here): Reply {
  const { state, body, path } = context
  const found = find(context, here)
  if (found === undefined) return invalid(`There is no condition ${path['id']}`, 'id')
  const made = read(state, found, body)
  if ('status' in made) return made
  return ok(show(state, Object.assign(found, made)))
}

function remove(context: Context, here: Here): Reply {
  const { code } = context.state
  const found = find(context, here)
  if (found === undefined) return noCondition(context.path['id'])
  code.reviewerConditions = code.reviewerConditions.filter((one) => one !== found)
  return noContent()
}

function routesOf(base: string, { read: look, change }: Place): readonly Route[] {
  return [
    { method: 'GET', path: `${base}/conditions`, needs: 'anyone', handle: look(list) },
    { method: 'POST', path: `${base}/condition`, needs: 'PERSON', handle: change(create) },
    { method: 'PUT', path: `${base}/condition/{id}`, needs: 'PERSON', handle: change(update) },
    { method: 'DELETE', path: `${base}/condition/{id}`, needs: 'PERSON', handle: change(remove) },
  ]
}

export const defaultReviewerRoutes: readonly Route[] = ofBoth('/default-reviewers/{version}', routesOf)
