import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/server.js'
import { type Answer, bearer, exceptions, openSandbox, post, send } from './visitor.js'

const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')
const token = '/rest/oauth2/latest/token'
const probe = '/rest/api/latest/application-properties'
const guarded = '/rest/api/latest/admin/mail-server/sender-address'

function authorizePath(sandbox: Sandbox, changes: Record<string, string> = {}): string {
  const parameters = {
    client_id: sandbox.clientId,
    redirect_uri: sandbox.redirectUri,
    response_type: 'code',
    state: 'state-1',
    scope: 'SYSTEM_ADMIN',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  }
  const kept = Object.entries(parameters).filter(([, value]) => value !== '')
  return `/rest/oauth2/latest/authorize?${new URLSearchParams(kept)}`
}

/** The parameters that a redirect takes back to the client. */
function redirected(answer: Answer): Record<string, string> {
  expect(answer.status).toBe(302)
  return Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams)
}

async function takeCode(sandbox: Sandbox, changes: Record<string, string> = {}): Promise<string> {
  const { code = '' } = redirected(await send(sandbox, 'GET', authorizePath(sandbox, changes), { as: null }))
  expect(code).not.toBe('')
  return code
}

function client({ clientId, clientSecret, redirectUri }: Sandbox): Record<string, string> {
  return { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri }
}

function exchange(sandbox: Sandbox, code: string, changes: Record<string, string> = {}): Promise<Answer> {
  const fields = { ...client(sandbox), grant_type: 'authorization_code', code, code_verifier: verifier, ...changes }
  return post(sandbox, token, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')))
}

function refresh(sandbox: Sandbox, refreshToken: string, changes: Record<string, string> = {}): Promise<Answer> {
  const fields = { ...client(sandbox), grant_type: 'refresh_token', refresh_token: refreshToken, ...changes }
  return post(sandbox, token, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')))
}

/** The name that a token is answered with; null when it is dead. */
async function nameOf(sandbox: Sandbox, accessToken: string): Promise<string | null> {
  return (await send(sandbox, 'GET', probe, { as: bearer(accessToken) })).headers.get('x-ausername')
}

const consenting = (options: SandboxOptions = {}) => openSandbox({ autoConsent: true, ...options })

describe('authorize', () => {
  it('answers a code and the state, and the code buys a working pair', async () => {
    const sandbox = await consenting({ clock: () => 1_700_000_000_500 })
    const back = redirected(await send(sandbox, 'GET', authorizePath(sandbox), { as: null }))
    expect(back['state']).toBe('state-1')
    const { status, json, headers } = await exchange(sandbox, back['code'] ?? '')
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(json).toEqual({
      access_token: expect.stringMatching(/^eyJ/u),
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^eyJ/u),
      created_at: 1_700_000_000,
    })
    expect(await nameOf(sandbox, json.access_token)).toBe('admin')
  })

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a redirect URL that is not registered', { redirect_uri: 'http://localhost:34106/other' }],
    ['a redirect URL without its slash', { redirect_uri: 'http://localhost:34106' }],
  ])('shows a page and redirects nowhere for %s', async (_, changes) => {
    const sandbox = await consenting()
    const { status, headers } = await send(sandbox, 'GET', authorizePath(sandbox, changes), { as: null })
    expect(status).toBe(400)
    expect(headers.get('location')).toBeNull()
    expect(headers.get('content-type')).toContain('text/html')
  })

  it.each([
    ['invalid_scope', { scope: 'NONSENSE' }],
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { code_challenge: 'short' }],
    ['invalid_request', { code_challenge_method: 'md5' }],
  ])('sends %s back to the client', async (error, changes) => {
    const sandbox = await consenting()
    const back = redirected(await send(sandbox, 'GET', authorizePath(sandbox, changes), { as: null }))
    expect(back).toMatchObject({ error, state: 'state-1' })
    expect(back).not.toHaveProperty('code')
  })

  it('refuses a scope above those ticked, and takes one that they include', async () => {
    const sandbox = await consenting({ scopes: ['REPO_ADMIN'] })
    const above = await send(sandbox, 'GET', authorizePath(sandbox, { scope: 'SYSTEM_ADMIN' }), { as: null })
    expect(redirected(above)['error']).toBe('invalid_scope')
    await takeCode(sandbox, { scope: 'REPO_READ' })
  })
})

