/**
 * Who runs this, as far as the environment knows: for the report of an apply and for the `User-Agent`.
 *
 * Only variables that a build server sets for every job are read. Who approved a change is known to few of them.
 */
import type { Audit } from '../model/outcome.js'
import type { Environment } from './settings.js'

type Variable = string | readonly [string, ...string[]]

/** The variables of one build server. A list is joined by slashes where all of it is set. */
interface BuildServer {
  readonly name: string
  /** Set in every job of it. */
  readonly mark: string
  readonly commit: readonly Variable[]
  readonly actor: readonly Variable[]
  readonly approver?: readonly Variable[]
  readonly runUrl: readonly Variable[]
  readonly run: readonly Variable[]
}

const buildServers: readonly BuildServer[] = [
  {
    name: 'github',
    mark: 'GITHUB_ACTIONS',
    commit: ['GITHUB_SHA'],
    actor: ['GITHUB_TRIGGERING_ACTOR', 'GITHUB_ACTOR'],
    runUrl: [],
    run: [['GITHUB_RUN_ID', 'GITHUB_RUN_ATTEMPT'], 'GITHUB_RUN_ID'],
  },
  {
    name: 'gitlab',
    mark: 'GITLAB_CI',
    commit: ['CI_COMMIT_SHA'],
    actor: ['GITLAB_USER_LOGIN'],
    runUrl: ['CI_JOB_URL', 'CI_PIPELINE_URL'],
    run: ['CI_JOB_ID'],
  },
  {
    name: 'bitbucket',
    mark: 'BITBUCKET_BUILD_NUMBER',
    commit: ['BITBUCKET_COMMIT'],
    actor: ['BITBUCKET_STEP_TRIGGERER_UUID'],
    runUrl: [],
    run: ['BITBUCKET_BUILD_NUMBER'],
  },
  {
    name: 'bamboo',
    mark: 'bamboo_buildKey',
    commit: ['bamboo_planRepository_revision', 'bamboo_repository_revision_number'],
    actor: ['bamboo_ManualBuildTriggerReason_userName'],
    runUrl: ['bamboo_resultsUrl', 'bamboo_buildResultsUrl'],
    run: ['bamboo_buildResultKey'],
  },
  {
    name: 'jenkins',
    mark: 'JENKINS_URL',
    commit: ['GIT_COMMIT'],
    actor: ['BUILD_USER_ID', 'BUILD_USER', 'CHANGE_AUTHOR'],
    approver: ['APPROVER'],
    runUrl: ['BUILD_URL'],
    run: ['BUILD_TAG'],
  },
]

/** What a run is called in the access log of the server, and who started it. */
export interface RunIdentity {
  readonly audit: Audit
  /** `github 4711/1`; absent outside of a known build server. */
  readonly run?: string
}

/** Reads who runs this. Values are cut to one line without control characters. */
export function identifyRun(environment: Environment): RunIdentity {
  const server = buildServers.find(({ mark }) => (environment[mark] ?? '') !== '')
  if (server === undefined) return { audit: {} }
  const first = (variables: readonly Variable[] = []): string | undefined => {
    const found = variables.map((variable) => readVariable(environment, variable))
    return found.find((value) => value !== undefined)
  }
  const runUrl = first(server.runUrl) ?? composedUrl(server.name, environment)
  const fields = { commit: first(server.commit), actor: first(server.actor), approver: first(server.approver), runUrl }
  const known = Object.entries(fields).filter(([, value]) => value !== undefined)
  const run = first(server.run)
  return {
    audit: Object.fromEntries(known) as Audit,
    ...(run === undefined ? {} : { run: `${server.name} ${run}` }),
  }
}

function readVariable(environment: Environment, variable: Variable): string | undefined {
  const names = typeof variable === 'string' ? [variable] : variable
  const values = names.map((name) => tidy(environment[name] ?? ''))
  return values.includes('') ? undefined : values.join('/')
}

/** One line of at most 500 characters. An address may carry credentials before an @; they stay here. */
function tidy(value: string): string {
  const line = value
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .trim()
    .slice(0, 500)
  return line.replace(/^(https?:\/\/)[^/@]*@/u, '$1')
}

function composedUrl(name: string, environment: Environment): string | undefined {
  const read = (variable: string): string => tidy(environment[variable] ?? '')
  if (name === 'github') {
    const [server, repository, run] = ['GITHUB_SERVER_URL', 'GITHUB_REPOSITORY', 'GITHUB_RUN_ID'].map(read)
    return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined
  }
  const [origin, build] = ['BITBUCKET_GIT_HTTP_ORIGIN', 'BITBUCKET_BUILD_NUMBER'].map(read)
  if (name !== 'bitbucket' || !origin || !build) return undefined
  return `${origin.replace(/^http:/u, 'https:')}/pipelines/results/${build}`
}

/** What the run is, for the comment of a `User-Agent`: `apply; run github 4711/1`. Safe inside a header. */
export function purposeOf(command: string, { run }: Pick<RunIdentity, 'run'>): string {
  const words = run === undefined ? command : `${command}; run ${run}`
  return words.replaceAll(/[^A-Za-z0-9 ;/._:-]/gu, '-').slice(0, 120)
}
