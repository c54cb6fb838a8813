/** Every answer of the sandbox as the official documents describe it: all endpoints, in success and in failure. */
import { afterAll, describe, expect, it, vi } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.js'
import { asForm, asJson } from '../../src/bitbucket/content.js'
import { compareVersions } from '../../src/model/version.js'
import { allSteps } from './all-steps.js'
import { excusedIn, unprovoked, unread } from './excuses.js'
import { endpointOf, listEndpoints, nameOf } from '../../src/generate/sandbox-endpoints.js'
import {
  defects,
  documentedParameters,
  documentedStatus,
  documentedStatuses,
  documentVersions,
  hasDocuments,
  unusedDefects,
  validateRequest,
  validateResponse,
} from './openapi.js'
import { api } from './steps.js'

/** The documents are of 9.4 and 10.0; a sandbox is like 9.4 or like 10.2, which has no document of its own. */
const pairs = [
  ['9.4', '9.4'],
  ['10.2', '10.0'],
] as const

interface Answered {
  readonly method: string
  /** Between `/rest` and the query. */
  readonly path: string
  readonly status: number
  /** The parameters of the query that the sandbox looked for. */
  readonly read: readonly string[]
}
const answered = new Map<string, readonly Answered[]>()

/** The sandbox runs in this process: what it looks for in a query is seen, and answered as ever. */
const lookups = (['get', 'getAll', 'has'] as const).map((method) => vi.spyOn(URLSearchParams.prototype, method))

/** The endpoints that a version serves, by name. */
function namesServed(bitbucket: string): readonly string[] {
  return listEndpoints()
    .filter(({ since }) => since === 'all' || compareVersions(bitbucket, since) >= 0)
    .map(nameOf)
}

describe('the sandbox answers as documented', () => {
  it.each(pairs)('like %s, by the document of %s', async (bitbucket, document) => {
    const sandbox = await startSandbox({ port: 0, bitbucket })
    const answers: Answered[] = []
    try {
      let last = ''
      let key = ''
      for (const step of allSteps) {
        const { method, body, form, status, since = '0', as = sandbox.username } = step
        const path = step.path.replace('{last}', last).replace('{key}', key)
        if (compareVersions(bitbucket, since) < 0) continue
        const authorization = `Basic ${Buffer.from(`${as}:${sandbox.password}`).toString('base64')}`
        const content = form === undefined ? (body === undefined ? undefined : asJson(body)) : asForm(form)
        for (const lookup of lookups) lookup.mockClear()
        const response = await fetch(sandbox.url + path, {
          method,
          headers: {
            accept: 'application/json',
            ...(as === 'nobody' ? {} : { authorization }),
            ...(content === undefined ? {} : { 'content-type': content.type, 'x-atlassian-token': 'no-check' }),
          },
          ...(content === undefined ? {} : { body: content.body }),
        })
        const read = lookups.flatMap((lookup) => lookup.mock.calls.map(([name]) => name))
        const text = await response.text()
        const isText = response.headers.get('content-type')?.startsWith('text/plain') === true
        const answer: unknown = text === '' || isText ? undefined : JSON.parse(text)
        last = idOf(answer) ?? last
        key = keyOf(answer) ?? key
        const found = {
          status: response.status,
          request: step.isWrong === true || form !== undefined ? [] : validateRequest(method, path, body, [document]),
          response: isText ? [] : validateResponse(method, path, response.status, answer, [document]),
        }
        expect({ step, ...found }).toEqual({ step, status, request: [], response: [] })
        const plain = (path.split('?')[0] ?? '').replace(/^\/rest/u, '')
        answers.push({ method, path: plain, status: response.status, read })
      }
    } finally {
      await sandbox.close()
    }
    answered.set(bitbucket, answers)
  })

  it.skipIf(!hasDocuments).each(pairs)('like %s, with all statuses of the document of %s', (bitbucket, document) => {
    const provoked = new Set(
      (answered.get(bitbucket) ?? []).map(({ method, path, status }) => {
        return `${documentedStatus(method, path, status, document)} ${endpointOf(method, path)}`
      }),
    )
    const listed = namesServed(bitbucket).flatMap((name) => {
      const [method = '', path = ''] = name.split(' ')
      return (documentedStatuses(method, path, document) ?? []).map((status) => `${status} ${name}`)
    })
    const missing = listed.filter((answer) => !provoked.has(answer))
    // None without an excuse, and no excuse for what was provoked or is in no document.
    expect(missing.sort()).toEqual([...excusedIn(unprovoked, document)].sort())
  })

  it.skipIf(!hasDocuments).each(pairs)(
    'like %s, reading what the document of %s has in a query',
    (bitbucket, document) => {
      const read = new Set(
        (answered.get(bitbucket) ?? []).flatMap(({ method, path, read }) =>
          read.map((name) => `?${name} ${endpointOf(method, path)}`),
        ),
      )
      const listed = namesServed(bitbucket).flatMap((name) => {
        const [method = '', path = ''] = name.split(' ')
        // `permission.N` stands for `permission.1` and so on.
        return documentedParameters(method, path, document).map((one) => `?${one.replace(/\.N$/u, '.1')} ${name}`)
      })
      const missing = listed.filter((parameter) => !read.has(parameter))
      expect(missing.sort()).toEqual([...excusedIn(unread, document)].sort())
    },
  )

  it.skipIf(!hasDocuments)('knows a wrong answer and a wrong request when it sees one', () => {
    const path = `${api}/groups`
    expect(validateResponse('GET', path, 200, { values: [{ name: 1 }] })).toHaveLength(2)
    expect(validateResponse('GET', path, 200, { values: [{ nom: 'a' }] })).toHaveLength(2)
    expect(validateResponse('GET', path, 299, {})).toHaveLength(2)
    expect(validateRequest('POST', path, undefined)).toHaveLength(2)
    expect(validateRequest('PUT', `${api}/banner`, { audience: 'NOBODY' })).toHaveLength(2)
    expect(validateRequest('PUT', `${api}/mail-server`, { 'sender-address': 'a@b' })).toHaveLength(2)
    expect(validateRequest('GET', '/rest/api/latest/nonsense', undefined)).toHaveLength(2)
  })

  afterAll(() => {
    // A list of mistakes that are none any more would excuse new ones.
    if (hasDocuments) expect(unusedDefects()).toEqual([])
  })
})

