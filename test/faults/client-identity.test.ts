import { describe, expect, it } from 'vitest'
import { anonymous, answer, page, refusal, startScripted, steps } from './scripted-server.js'

const properties = answer(200, { version: '9.4.2', buildNumber: '9004002' })
const groups = '/api/latest/admin/groups'

describe('identify', () => {
  it('tells version and account', async () => {
    const { client, requests } = startScripted(steps(properties))
    expect(await client.identify()).toEqual({ version: '9.4.2', account: 'admin' })
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({
      method: 'GET',
      path: '/rest/api/latest/application-properties',
      headers: {
        accept: 'application/json',
        authorization: 'Bearer token-1',
        'user-agent': 'bbstate/1.2.3',
        'x-atlassian-token': 'no-check',
      },
    })
  })

  it('renews credentials that are served as anonymous, once', async () => {
    const { client, renewed } = startScripted((request) =>
      request.headers?.['authorization'] === 'Bearer token-1' ? anonymous(200, { version: '9.4.2' }) : properties,
    )
    expect(await client.identify()).toEqual({ version: '9.4.2', account: 'admin' })
    expect(renewed).toEqual(['Bearer token-1'])
  })

  it('explains a header that stays away', async () => {
    const { client, requests } = startScripted(steps(anonymous(200, { version: '9.4.2' })))
    await expect(client.identify()).rejects.toMatchObject({
      code: 'AUTH_SIGN_IN_REQUIRED',
      hint: expect.stringContaining('--allow no-identity-header'),
    })
    expect(requests).toHaveLength(2)
  })

  it('goes on without the header where that is allowed', async () => {
    const { client } = startScripted(steps(anonymous(200, { version: '9.4.2' })), { allowNoIdentityHeader: true })
    expect(await client.identify()).toEqual({ version: '9.4.2', account: '' })
  })

  it('says where no Bitbucket answers', async () => {
    for (const nothing of [anonymous(404, '<html><title>404</title></html>'), anonymous(404, 'Not found')]) {
      const { client } = startScripted(steps(nothing))
      await expect(client.identify()).rejects.toMatchObject({
        code: 'API_UNEXPECTED',
        hint: expect.stringContaining('context path'),
      })
    }
  })
})

describe('a list whose credentials die in the middle', () => {
  const named = (names: readonly string[]) => names.map((name) => ({ name }))
  const first = page(named(['a', 'b']), 2)
  const last = page(named(['c']), null)

  it.each([
    ['is served as anonymous', anonymous(200, { values: [], isLastPage: true })],
    ['is refused', refusal(401, 'AuthenticationRequiredException')],
  ])('is thrown away and read again when it %s', async (_title, dying) => {
    const { client, requests, renewed } = startScripted(({ path, headers }) => {
      if (!path.includes('start=')) return first
      return headers?.['authorization'] === 'Bearer token-1' ? dying : last
    })
    expect(await client.reading().list(groups)).toEqual(named(['a', 'b', 'c']))
    expect(requests.map(({ path }) => path.split('?')[1])).toEqual([
      'limit=1000',
      'limit=1000&start=2',
      'limit=1000',
      'limit=1000&start=2',
    ])
    expect(renewed).toEqual(['Bearer token-1'])
  })

  it('ends the run where renewing does not help', async () => {
    const { client } = startScripted(({ path }) =>
      path.includes('start=') ? anonymous(200, { values: [], isLastPage: true }) : first,
    )
    await expect(client.reading().list(groups)).rejects.toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
  })

  it('ends the run where another account is answered', async () => {
    const { client, renewed } = startScripted(
      steps(first, answer(200, { values: [], isLastPage: true }, { 'x-ausername': 'eve' })),
    )
    await expect(client.reading().list(groups)).rejects.toMatchObject({
      code: 'AUTH_SIGN_IN_REQUIRED',
      message: expect.stringContaining('eve'),
    })
    expect(renewed).toEqual([])
  })
})

