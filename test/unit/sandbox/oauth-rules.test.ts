/** What the documents of the OAuth 2.0 provider leave open, each as an option: over real HTTP. */
import { expect, it } from 'vitest'
import { oauthRules, readOAuthOption } from '../../../src/sandbox/oauth-rules.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.js'

async function withRules<T>(oauth: SandboxOptions['oauth'], work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await startSandbox({ port: 0, ...(oauth && { oauth }) })
  try {
    return await work(sandbox)
  } finally {
    await sandbox.close()
  }
}

const form = 'application/x-www-form-urlencoded'

async function call(sandbox: Sandbox, endpoint: string, fields: Record<string, string>, headers = {}) {
  const response = await fetch(`${sandbox.url}/rest/oauth2/latest/${endpoint}`, {
    method: 'POST',
    headers: { 'content-type': form, ...headers },
    body: new URLSearchParams(fields),
  })
  const text = await response.text()
  return { status: response.status, json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, string> }
}

const clientOf = ({ clientId, clientSecret }: Sandbox) => ({ client_id: clientId, client_secret: clientSecret })
const refresh = (sandbox: Sandbox, token: string, more = {}) =>
  call(sandbox, 'token', { ...clientOf(sandbox), grant_type: 'refresh_token', refresh_token: token, ...more })
const whoIs = async (sandbox: Sandbox, token: string): Promise<[number, string | null]> => {
  const path = `${sandbox.url}/rest/api/latest/application-properties`
  const { status, headers } = await fetch(path, { headers: { authorization: `Bearer ${token}` } })
  return [status, headers.get('x-ausername')]
}

it.each([
  ['dies', [200, null]],
  ['lives', [200, 'admin']],
] as const)('an old access token %s', async (oldAccessToken, expected) => {
  await withRules({ oldAccessToken }, async (sandbox) => {
    const { accessToken, refreshToken } = sandbox.issueTokens()
    expect((await refresh(sandbox, refreshToken)).status).toBe(200)
    expect(await whoIs(sandbox, accessToken)).toEqual(expected)
  })
})

it.each([
  ['sliding', 200],
  ['absolute', 400],
] as const)('the life of a refresh token is %s', async (refreshLifetime, status) => {
  await withRules({ refreshLifetime, refreshTokenSeconds: 100 }, async (sandbox) => {
    sandbox.advance(60_000)
    const first = sandbox.issueTokens()
    sandbox.advance(60_000)
    const { json } = await refresh(sandbox, first.refreshToken)
    sandbox.advance(60_000)
    expect((await refresh(sandbox, json['refresh_token'] ?? '')).status).toBe(status)
  })
})

it('answers with the statuses that are asked for', async () => {
  await withRules(
    { invalidClientStatus: '400', invalidGrantStatus: '401', contentTypeStatus: '415' },
    async (sandbox) => {
      const client = await call(sandbox, 'token', { grant_type: 'refresh_token' })
      const grant = await refresh(sandbox, 'unknown')
      const type = await call(sandbox, 'token', {}, { 'content-type': 'application/json' })
      expect([client, grant, type].map(({ status, json }) => [status, json['error']])).toEqual([
        [400, 'invalid_client'],
        [401, 'invalid_grant'],
        [415, 'invalid_request'],
      ])
    },
  )
})

it.each([
  ['refused', 401],
  ['accepted', 200],
] as const)('the client’s secret in a header is %s', async (clientSecretBasic, status) => {
  await withRules({ clientSecretBasic }, async (sandbox) => {
    const { clientId, clientSecret } = sandbox
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
    const fields = { grant_type: 'refresh_token', refresh_token: sandbox.issueTokens().refreshToken }
    expect((await call(sandbox, 'token', fields, { authorization })).status).toBe(status)
  })
})

it('revokes where that is offered, and tells nobody what is unknown', async () => {
  await withRules({}, async (sandbox) => {
    expect((await call(sandbox, 'revoke', { ...clientOf(sandbox), token: 'x' })).status).toBe(404)
  })
  await withRules({ revoke: 'present' }, async (sandbox) => {
    const { accessToken, refreshToken } = sandbox.issueTokens()
    expect((await call(sandbox, 'revoke', { token: refreshToken })).status).toBe(401)
    expect(await whoIs(sandbox, accessToken)).toEqual([200, 'admin'])
    for (const token of ['unknown', refreshToken]) {
      expect((await call(sandbox, 'revoke', { ...clientOf(sandbox), token })).status).toBe(200)
    }
    expect(await whoIs(sandbox, accessToken)).toEqual([200, null])
    expect((await refresh(sandbox, refreshToken)).status).toBe(400)
  })
})

it('gives a scope that is too small the status that is asked for, and a right that is missing 401', async () => {
  await withRules({ scopeFailure: '403', deadToken: 'refused' }, async (sandbox) => {
    const ask = async (path: string, user: string): Promise<number> => {
      const { accessToken } = sandbox.issueTokens({ user, scopes: ['REPO_READ'] })
      const headers = { authorization: `Bearer ${accessToken}` }
      return (await fetch(`${sandbox.url}/rest/api/latest/${path}`, { method: 'DELETE', headers })).status
    }
    expect(await ask('admin/banner', 'admin')).toBe(403)
    expect(await ask('admin/banner', 'alice')).toBe(401)
    expect(await ask('projects/PLAT', 'admin')).toBe(403)
    expect(await ask('projects/PLAT', 'alice')).toBe(401)
    expect(await whoIs(sandbox, 'dead')).toEqual([401, null])
  })
})

it('serves one token request after the other, and not for ever', async () => {
  await withRules({ tokenMilliseconds: 300, lockSeconds: 0 }, async (sandbox) => {
    const ways = [sandbox.issueTokens(), sandbox.issueTokens()].map((pair) => refresh(sandbox, pair.refreshToken))
    expect((await Promise.all(ways)).map(({ status }) => status).sort()).toEqual([200, 500])
  })
})

it('reads names and values, and says what it knows', () => {
  expect(readOAuthOption('replay=grace')).toEqual(['replay', 'grace'])
  expect(readOAuthOption('lockSeconds=3')).toEqual(['lockSeconds', 3])
  expect(() => readOAuthOption('replay=never')).toThrow('invalid-grant, revoke-family, grace')
  expect(() => readOAuthOption('nonsense')).toThrow(Object.keys(oauthRules)[0])
  expect(() => readOAuthOption('lockSeconds=x')).toThrow('whole number')
})