/** What a creation answered; pages and refusals have no id. */
function idOf(answer: unknown): string | undefined {
  const id: unknown = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined
  return typeof id === 'number' || typeof id === 'string' ? String(id) : undefined
}

/** The id of an access key, which stands inside. */
function keyOf(answer: unknown): string | undefined {
  return typeof answer === 'object' && answer !== null && 'key' in answer ? idOf(answer.key) : undefined
}

describe.skipIf(!hasDocuments)('the list of endpoints', () => {
  it('names the documents that have each', () => {
    const strange = listEndpoints().filter(({ method, path, ground }) => {
      const documents = documentVersions.filter((version) => {
        const [problem] = validateRequest(method, `/rest${path.replace('{version}', 'latest')}`, undefined, [version])
        return problem?.endsWith('is not in the document') !== true
      })
      const wanted = /^9\.4 and 10\.0/u.test(ground)
        ? ['9.4', '10.0']
        : documentVersions.filter((one) => ground.startsWith(one))
      return wanted.some((version) => !documents.some((one) => one === version))
    })
    expect(strange).toEqual([])
  })
})

describe('the list of defects', () => {
  it('gives a reason for each, and each stands alone', () => {
    for (const { reason } of defects) expect(reason.length).toBeGreaterThan(20)
    expect(new Set(defects.map(({ reason: _, ...pattern }) => JSON.stringify(pattern))).size).toBe(defects.length)
  })
})

describe.each([
  ['statuses', unprovoked],
  ['parameters', unread],
])('the list of excused %s', (_, excuses) => {
  it('gives a reason for each, names each once, and only of endpoints that there are', () => {
    for (const { reason } of excuses) expect(reason.length).toBeGreaterThan(20)
    const endpoints = listEndpoints().map(nameOf)
    for (const document of documentVersions) {
      const names = excusedIn(excuses, document)
      expect(new Set(names).size).toBe(names.length)
      expect(names.filter((name) => !endpoints.includes(name.replace(/^\S+ /u, '')))).toEqual([])
    }
  })
})
