/**
 * Which paths the escape hatch may use.
 *
 * A path is judged as the server will read it: whatever could make it mean another place (a host, dots, encoded or
 * doubled slashes, semicolons, backslashes, queries) is refused, not repaired. What issues or stores credentials is
 * refused wherever it stands in the path, since a reviewed file must not be able to make or take one.
 */

/** Why a path is refused, and what to do. */
export interface PathProblem {
  readonly refused: string
  readonly hint: string
}

const forbidden = new Set([
  ...['oauth', 'oauth2', 'access-tokens', 'applinks', 'applinks-oauth', 'authconfig', 'basicauth', 'tsv', 'secrets'],
  ...['ssh', 'gpg', 'keys', 'credentials', 'password', 'passwords', 'plugins', 'license'],
])

/**
 * What is wrong with a path, `undefined` where it may be used.
 * @param coveredBy the kind that has an endpoint, by its path below `/rest`.
 */
export function judgeRestPath(
  path: string,
  coveredBy: (endpoint: string) => string | undefined,
): PathProblem | undefined {
  const plain = 'Write the path as the server has it: /rest/module/version/rest-of-the-path.'
  if (!/^\/rest(?:\/[\w.~@-]+){2,}$/u.test(path)) {
    return { refused: `${JSON.stringify(path)} is not a plain path below /rest`, hint: plain }
  }
  const url = new URL(path, 'https://server.invalid')
  if (url.host !== 'server.invalid' || url.pathname !== path) {
    return { refused: `${path} means another place (${url.pathname})`, hint: plain }
  }
  const segments = path.toLowerCase().split('/').slice(2)
  const word = segments.find((segment) => forbidden.has(segment))
  if (word !== undefined) {
    const hint = 'What issues or stores credentials, and what installs code, is not written from a file.'
    return { refused: `${path} is refused: ${word} is not for this`, hint }
  }
  const kind = coveredBy(path.slice('/rest'.length))
  if (kind === undefined) return undefined
  return {
    refused: `${path} belongs to the setting ${kind}`,
    hint: `Declare ${kind} instead (bbstate explain ${kind}).`,
  }
}
