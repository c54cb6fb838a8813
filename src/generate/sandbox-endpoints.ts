/** The list of what the sandbox serves and what each endpoint rests on. */
import { allSteps } from '../../test/contract/all-steps.js'
import { type Excuse, unprovoked, unread } from '../../test/contract/excuses.js'
import type { Defect } from '../../test/contract/openapi.js'
import defects from '../../test/contract/openapi-defects.json' with { type: 'json' }

import { featuresOf } from '../sandbox/options.js'
import { createRouter } from '../sandbox/router.js'
import { allRoutes } from '../sandbox/routes.js'

const clients = 'seen in third parties’ clients; in neither document'

/** Where the documents are not both the ground; the first that fits counts. */
const grounds: readonly (readonly [prefix: string, ground: string])[] = [
  ['/access-tokens/{version}/admin', 'knowledge base and pages of 8.3; in neither document'],
  ['/oauth2/', 'seen in a third party’s client; in neither document'],
  ['/branch-utils/{version}/projects/{project}/branchmodel', clients],
  ['/branch-utils/{version}/projects/{project}/repos/{repository}/branchmodel', clients],
  ['/acme-', 'made up: an app that stands for any'],
  ['/authconfig/', '9.4; the document of 10.0 leaves it out, 10.x has it (third party)'],
  ['/basicauth/', '9.4; the document of 10.0 leaves it out, 10.x has it (third party)'],
  ['/api/{version}/logs/settings', '10.0 (since 9.6)'],
  ['/ssh/{version}/admin', '9.4 and 10.0, which print it without its module'],
]

export const both = '9.4 and 10.0'

export interface Endpoint {
  readonly method: string
  readonly path: string
  readonly since: string
  readonly ground: string
}

const routes = allRoutes(featuresOf({ bitbucket: '10.2' }), '10.2.1')
const find = createRouter(routes)

/** `PUT /api/latest/admin/banner` */
export function nameOf({ method, path }: Pick<Endpoint, 'method' | 'path'>): string {
  return `${method} ${path.replace('{version}', 'latest')}`
}

/** The name of the endpoint that a request reaches; of the path what stands between `/rest` and the query. */
export function endpointOf(method: string, path: string): string | undefined {
  const match = find(method, path)
  if (match.found !== 'route') return undefined
  return nameOf({ method, path: match.route.path.replace(/^(\/[\w-]+)\/[12]\.0\//u, '$1/latest/') })
}

/** All endpoints of the newest version, by path. */
export function listEndpoints(): readonly Endpoint[] {
  const rows = routes.map(({ method, path, since = 'all' }) => {
    const ground = grounds.find(([prefix]) => path.startsWith(prefix))?.[1] ?? both
    return { method, path, since, ground }
  })
  return rows.sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1))
}

/** The statuses that the steps of the test provoke, by endpoint: each step fails where its answer is another. */
function provokedStatuses(): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const { method, path, status } of allSteps) {
    const name = endpointOf(method, path.replace(/^\/rest/u, '').replace(/\?.*$/u, '')) ?? ''
    found.set(name, (found.get(name) ?? new Set()).add(status))
  }
  return found
}

const unlisted = (defects as readonly Partial<Defect>[]).filter(({ problem }) => problem === 'has no such status')

/** Whether a document has no such status of an endpoint, and the test forgives that for a reason. */
function isUnlisted(name: string, status: number): boolean {
  return unlisted.some((defect) => {
    const [method = '', path = ''] = name.split(' ')
    const pattern = new RegExp(`^${(defect.path ?? '').replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u')
    return defect.status === status && (defect.method ?? method) === method && pattern.test(path)
  })
}

/** Those that no client can provoke, each with the number of its reason. */
function excusedStatuses(name: string): readonly string[] {
  return unprovoked.flatMap(({ names }, index) =>
    names.filter((one) => one.endsWith(` ${name}`)).map((one) => `${one.split(' ')[0]} (${index + 1})`),
  )
}

function showReason({ names, documents, reason }: Excuse, index: number): string {
  const shown = names.map((name) => `\`${name.replace(' /', ' /rest/')}\``).join(', ')
  return `${index + 1}. ${shown}${documents === undefined ? '' : ` (${documents.join(', ')} only)`}: ${reason}`
}

export function endpointsPage(): string {
  const provoked = provokedStatuses()
  const rows = listEndpoints().map((endpoint) => {
    const { method, path, since, ground } = endpoint
    const name = nameOf(endpoint)
    const statuses = [...(provoked.get(name) ?? [])].sort((a, b) => a - b)
    const seen = statuses.map((status) => (isUnlisted(name, status) ? `${status}*` : String(status)))
    const cells = [method, `\`/rest${path.replace('{version}', 'latest')}\``, since, ground]
    return `| ${[...cells, seen.join(' '), excusedStatuses(name).join(' ')].join(' | ')} |`
  })
  return `# Endpoints of the sandbox

The column "ground" says what an endpoint rests on. Where it names an official OpenAPI document, a test sends real requests to a sandbox like 9.4 and to one like 10.2, and judges each answer, in success and in failure, by the document of 9.4 and by that of 10.0, the nearest to 10.2; where a document is known to be wrong stands, with the reason, in \`test/contract/openapi-defects.json\`. Any other ground is a report of a third party or an old page, or nothing at all where it says so, and no document judges those answers.

"Seen in the test" are the statuses that these requests provoke; one with a star is in no document that has the endpoint, and \`openapi-defects.json\` says what it rests on instead: a report of a third party, or an inference. The test fails where a document lists a status for an endpoint that is neither seen nor under "not provoked", which gives the number of the [reason](#what-no-request-provokes).

Complete documents of 7.21, 8.19 and 10.2 are not to be had: what a version lacks follows Atlassian's change logs and reports of third parties. Beside REST there are \`/status\`, and \`authorize\`, \`token\` and, where switched on, \`revoke\` of \`/rest/oauth2/latest\`, which no document of the API describes.

The sandbox holds no Git: every full hash is a commit, and a branch has one that follows from its name. Names of exceptions that no report shows are those of the Java API.

| method | path | since | ground | seen in the test | not provoked |
|---|---|---|---|---|---|
${rows.join('\n')}

## What no request provokes

${unprovoked.map(showReason).join('\n')}

## What is not read of a query

Parameters that a document lists and no request of the test makes the sandbox read; it reads all others.

${unread.map(showReason).join('\n')}
`
}
