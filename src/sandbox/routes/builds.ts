/** Build status, of a repository (7.14 and later) and of a commit alone (older, still there). */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { isCommit } from '../branches.js'
import type { Build, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { inRepository } from '../scopes.js'
import type { SandboxState } from '../state.js'
import { type Fields, fieldsOf } from './settings.js'

const base = '/api/{version}/projects/{project}/repos/{repository}/commits/{commit}/builds'
const plain = '/build-status/{version}/commits'

const states = ['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'CANCELLED', 'UNKNOWN']
/** Until 7.14 and by the old endpoint. */
const oldStates = states.slice(0, 3)
const texts = ['key', 'name', 'description', 'parent', 'ref', 'buildNumber'] as const

function refuseBuild(commit: string, fields: Fields, known: readonly string[]): Reply | undefined {
  const { key, state, url, duration, testResults, ref } = fields
  if (!isCommit(commit)) return invalid(`${commit} is not a full hash of a commit`, 'commitId')
  if (typeof key !== 'string' || key === '') return invalid('A key is needed', 'key')
  if (!known.includes(String(state))) return invalid(`One of ${known.join(', ')}`, 'state')
  if (typeof url !== 'string' || url === '' || url.length > 450) return invalid('A URL of at most 450', 'url')
  if (!URL.canParse(url)) return invalid('The URL is not valid', 'url')
  const long = texts.find((name) => {
    const text = fields[name]
    const most = name === 'parent' ? 1024 : 255
    return text != null && (typeof text !== 'string' || text.length > most)
  })
  if (long !== undefined) return invalid('The text is too long, or none', long)
  if (typeof ref === 'string' && !ref.startsWith('refs/')) return invalid('The ref must begin with refs/', 'ref')
  if (duration != null && (!Number.isInteger(duration) || (duration as number) < 0)) {
    return invalid('The duration is in whole milliseconds', 'duration')
  }
  if (testResults == null) return undefined
  const counts = ['failed', 'skipped', 'successful'].map((name) => fieldsOf(testResults)[name] ?? 0)
  const isCounted = counts.every((count) => Number.isInteger(count) && (count as number) >= 0)
  return isCounted ? undefined : invalid('Counts are needed', 'testResults')
}

function store({ state, body, now }: Context, commit: string, scope: Scope | undefined): void {
  const fields = fieldsOf(body)
  const { key, dateAdded, lastUpdated } = fields
  const kept = [...texts, 'state', 'url', 'duration', 'testResults'].flatMap((name) =>
    fields[name] == null ? [] : [[name, fields[name]] as const],
  )
  const updatedDate = [lastUpdated, dateAdded].find((time) => typeof time === 'number') ?? now
  const known = findBuild(state, commit, String(key), scope)
  const made: Build = {
    ...(scope === undefined ? {} : { scope }),
    commit: commit.toLowerCase(),
    key: String(key),
    createdDate: known?.createdDate ?? now,
    updatedDate,
    fields: Object.fromEntries(kept),
  }
  if (known === undefined) state.code.builds.push(made)
  else Object.assign(known, made)
}

function findBuild({ code }: SandboxState, commit: string, key: string, scope: Scope | undefined): Build | undefined {
  const id = commit.toLowerCase()
  return code.builds.find((build) => build.commit === id && build.key === key && build.scope === scope)
}

function show(build: Build, repository?: Repository): Record<string, unknown> {
  const { key, createdDate, updatedDate, fields } = build
  const where = repository === undefined ? {} : { projectKey: repository.project, repositorySlug: repository.slug }
  return { key, createdDate, updatedDate, ...fields, ...where }
}

function postHere(context: Context, _: Repository, scope: Scope): Reply {
  const commit = context.path['commit'] ?? ''
  const refusal = refuseBuild(commit, fieldsOf(context.body), states)
  if (refusal !== undefined) return refusal
  store(context, commit, scope)
  return noContent()
}

function getHere({ state, path, query }: Context, repository: Repository, scope: Scope): Reply {
  const refusal = refuseKey(path['commit'], query)
  if (refusal !== undefined) return refusal
  const found = findBuild(state, path['commit'] ?? '', query.get('key') ?? '', scope)
  if (found !== undefined) return ok(show(found, repository))
  return failure(404, 'NoSuchEntityException', 'There is no such build status')
}

/** One that is not there is gone already. */
function deleteHere({ state, path, query }: Context, _: Repository, scope: Scope): Reply {
  const refusal = refuseKey(path['commit'], query)
  if (refusal !== undefined) return refusal
  const found = findBuild(state, path['commit'] ?? '', query.get('key') ?? '', scope)
  state.code.builds = state.code.builds.filter((build) => build !== found)
  return noContent()
}

function refuseKey(commit: string | undefined, query: URLSearchParams): Reply | undefined {
  if (!isCommit(commit)) return invalid('Not a full hash of a commit', 'commitId')
  return (query.get('key') ?? '') === '' ? invalid('A key is needed', 'key') : undefined
}

function postPlain(context: Context): Reply {
  const commit = context.path['commit'] ?? ''
  const refusal = refuseBuild(commit, fieldsOf(context.body), oldStates)
  if (refusal !== undefined) return refusal
  store(context, commit, undefined)
  return noContent()
}

function ofCommit({ code }: SandboxState, commit: string): readonly Build[] {
  const id = commit.toLowerCase()
  return code.builds.filter((build) => build.commit === id)
}

/** "limited to the most recent 100 build statuses" */
function listPlain({ state, path, query, features }: Context): Reply {
  const order = query.get('orderBy')?.toUpperCase()
  const newest = [...ofCommit(state, path['commit'] ?? '')].sort((a, b) => b.updatedDate - a.updatedDate).slice(0, 100)
  const found = order === 'OLDEST' ? newest.reverse() : newest
  return page(
    found.map((build) => show(build)),
    query,
    features.pageLimit,
  )
}

const counters = {
  cancelled: 'CANCELLED',
  failed: 'FAILED',
  inProgress: 'INPROGRESS',
  successful: 'SUCCESSFUL',
  unknown: 'UNKNOWN',
} as const

function count(builds: readonly Build[]): Record<string, number> {
  const counts = Object.entries(counters).map(([name, state]) => [
    name,
    builds.filter(({ fields }) => fields['state'] === state).length,
  ])
  return Object.fromEntries(counts) as Record<string, number>
}

/** Commits without a build are left out. */
function countMany({ state, body }: Context): Reply {
  const ids = Array.isArray(body) ? body.filter(isCommit) : []
  const counted = ids.map((id) => [id, ofCommit(state, id)] as const).filter(([, builds]) => builds.length > 0)
  return ok(Object.fromEntries(counted.map(([id, builds]) => [id, count(builds)])))
}

export const buildRoutes: readonly Route[] = [
  { method: 'GET', path: base, needs: 'anyone', since: '7.14', handle: inRepository('REPO_READ', getHere) },
  { method: 'POST', path: base, needs: 'PERSON', since: '7.4', handle: inRepository('REPO_READ', postHere) },
  { method: 'DELETE', path: base, needs: 'PERSON', since: '7.14', handle: inRepository('REPO_ADMIN', deleteHere) },
  { method: 'POST', path: `${plain}/stats`, needs: 'LICENSED_USER', handle: countMany },
  {
    method: 'GET',
    path: `${plain}/stats/{commit}`,
    needs: 'LICENSED_USER',
    handle: ({ state, path }) => ok(count(ofCommit(state, path['commit'] ?? ''))),
  },
  { method: 'GET', path: `${plain}/{commit}`, needs: 'LICENSED_USER', handle: listPlain },
  { method: 'POST', path: `${plain}/{commit}`, needs: 'LICENSED_USER', handle: postPlain },
]
