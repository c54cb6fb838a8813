import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/host/crypto.js'
import { type Authorization, beginAuthorization } from '../../../src/oauth/authorize.js'
import { failureOf } from '../../token.js'

const redirectUri = 'http://localhost:34106/'

function begin(uri = redirectUri): Authorization {
  return beginAuthorization(
    { baseUrl: 'https://git.example.com/bb', clientId: 'id&1', redirectUri: uri, scope: 'SYSTEM_ADMIN' },
    nodeCrypto,
  )
}

function answerTo(authorization: Authorization, parameters: Record<string, string>): URLSearchParams {
  return new URLSearchParams({ state: new URL(authorization.url).searchParams.get('state') ?? '', ...parameters })
}

describe('the authorize URL', () => {
  it('holds every parameter of the flow, below the context path', () => {
    const url = new URL(begin().url)
    expect(url.origin + url.pathname).toBe('https://git.example.com/bb/rest/oauth2/latest/authorize')
    expect([...url.searchParams.keys()].sort()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ])
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'id&1',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'SYSTEM_ADMIN',
      code_challenge_method: 'S256',
    })
  })

  it('has 256 bits of state, new each time, and the challenge of a verifier that it does not show', () => {
    const [first, second] = [begin(), begin()]
    const state = new URL(first.url).searchParams.get('state') ?? ''
    expect(Buffer.from(state, 'base64url')).toHaveLength(32)
    expect(new URL(second.url).searchParams.get('state')).not.toBe(state)
    const verdict = first.judge(answerTo(first, { code: 'the-code' }))
    if (verdict.type !== 'granted') throw new Error(verdict.type)
    const verifier = verdict.grant.verifier.reveal()
    expect(verifier).toMatch(/^[\w-]{43}$/u)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    expect(new URL(first.url).searchParams.get('code_challenge')).toBe(challenge)
    expect(first.url).not.toContain(verifier)
    expect(inspect(verdict, { depth: 9 }) + JSON.stringify(verdict)).not.toMatch(
      new RegExp(`the-code|${verifier}`, 'u'),
    )
  })

  it.each([
    'http://git.example.com/',
    'ftp://localhost/',
    'https://u@localhost/',
    'https://localhost/#x',
    'localhost',
    '',
  ])('refuses the redirect URL %j', (uri) => {
    expect(() => begin(uri)).toThrow(expect.objectContaining({ code: 'AUTH_REDIRECT' }))
  })
  it.each(['http://127.0.0.1:1/cb', 'http://[::1]:1/', 'https://app.example.com/cb?x=1'])('takes %s', (uri) => {
    expect(new URL(begin(uri).url).searchParams.get('redirect_uri')).toBe(uri)
  })
})

describe('the redirect', () => {
  it('is accepted once', () => {
    const authorization = begin()
    const parameters = answerTo(authorization, { code: 'c' })
    expect(authorization.judge(parameters).type).toBe('granted')
    expect(authorization.judge(parameters).type).toBe('foreign')
  })

  it('of another sign-in is foreign, and does not use this one up', () => {
    const authorization = begin()
    for (const text of [
      'code=c',
      'code=c&state=',
      'code=c&state=wrong',
      `code=c&${answerTo(begin(), {}).toString()}`,
    ]) {
      expect(authorization.judge(new URLSearchParams(text)).type).toBe('foreign')
    }
    const twice = answerTo(authorization, { code: 'c' })
    twice.append('state', 'second')
    expect(authorization.judge(twice).type).toBe('foreign')
    expect(authorization.judge(new URLSearchParams('error=access_denied')).type).toBe('foreign')
    expect(authorization.judge(answerTo(authorization, { code: 'c' })).type).toBe('granted')
  })

  it.each([
    ['access_denied', 'AUTH_SIGN_IN_REQUIRED', 'denied'],
    ['invalid_scope', 'AUTH_SCOPE', 'SYSTEM_ADMIN'],
    ['unauthorized_client', 'AUTH_CLIENT', 'client'],
    ['server_error', 'AUTH_SIGN_IN_REQUIRED', 'could not complete'],
    ['<script>CANARY', 'AUTH_REDIRECT', 'wrong request'],
  ])('with error=%s is refused with %s, in words of ours', (error, code, words) => {
    const authorization = begin()
    const verdict = authorization.judge(answerTo(authorization, { error, error_description: 'CANARY' }))
    if (verdict.type !== 'refused') throw new Error(verdict.type)
    expect(verdict.error.code).toBe(code)
    expect(verdict.error.message).toContain(words)
    expect(verdict.error.message + (verdict.error.hint ?? '')).not.toContain('CANARY')
  })

  it('without code and error is refused', () => {
    const authorization = begin()
    expect(authorization.judge(answerTo(authorization, {}))).toMatchObject({ error: { code: 'AUTH_REDIRECT' } })
  })

  it('may be pasted, whole or from the question mark on, and passes the same checks', async () => {
    const one = begin()
    expect(one.judgePasted(` ${redirectUri}?${answerTo(one, { code: 'c1' }).toString()}\n`).code.reveal()).toBe('c1')
    const two = begin()
    expect(two.judgePasted(`?${answerTo(two, { code: 'c2' }).toString()}`).code.reveal()).toBe('c2')
    const three = begin()
    for (const [text, words] of [
      [`${redirectUri}?code=CANARY&state=wrong`, 'does not answer this sign-in'],
      [`https://evil.example.com/?${answerTo(three, { code: 'CANARY' }).toString()}`, 'does not begin with'],
      [`${redirectUri}other?${answerTo(three, { code: 'CANARY' }).toString()}`, 'does not begin with'],
      ['CANARY', 'does not begin with'],
    ] as const) {
      const error = await failureOf(Promise.resolve().then(() => three.judgePasted(text)))
      expect(error.code).toBe('AUTH_REDIRECT')
      expect(error.message).toContain(words)
      expect(inspect(error)).not.toContain('CANARY')
    }
    expect(three.judgePasted(`?${answerTo(three, { code: 'c3' }).toString()}`).code.reveal()).toBe('c3')
  })
})
