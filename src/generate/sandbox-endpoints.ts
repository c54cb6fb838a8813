/** The list of what the sandbox serves and what each endpoint rests on. */
import { featuresOf } from '../sandbox/options.js'
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

/** All endpoints of the newest version, by path. */
export function listEndpoints(): readonly Endpoint[] {
  const routes = allRoutes(featuresOf({ bitbucket: '10.2' }), '10.2.1')
  const rows = routes.map(({ method, path, since = 'all' }) => {
    const ground = grounds.find(([prefix]) => path.startsWith(prefix))?.[1] ?? both
    return { method, path, since, ground }
  })
  return rows.sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1))
}

export function endpointsPage(): string {
  const rows = listEndpoints().map(
    ({ method, path, since, ground }) =>
      `| ${method} | \`/rest${path.replace('{version}', 'latest')}\` | ${since} | ${ground} |`,
  )
  return `# Endpoints of the sandbox

Answers of each were checked against the official OpenAPI documents named in the last column, in success and in failure; where these are known to be wrong stands, with the reason, in \`test/contract/openapi-defects.json\`. Complete documents of 7.21, 8.19 and 10.2 are not to be had: what a version lacks follows Atlassian's change logs and reports of third parties. Beside REST there are \`/status\`, and \`authorize\`, \`token\` and, where switched on, \`revoke\` of \`/rest/oauth2/latest\`, which no document of the API describes.

The sandbox holds no Git: every full hash is a commit, and a branch has one that follows from its name. Names of exceptions that no report shows are those of the Java API.

| method | path | since | ground |
|---|---|---|---|
${rows.join('\n')}
`
}