describe('the code', () => {
  it('works once', async () => {
    const sandbox = await consenting()
    const code = await takeCode(sandbox)
    expect((await exchange(sandbox, code)).status).toBe(200)
    const again = await exchange(sandbox, code)
    expect([again.status, again.json.error]).toEqual([400, 'invalid_grant'])
  })

  it('is spent by a wrong verifier, too', async () => {
    const sandbox = await consenting()
    const code = await takeCode(sandbox)
    expect((await exchange(sandbox, code, { code_verifier: 'x'.repeat(43) })).json.error).toBe('invalid_grant')
    expect((await exchange(sandbox, code)).json.error).toBe('invalid_grant')
  })

  it('is not spent by a wrong secret', async () => {
    const sandbox = await consenting()
    const code = await takeCode(sandbox)
    const wrong = await exchange(sandbox, code, { client_secret: 'wrong' })
    expect([wrong.status, wrong.json.error]).toEqual([401, 'invalid_client'])
    expect((await exchange(sandbox, code)).status).toBe(200)
  })

  it('lives ten seconds', async () => {
    const sandbox = await consenting()
    const code = await takeCode(sandbox)
    sandbox.advance(10_001)
    expect((await exchange(sandbox, code)).json.error).toBe('invalid_grant')
  })

  it.each([
    ['without its redirect URL', { redirect_uri: '' }],
    ['with another redirect URL', { redirect_uri: 'http://localhost:1/' }],
    ['without the verifier', { code_verifier: '' }],
  ])('is refused %s', async (_, changes) => {
    const sandbox = await consenting()
    expect((await exchange(sandbox, await takeCode(sandbox), changes)).json.error).toBe('invalid_grant')
  })

  it('goes with a plain challenge, and without any', async () => {
    const sandbox = await consenting()
    const plain = await takeCode(sandbox, { code_challenge: verifier, code_challenge_method: 'plain' })
    expect((await exchange(sandbox, plain)).status).toBe(200)
    const without = await takeCode(sandbox, { code_challenge: '', code_challenge_method: '' })
    expect((await exchange(sandbox, without, { code_verifier: '' })).status).toBe(200)
  })
})

describe('the token endpoint', () => {
  it.each([
    ['invalid_request', { grant_type: '' }],
    ['invalid_request', { code: '' }],
    ['unsupported_grant_type', { grant_type: 'client_credentials' }],
  ])('answers %s', async (error, changes) => {
    const sandbox = await consenting()
    const answer = await exchange(sandbox, await takeCode(sandbox), changes)
    expect([answer.status, answer.json.error]).toEqual([400, error])
    expect(answer.json.error_description).toBeTypeOf('string')
  })

  it('takes parameters in the query, but only with the content type of a form', async () => {
    const sandbox = await openSandbox()
    const { refreshToken } = sandbox.issueTokens()
    const query = new URLSearchParams({
      ...client(sandbox),
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    })
    const without = await send(sandbox, 'POST', `${token}?${query}`, { as: null })
    expect([without.status, without.json.error]).toEqual([400, 'invalid_request'])
    const json = await send(sandbox, 'POST', `${token}?${query}`, { as: null, body: {} })
    expect([json.status, json.json.error]).toEqual([400, 'invalid_request'])
    expect((await post(sandbox, `${token}?${query}`, {})).status).toBe(200)
  })

  it('answers under 1.0 as well, and nothing to GET', async () => {
    const sandbox = await openSandbox()
    const { refreshToken } = sandbox.issueTokens()
    const fields = { ...client(sandbox), grant_type: 'refresh_token', refresh_token: refreshToken }
    expect((await post(sandbox, '/rest/oauth2/1.0/token', fields)).status).toBe(200)
    expect((await send(sandbox, 'GET', token)).status).toBe(404)
    expect((await send(sandbox, 'POST', '/rest/oauth2/latest/revoke')).status).toBe(404)
  })

  it('keeps secrets out of the log', async () => {
    const sandbox = await consenting()
    const { json } = await exchange(sandbox, await takeCode(sandbox))
    const query = new URLSearchParams({
      ...client(sandbox),
      grant_type: 'refresh_token',
      refresh_token: json.refresh_token,
    })
    const next = await post(sandbox, `${token}?${query}`, {})
    const log = JSON.stringify(sandbox.requests) + (await send(sandbox, 'GET', '/sandbox/requests', { as: null })).text
    expect(log).toContain('/rest/oauth2/latest/token')
    const secrets = [json.access_token, json.refresh_token, next.json.refresh_token, sandbox.clientSecret]
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
  })
})

