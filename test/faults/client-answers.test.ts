import { describe, expect, it } from 'vitest'
import { anonymous, answer, page, refusal, startScripted, steps } from './scripted-server.js'

const path = '/api/latest/admin/banner'
const groups = '/api/latest/admin/groups'
const unrouted = answer(404, { message: 'HTTP 404 Not Found', 'status-code': 404, 'sub-code': -1 })

describe('one object', () => {
  it.each([
    ['204', answer(204)],
    ['an empty body', answer(200, '')],
    ["404 with the API's own body", refusal(404, 'NoSuchEntityException')],
  ])('is absent for %s', async (_title, step) => {
    expect(await startScripted(steps(step)).client.fresh().get(path)).toBeNull()
  })

  it('is unsupported where nothing handles the path', async () => {
    const { client } = startScripted(steps(unrouted))
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'API_UNSUPPORTED', status: 404 })
    expect(await client.fresh().has(path)).toBe(false)
  })

  it('may be asked for without its being there', async () => {
    expect(
      await startScripted(steps(refusal(404, 'NoSuchEntityException')))
        .client.fresh()
        .has(path),
    ).toBe(true)
    expect(
      await startScripted(steps(refusal(401, 'AuthorisationException')))
        .client.fresh()
        .has(path),
    ).toBe(true)
  })

  it.each([
    ['a web page', answer(200, '<!DOCTYPE html><html>Sign in</html>', { 'content-type': 'text/html' })],
    ['a cut off body', answer(200, '{"message":"Hel')],
  ])('is not understood where it is %s', async (_title, step) => {
    await expect(startScripted(steps(step)).client.fresh().get(path)).rejects.toMatchObject({ code: 'API_UNEXPECTED' })
  })

  it('is not fetched from where a redirect leads, and only the origin is told', async () => {
    const login = anonymous(302)
    const step = { ...login, headers: { ...login.headers, location: 'https://sso.example.com/in?token=s3cr3t' } }
    const { client, requests } = startScripted(steps(step))
    const error = await client
      .fresh()
      .get(path)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'API_UNEXPECTED',
      message: expect.stringContaining('https://sso.example.com;'),
    })
    expect(JSON.stringify(error) + String(error)).not.toContain('s3cr3t')
    expect(requests).toHaveLength(1)
  })
})

describe('a list', () => {
  const values = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => ({ id: from + index }))

  it('is read to the end although the server clamps and then shrinks its pages', async () => {
    const pages = [page(values(0, 500), 500, 500), page([], 700, 500), page(values(700, 710), 710, 10), page([], null)]
    const { client, requests } = startScripted((_request, count) => pages[count] ?? answer(500))
    expect(await client.fresh().list(groups)).toEqual([...values(0, 500), ...values(700, 710)])
    expect(requests.map((request) => request.path)).toEqual([
      '/rest/api/latest/admin/groups?limit=1000',
      '/rest/api/latest/admin/groups?limit=1000&start=500',
      '/rest/api/latest/admin/groups?limit=1000&start=700',
      '/rest/api/latest/admin/groups?limit=1000&start=710',
    ])
  })

  it('keeps the query that it was asked with', async () => {
    const { client, requests } = startScripted(steps(page([], null)))
    await client.fresh().list(`${groups}/more-members?context=a%20b`)
    expect(requests[0]?.path).toBe('/rest/api/latest/admin/groups/more-members?context=a%20b&limit=1000')
  })

  it.each([0, 2, null])('that does not move on (nextPageStart %s) is refused, not read for ever', async (next) => {
    const stuck = answer(200, { values: values(0, 2), isLastPage: false, nextPageStart: next })
    const { client, requests } = startScripted(steps(page(values(0, 2), 2), stuck, stuck, answer(500)))
    await expect(client.fresh().list(groups)).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
      message: expect.stringContaining('nextPageStart'),
    })
    expect(requests).toHaveLength(2)
  })

  it('is absent where its parent is, and refused where it is no page', async () => {
    expect(
      await startScripted(steps(refusal(404, 'NoSuchGroupException')))
        .client.fresh()
        .list(groups),
    ).toBeNull()
    await expect(
      startScripted(steps(answer(200, { entries: [] })))
        .client.fresh()
        .list(groups),
    ).rejects.toMatchObject({
      message: expect.stringContaining('values is missing'),
    })
  })
})

describe('a list in another form', () => {
  it.each([
    ['pages that call the values results', { results: ['a'], isLastPage: true }],
    ['a bare array', ['a']],
  ])('%s', async (_what, body) => {
    expect(
      await startScripted(steps(answer(200, body)))
        .client.fresh()
        .list(groups),
    ).toEqual(['a'])
  })
})

describe('a reading pass', () => {
  it('sends equal GETs once, also at the same time; a fresh reader and the next pass ask anew', async () => {
    const { client, requests } = startScripted(({ path: url }) =>
      url.includes('groups') ? page([{ name: 'a' }], null) : answer(200, { ok: true }),
    )
    const pass = client.reading()
    await Promise.all([pass.get(path), pass.get(path), pass.has(path), pass.list(groups), pass.list(groups)])
    await pass.get(path)
    expect(requests).toHaveLength(2)
    await client.reading().get(path)
    await client.fresh().get(path)
    await client.fresh().get(path)
    expect(requests).toHaveLength(5)
  })

  it('asks again for what failed', async () => {
    const { client, requests } = startScripted(steps(answer(500), answer(200, { ok: true })))
    const pass = client.reading()
    await expect(pass.get(path)).rejects.toMatchObject({ code: 'API_SERVER' })
    expect(await pass.get(path)).toEqual({ ok: true })
    expect(requests).toHaveLength(2)
  })
})

describe('a refused write', () => {
  it('is told with what the server said, but not with the secret that it echoed', async () => {
    const password = 'hunter2/Öl "x"'
    const said = `Cannot connect with ${password}, tried ${encodeURIComponent(password)}`
    const step = answer(400, { errors: [{ context: 'password', message: said, exceptionName: null }] })
    const { client, scrubber, events } = startScripted(steps(step))
    scrubber.add(password)
    const error = await client
      .writer()
      .send('PUT', '/api/latest/admin/mail-server', { password })
      .catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'API_REJECTED',
      message: expect.stringContaining('password: Cannot connect with (sensitive), tried (sensitive)'),
    })
    for (const text of [String(error), JSON.stringify(error), JSON.stringify(events), String((error as Error).stack)]) {
      expect(text).not.toContain('hunter2')
    }
  })

  it.each([
    [409, 'API_CONFLICT', 'DuplicateEntityException'],
    [404, 'API_NOT_FOUND', 'NoSuchUserException'],
    [403, 'API_FORBIDDEN', 'ForbiddenException'],
    [500, 'API_SERVER', 'ServerException'],
    [415, 'API_UNEXPECTED', 'UnsupportedMediaTypeException'],
  ])('with %i is %s', async (status, code, exception) => {
    const { client, requests } = startScripted(steps(refusal(status, exception)))
    await expect(client.writer().send('DELETE', path)).rejects.toMatchObject({ code, status, exceptions: [exception] })
    expect(requests).toHaveLength(1)
  })

  it('of an endpoint that this server lacks is unsupported', async () => {
    await expect(startScripted(steps(unrouted)).client.writer().send('PUT', path, {})).rejects.toMatchObject({
      code: 'API_UNSUPPORTED',
    })
  })

  it('that a login page answered with 200 did not happen', async () => {
    const login = answer(200, '<html><body>Log in</body></html>', { 'content-type': 'text/html' })
    await expect(startScripted(steps(login)).client.writer().send('PUT', path, {})).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
    })
  })
})
