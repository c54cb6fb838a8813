/** Rules and exemptions of secret scanning, and the repositories that they name, over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, exceptions, openSandbox, password, send } from './visitor.js'

const rest = '/rest/api/latest'
const rules = `${rest}/secret-scanning/rules`
const exempt = `${rest}/secret-scanning/exempt`

const make = (sandbox: Sandbox, body: object): Promise<Answer> => send(sandbox, 'POST', rules, { body })
const idOf = (answer: Answer): number => (JSON.parse(answer.text) as { id: number }).id

async function namesOf(sandbox: Sandbox, query = ''): Promise<unknown[]> {
  return (await send(sandbox, 'GET', rules + query)).json.values.map((rule) => rule['name'])
}

describe('a rule', () => {
  it.each([
    ['no name', { lineRegex: 'a' }, 'name'],
    ['no expression', { name: 'a' }, 'lineRegex'],
    ['an expression that Java refuses, for lines', { name: 'a', lineRegex: '(' }, 'lineRegex'],
    ['an expression that Java refuses, for paths', { name: 'a', lineRegex: 'a', pathRegex: '*.pem' }, 'pathRegex'],
    ['an empty expression', { name: 'a', pathRegex: '' }, 'pathRegex'],
    ['a number', { name: 'a', pathRegex: 7 }, 'pathRegex'],
  ])('with %s is refused, and the field named', async (_what, body, field) => {
    const sandbox = await openSandbox()
    const refused = await make(sandbox, body)
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, field])
    expect(await namesOf(sandbox)).toEqual([])
  })

  it('may use what only Java writes', async () => {
    const sandbox = await openSandbox()
    expect((await make(sandbox, { name: 'a', lineRegex: '(?i)secret[a-z&&[^x]]++' })).status).toBe(200)
  })

  it('is found by a part of its name, in the order that is asked for', async () => {
    const sandbox = await openSandbox()
    for (const name of ['beta', 'Alpha', 'gamma']) await make(sandbox, { name, lineRegex: 'x' })
    expect(await namesOf(sandbox)).toEqual(['beta', 'Alpha', 'gamma'])
    expect(await namesOf(sandbox, '?order=NAME_ASC')).toEqual(['Alpha', 'beta', 'gamma'])
    expect(await namesOf(sandbox, '?order=NAME_DESC&filter=A')).toEqual(['gamma', 'beta', 'Alpha'])
    expect(await namesOf(sandbox, '?filter=ET')).toEqual(['beta'])
    expect((await send(sandbox, 'GET', `${rules}?order=SIZE`)).status).toBe(400)
  })

  it('is replaced whole, and may be called like another', async () => {
    const sandbox = await openSandbox()
    const id = idOf(await make(sandbox, { name: 'a', lineRegex: 'x', pathRegex: 'y' }))
    await make(sandbox, { name: 'a', lineRegex: 'x' })
    const body = { name: 'b', lineRegex: null, pathRegex: 'z' }
    expect((await send(sandbox, 'PUT', `${rules}/${id}`, { body })).status).toBe(200)
    const { text } = await send(sandbox, 'GET', `${rules}/${id}`)
    expect(JSON.parse(text)).toEqual({ id, name: 'b', pathRegex: 'z', scope: { type: 'GLOBAL', resourceId: 0 } })
    expect((await send(sandbox, 'PUT', `${rules}/${id}`, { body: { name: 'b' } })).status).toBe(400)
    expect((await send(sandbox, 'PUT', `${rules}/4711`, { body })).status).toBe(404)
  })

  it('is removed without asking whether it was there', async () => {
    const sandbox = await openSandbox()
    const id = idOf(await make(sandbox, { name: 'a', lineRegex: 'x' }))
    for (const expected of [200, 404]) {
      expect((await send(sandbox, 'GET', `${rules}/${id}`)).status).toBe(expected)
      expect((await send(sandbox, 'DELETE', `${rules}/${id}`)).status).toBe(204)
    }
  })

  it('is the administrators’ business', async () => {
    const sandbox = await openSandbox()
    const as = password(sandbox, 'alice')
    for (const path of [rules, `${rules}/1`, exempt])
      expect((await send(sandbox, 'GET', path, { as })).status).toBe(401)
  })
})

describe('an exemption', () => {
  const add = (sandbox: Sandbox, ...slugs: readonly string[]): Promise<Answer> =>
    send(sandbox, 'POST', exempt, { body: slugs.map((slug) => ({ projectKey: 'plat', slug })) })
  const slugs = async (sandbox: Sandbox, query = ''): Promise<unknown[]> =>
    (await send(sandbox, 'GET', exempt + query)).json.values.map((one) => one['slug'])
  const one = (slug: string): string => `${rest}/projects/PLAT/repos/${slug}/secret-scanning/exempt`

  it('is given all together or not at all', async () => {
    const sandbox = await openSandbox()
    expect((await add(sandbox, 'web', 'API', 'web')).status).toBe(204)
    expect(await slugs(sandbox)).toEqual(['api', 'web'])
    const twice = await add(sandbox, 'legacy-billing', 'api')
    expect([twice.status, exceptions(twice)]).toEqual([409, ['IntegrityException']])
    expect((await add(sandbox, 'legacy-billing', 'nothing')).status).toBe(404)
    expect((await add(sandbox)).status).toBe(400)
    expect(await slugs(sandbox, '?order=NAME_DESC')).toEqual(['web', 'api'])
    expect((await send(sandbox, 'GET', `${exempt}?order=SIZE`)).status).toBe(400)
  })

  it('is asked for and removed at its repository', async () => {
    const sandbox = await openSandbox()
    await add(sandbox, 'api')
    expect([(await send(sandbox, 'GET', one('api'))).text, (await send(sandbox, 'GET', one('web'))).text]).toEqual([
      'true',
      'false',
    ])
    expect((await send(sandbox, 'DELETE', one('api'))).status).toBe(204)
    expect((await send(sandbox, 'DELETE', one('api'))).status).toBe(204)
    expect((await send(sandbox, 'GET', one('api'))).text).toBe('false')
    expect((await send(sandbox, 'GET', one('nothing'))).status).toBe(404)
    expect((await send(sandbox, 'GET', one('api'), { as: password(sandbox, 'alice') })).status).toBe(401)
  })

  it('came with 8.6, and rules with 8.3', async () => {
    const old = await openSandbox({ bitbucket: '7.21' })
    expect((await send(old, 'GET', rules)).status).toBe(404)
    expect((await send(old, 'GET', exempt)).status).toBe(404)
  })
})

describe('repositories', () => {
  const slugs = async (sandbox: Sandbox, query: string, as?: string | null): Promise<unknown[]> => {
    const { json } = await send(sandbox, 'GET', `${rest}/${query}`, as === undefined ? {} : { as })
    return json.values.map((one) => one['slug'])
  }
  const all = ['warehouse', 'api', 'legacy-billing', 'web']

  it('are listed by project and in all', async () => {
    const sandbox = await openSandbox()
    expect(await slugs(sandbox, 'projects/plat/repos')).toEqual(['api', 'legacy-billing', 'web'])
    expect(await slugs(sandbox, 'repos')).toEqual(all)
    expect(await slugs(sandbox, 'repos?start=1&limit=2')).toEqual(['api', 'legacy-billing'])
    expect((await send(sandbox, 'GET', `${rest}/projects/NONE/repos`)).status).toBe(404)
  })

  it.each([
    ['name=%20legacy%20BILLING%20', ['legacy-billing']],
    ['name=legacy', []],
    ['projectkey=data', ['warehouse']],
    ['projectname=DATA&name=api', []],
    ['visibility=private&state=available&archived=all', all],
    ['visibility=public', []],
    ['archived=archived', []],
    ['state=INITIALISING', []],
    ['permission=REPO_ADMIN', all],
  ])('are found by %s', async (query, expected) => {
    const sandbox = await openSandbox()
    expect(await slugs(sandbox, `repos?${query}`)).toEqual(expected)
  })

  it('are nobody’s, and everybody’s who is licensed', async () => {
    const sandbox = await openSandbox()
    const alice = password(sandbox, 'alice')
    expect(await slugs(sandbox, 'repos', null)).toEqual([])
    expect(await slugs(sandbox, 'repos?permission=REPO_WRITE', alice)).toEqual(all)
    expect(await slugs(sandbox, 'repos?permission=REPO_ADMIN', alice)).toEqual([])
    expect((await send(sandbox, 'GET', `${rest}/projects/PLAT/repos`, { as: null })).status).toBe(401)
    expect((await send(sandbox, 'GET', `${rest}/repos?visibility=secret`)).status).toBe(400)
    expect((await send(sandbox, 'GET', `${rest}/repos?permission=KING`)).status).toBe(400)
  })
})