describe('rotation', () => {
  it('kills both tokens of the old pair', async () => {
    const sandbox = await openSandbox()
    const old = sandbox.issueTokens()
    const { json } = await refresh(sandbox, old.refreshToken)
    expect(await nameOf(sandbox, old.accessToken)).toBeNull()
    expect(await nameOf(sandbox, json.access_token)).toBe('admin')
    expect((await refresh(sandbox, old.refreshToken)).json.error).toBe('invalid_grant')
    expect(await nameOf(sandbox, json.access_token)).toBe('admin')
    expect((await refresh(sandbox, json.refresh_token)).status).toBe(200)
  })

  it('goes on with an expired access token, not with an expired refresh token', async () => {
    const sandbox = await openSandbox({ accessTokenSeconds: 60, refreshTokenSeconds: 600 })
    const { accessToken, refreshToken } = sandbox.issueTokens()
    sandbox.advance(60_000)
    expect(await nameOf(sandbox, accessToken)).toBeNull()
    const { json } = await refresh(sandbox, refreshToken)
    expect(json.expires_in).toBe(60)
    sandbox.advance(600_000)
    expect((await refresh(sandbox, json.refresh_token)).json.error).toBe('invalid_grant')
  })

  it('of one grant leaves another alone', async () => {
    const sandbox = await openSandbox()
    const [mine, other] = [sandbox.issueTokens(), sandbox.issueTokens()]
    await refresh(sandbox, mine.refreshToken)
    expect(await nameOf(sandbox, other.accessToken)).toBe('admin')
  })

  it('lets one of two racing refreshes win', async () => {
    const sandbox = await openSandbox({ latencyMilliseconds: 5 })
    const { refreshToken } = sandbox.issueTokens()
    const answers = await Promise.all([refresh(sandbox, refreshToken), refresh(sandbox, refreshToken)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('with revoke-family answers a replay by killing the newest pair', async () => {
    const sandbox = await openSandbox({ replay: 'revoke-family' })
    const { refreshToken } = sandbox.issueTokens()
    const { json } = await refresh(sandbox, refreshToken)
    expect((await refresh(sandbox, refreshToken)).json.error).toBe('invalid_grant')
    expect(await nameOf(sandbox, json.access_token)).toBeNull()
    expect((await refresh(sandbox, json.refresh_token)).json.error).toBe('invalid_grant')
  })

  it('with same-pair answers a replay with the pair that was issued, until that one is rotated', async () => {
    const sandbox = await openSandbox({ replay: 'same-pair' })
    const { refreshToken } = sandbox.issueTokens()
    const first = await refresh(sandbox, refreshToken)
    const second = await refresh(sandbox, refreshToken)
    expect(second.json.refresh_token).toBe(first.json.refresh_token)
    expect(await nameOf(sandbox, second.json.access_token)).toBe('admin')
    expect((await refresh(sandbox, first.json.refresh_token)).status).toBe(200)
    expect((await refresh(sandbox, refreshToken)).json.error).toBe('invalid_grant')
  })

  it('with grace takes a replay for a minute', async () => {
    const sandbox = await openSandbox({ replay: 'grace' })
    const { refreshToken } = sandbox.issueTokens()
    const first = await refresh(sandbox, refreshToken)
    const second = await refresh(sandbox, refreshToken)
    expect(second.status).toBe(200)
    expect(await nameOf(sandbox, first.json.access_token)).toBeNull()
    expect(await nameOf(sandbox, second.json.access_token)).toBe('admin')
    sandbox.advance(61_000)
    expect((await refresh(sandbox, refreshToken)).json.error).toBe('invalid_grant')
  })

  it.each([
    ['lenient', 'http://localhost:1/', 200],
    ['lenient', '', 200],
    ['strict-if-present', 'http://localhost:1/', 400],
    ['strict-if-present', '', 200],
    ['required', '', 400],
    ['required', 'http://localhost:1/', 400],
    ['required', undefined, 200],
  ] as const)('is %s about the redirect URL %j', async (redirectUriOnRefresh, given, status) => {
    const sandbox = await openSandbox({ redirectUriOnRefresh })
    const { refreshToken } = sandbox.issueTokens()
    const changes = given === undefined ? {} : { redirect_uri: given }
    expect((await refresh(sandbox, refreshToken, changes)).status).toBe(status)
    // A refusal spends nothing.
    if (status === 400) expect((await refresh(sandbox, refreshToken)).status).toBe(200)
  })

  it('ends with the account', async () => {
    const sandbox = await openSandbox()
    const { accessToken, refreshToken } = sandbox.issueTokens({ user: 'alice' })
    expect(await nameOf(sandbox, accessToken)).toBe('alice')
    const { alice } = sandbox.state.users as { alice?: { active: boolean } }
    if (alice !== undefined) alice.active = false
    expect(await nameOf(sandbox, accessToken)).toBeNull()
    expect((await refresh(sandbox, refreshToken)).json.error).toBe('invalid_grant')
  })

  it('can be broken by hand: access tokens dead, refresh tokens dead', async () => {
    const sandbox = await openSandbox()
    const first = sandbox.issueTokens()
    sandbox.killAccessTokens()
    expect(await nameOf(sandbox, first.accessToken)).toBeNull()
    const { json } = await refresh(sandbox, first.refreshToken)
    sandbox.expireAccessTokens()
    expect(await nameOf(sandbox, json.access_token)).toBeNull()
    sandbox.killRefreshTokens()
    expect((await refresh(sandbox, json.refresh_token)).json.error).toBe('invalid_grant')
    expect((await refresh(sandbox, '')).json.error).toBe('invalid_request')
  })
})

describe('a token', () => {
  it('does what its scope and its user both may', async () => {
    const sandbox = await openSandbox()
    const ask = async (user: string, scope: string) => {
      const { accessToken } = sandbox.issueTokens({ user, scopes: [scope] })
      const answer = await send(sandbox, 'GET', guarded, { as: bearer(accessToken) })
      return answer.status === 200 ? 200 : [answer.status, ...exceptions(answer)]
    }
    expect(await ask('admin', 'SYSTEM_ADMIN')).toBe(200)
    expect(await ask('admin', 'ADMIN_WRITE')).toBe(200)
    expect(await ask('admin', 'REPO_ADMIN')).toEqual([401, 'AuthorisationException'])
    expect(await ask('alice', 'SYSTEM_ADMIN')).toEqual([401, 'AuthorisationException'])
  })

  it('that nobody knows is refused with AuthenticationRequiredException', async () => {
    const sandbox = await openSandbox()
    const answer = await send(sandbox, 'GET', guarded, { as: bearer('unknown') })
    expect([answer.status, exceptions(answer)]).toEqual([401, ['AuthenticationRequiredException']])
    expect(answer.headers.get('x-ausername')).toBeNull()
  })
})