describe('a 401', () => {
  it('of missing rights is told at once and renews nothing', async () => {
    const { client, requests, renewed } = startScripted(steps(properties, refusal(401, 'AuthorisationException')))
    await client.identify()
    await expect(client.fresh().get(groups)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      message: expect.stringContaining('The account admin may not do GET /api/latest/admin/groups'),
      hint: expect.stringContaining('SYSTEM_ADMIN'),
      exceptions: ['AuthorisationException'],
      requestId: '@R1',
    })
    expect(requests).toHaveLength(2)
    expect(renewed).toEqual([])
  })

  it('of an HTTP access token explains that no such token will do', async () => {
    const { client } = startScripted(steps(refusal(401, 'AuthorisationException')), { scheme: 'bearer' })
    await expect(client.fresh().get(groups)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      hint: expect.stringContaining('BSERV-10482'),
    })
  })

  it.each(['auth.CaptchaRequiredAuthenticationException', 'auth.IncorrectPasswordAuthenticationException'])(
    'of %s stops without another try',
    async (exception) => {
      const { client, requests, renewed } = startScripted(steps(refusal(401, exception)), { scheme: 'basic' })
      await expect(client.fresh().get(groups)).rejects.toMatchObject({
        code: 'API_UNAUTHENTICATED',
        hint: expect.stringContaining('CAPTCHA'),
      })
      expect(requests).toHaveLength(1)
      expect(renewed).toEqual([])
    },
  )

  it.each([
    ['401 of a wrong password', () => refusal(401, 'auth.IncorrectPasswordAuthenticationException')],
    ['403 that asks for a CAPTCHA', () => answer(403, '', { 'x-authentication-denied-reason': 'CAPTCHA_CHALLENGE' })],
    ['401 that a static token gets', () => refusal(401, 'AuthenticationRequiredException')],
  ])('%s ends the run: a thousand more requests are not sent', async (_what, refuse) => {
    const { client, requests } = startScripted(() => refuse(), { scheme: 'basic', renewable: false })
    const reader = client.fresh()
    await expect(reader.get(groups)).rejects.toMatchObject({ code: 'API_UNAUTHENTICATED' })
    const later = await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => reader.get(`${groups}/${index}`)))
    expect(later.every(({ status }) => status === 'rejected')).toBe(true)
    expect(requests).toHaveLength(1)
  })

  it('of a secure administrator session names it', async () => {
    const { client } = startScripted(steps(answer(401, '', { 'x-atlassian-websudo': 'Has-Authentication' })))
    await expect(client.fresh().get(groups)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      hint: expect.stringContaining('WebSudo'),
    })
  })

  it('of unknown credentials renews them under a POST, and leaves to the writer what is sent again', async () => {
    const { client, requests } = startScripted(
      steps(refusal(401, 'AuthenticationRequiredException'), answer(200, { name: 'devs' })),
    )
    const post = (): Promise<unknown> => client.writer().send('POST', `${groups}?name=devs`)
    await expect(post()).rejects.toMatchObject({ code: 'API_UNAUTHENTICATED', mayBeDone: false })
    expect(await post()).toEqual({ name: 'devs' })
    expect(requests.map(({ headers }) => headers?.['authorization'])).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('of a token that never worked renews nothing a second time, and ends the run', async () => {
    const { client, renewed, requests } = startScripted(steps(refusal(401, 'AuthenticationRequiredException')))
    const reads = Array.from({ length: 5 }, (_, index) => client.fresh().get(`/api/latest/x/${index}`))
    const outcomes = await Promise.allSettled(reads)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(new Set(renewed)).toEqual(new Set(['Bearer token-1']))
    const sent = requests.length
    await expect(client.fresh().get('/api/latest/y')).rejects.toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
    expect(requests).toHaveLength(sent)
  })

  it('ends with the advice to sign in where credentials cannot be renewed', async () => {
    const dead = steps(refusal(401, 'AuthenticationRequiredException'))
    const signed = startScripted(dead)
    await expect(signed.client.fresh().get(groups)).rejects.toMatchObject({
      code: 'AUTH_SIGN_IN_REQUIRED',
      exitCode: 6,
    })
    expect(signed.requests).toHaveLength(2)
    const token = startScripted(dead, { scheme: 'bearer', renewable: false })
    await expect(token.client.fresh().get(groups)).rejects.toMatchObject({ code: 'API_UNAUTHENTICATED' })
    expect(token.requests).toHaveLength(1)
  })

  it('makes ten parallel readers use one renewed token', async () => {
    const { client, renewed } = startScripted(({ headers }) =>
      headers?.['authorization'] === 'Bearer token-1'
        ? refusal(401, 'AuthenticationRequiredException')
        : answer(200, { ok: true }),
    )
    const reader = client.reading()
    await Promise.all(Array.from({ length: 10 }, (_, index) => reader.get(`/api/latest/x/${index}`)))
    expect(new Set(renewed)).toEqual(new Set(['Bearer token-1']))
  })
})

describe('an answer to a write that names nobody', () => {
  it('is repeated for a PUT, and an open question for a POST', async () => {
    const put = startScripted(steps(anonymous(200, {}), answer(200, {})))
    await put.client.writer().send('PUT', '/api/latest/admin/banner', {})
    expect(put.requests).toHaveLength(2)
    const post = startScripted(steps(anonymous(200, {}), answer(200, {})))
    await expect(post.client.writer().send('POST', groups)).rejects.toMatchObject({ code: 'API_UNEXPECTED' })
    expect(post.requests).toHaveLength(1)
  })
})
