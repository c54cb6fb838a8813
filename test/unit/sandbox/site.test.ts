import { get } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/server.js'
import { type Answer, openSandbox, post, send } from './visitor.js'

const see = (sandbox: Sandbox, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  send(sandbox, 'GET', path, { as: null, headers })

const cookieOf = ({ headers }: Answer): string => headers.get('set-cookie')?.split(';')[0] ?? ''
const csrfOf = ({ text }: Answer): string => /name="csrf" value="([^"]*)"/u.exec(text)?.[1] ?? ''

/** The headers and the form token of somebody who has signed in. */
async function signIn(sandbox: Sandbox, username = 'admin') {
  const form = await see(sandbox, '/login')
  const fields = { csrf: csrfOf(form), username, password: sandbox.password, next: '/sandbox/links' }
  const answer = await post(sandbox, '/login', fields, { cookie: cookieOf(form) })
  const cookie = cookieOf(answer)
  return { answer, cookie, csrf: csrfOf(await see(sandbox, '/sandbox/applications', { cookie })) }
}

const banner = { setting: 'api-latest-admin-banner', do: 'write', message: 'by hand', audience: 'ALL', enabled: 'on' }
const pages = ['settings', 'people', 'projects', 'links', 'requests', 'faults'].map((name) => `/sandbox/${name}`)

describe('reading the pages', () => {
  it.each<[string, SandboxOptions, number]>([
    ['is open on a loopback address', {}, 200],
    ['needs a sign-in elsewhere', { host: '0.0.0.0' }, 303],
    ['is open elsewhere when named', { host: '0.0.0.0', openPages: true }, 200],
    ['can be closed', { openPages: false }, 303],
  ])('%s', async (_name, options, status) => {
    const sandbox = await openSandbox(options)
    const answers = await Promise.all(['/', ...pages].map((path) => see(sandbox, path)))
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 7 }, () => status))
    expect((await see(sandbox, '/sandbox/applications')).status).toBe(303)
    expect((await see(sandbox, '/sandbox/nonsense')).status).toBe(404)
    // Whoever may not read may not follow, either: the stream of events is no way around.
    if (status === 303) expect((await see(sandbox, '/sandbox/events')).status).toBe(404)
  })

  it('shows no secret to anybody', async () => {
    const sandbox = await openSandbox()
    const { accessToken, refreshToken } = sandbox.issueTokens()
    await send(sandbox, 'GET', `/rest/api/latest/users?access_token=${accessToken}`)
    const { cookie } = await signIn(sandbox)
    const all = await Promise.all(
      ['/', ...pages, '/sandbox/applications'].map((path) => see(sandbox, path, { cookie })),
    )
    const text = all.map((answer) => answer.text).join('')
    expect(text).toContain(sandbox.clientId)
    const secrets = [accessToken, refreshToken, sandbox.clientSecret, sandbox.password, sandbox.controlToken]
    expect([...secrets, sandbox.httpAccessToken].filter((secret) => text.includes(secret))).toEqual([])
  })

  it('may load nothing from elsewhere, and be framed by nobody', async () => {
    const answer = await see(await openSandbox(), '/sandbox/settings')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect([...answer.text.matchAll(/(?:src|href)="(?!\/|#|http:\/\/127)/gu)]).toEqual([])
    expect(answer.text).not.toMatch(/style="|<script(?! type="module" src)/u)
  })
})

describe('changing something on a page', () => {
  it('is for administrators, with the token of their session', async () => {
    const sandbox = await openSandbox()
    const admin = await signIn(sandbox)
    expect(admin.answer.headers.get('location')).toBe('/sandbox/links')
    const alice = await signIn(sandbox, 'alice')
    const attempts: readonly [Record<string, string>, Record<string, string>][] = [
      [{ ...banner }, {}],
      [{ ...banner, csrf: 'guess' }, { cookie: admin.cookie }],
      [{ ...banner, csrf: alice.csrf }, { cookie: admin.cookie }],
      [{ ...banner, csrf: alice.csrf }, { cookie: alice.cookie }],
    ]
    for (const [fields, headers] of attempts) {
      expect((await post(sandbox, '/sandbox/settings', fields, headers)).status).toBe(403)
    }
    expect(sandbox.state.banner).toBeNull()
    const done = await post(sandbox, '/sandbox/settings', { ...banner, csrf: admin.csrf }, { cookie: admin.cookie })
    expect([done.status, sandbox.state.banner?.message]).toEqual([303, 'by hand'])
  })

  it('is not done for another site', async () => {
    const sandbox = await openSandbox()
    const { cookie, csrf } = await signIn(sandbox)
    const foreign = [
      { origin: 'https://evil.example.com' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ]
    for (const headers of foreign) {
      const answer = await post(sandbox, '/sandbox/settings', { ...banner, csrf }, { cookie, ...headers })
      expect([answer.status, sandbox.state.banner]).toEqual([403, null])
    }
    const own = { cookie, origin: new URL(sandbox.url).origin, 'sec-fetch-site': 'same-origin' }
    expect((await post(sandbox, '/sandbox/settings', { ...banner, csrf }, own)).status).toBe(303)
    const control = { 'x-control-token': sandbox.controlToken, 'sec-fetch-site': 'cross-site' }
    expect((await see(sandbox, '/__control/state', control)).status).toBe(403)
  })

  it('leads nowhere else after signing in', async () => {
    const sandbox = await openSandbox()
    for (const next of [
      'https://evil.example.com/',
      '//evil.example.com',
      '/rest/api/latest/users',
      '/__control/state',
    ]) {
      const form = await see(sandbox, '/login')
      const fields = { csrf: csrfOf(form), username: 'admin', password: sandbox.password, next }
      expect((await post(sandbox, '/login', fields, { cookie: cookieOf(form) })).headers.get('location')).toBe('/')
    }
  })

  it('ends with the account and with the session', async () => {
    const sandbox = await openSandbox()
    const { cookie, csrf } = await signIn(sandbox)
    const applications = () => see(sandbox, '/sandbox/applications', { cookie })
    expect((await applications()).status).toBe(200)
    const { admin } = sandbox.state.users
    if (admin !== undefined) admin.active = false
    expect((await applications()).status).toBe(303)
    if (admin !== undefined) admin.active = true
    expect((await post(sandbox, '/logout', { csrf }, { cookie })).status).toBe(303)
    expect((await applications()).status).toBe(303)
  })

  it('keeps to grants of the one who looks', async () => {
    const sandbox = await openSandbox()
    sandbox.issueTokens()
    const { cookie, csrf } = await signIn(sandbox, 'alice')
    expect((await see(sandbox, '/sandbox/applications', { cookie })).text).toContain('You have allowed nothing')
    const [pair] = sandbox.state.tokens
    const revoked = await post(sandbox, '/sandbox/applications', { csrf, family: pair?.family ?? '' }, { cookie })
    expect([revoked.status, pair?.revoked]).toEqual([400, undefined])
  })

  it('escapes what people called things', async () => {
    const sandbox = await openSandbox()
    const evil = `<img src=x onerror="alert(1)">'"`
    sandbox.state.groups['evil'] = { name: evil, deletable: true, members: [] }
    sandbox.state.banner = { message: evil, enabled: true, audience: 'ALL' }
    await send(sandbox, 'GET', `/rest/${encodeURIComponent(evil)}?q=${encodeURIComponent(evil)}`)
    const texts = await Promise.all(
      pages.map(async (path) => (await see(sandbox, `${path}?q=${encodeURIComponent('<img')}`)).text),
    )
    expect(texts.join('')).toContain('&lt;img')
    expect(texts.filter((text) => text.includes('<img'))).toEqual([])
  })
})

describe('the stream of events', () => {
  it('tells that there is news, and ends with the server', async () => {
    const sandbox = await openSandbox()
    const seen: string[] = []
    const ended = new Promise<void>((resolve, reject) => {
      get(`${sandbox.url}/sandbox/events`, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream')
        response.on('data', (chunk: Buffer) => {
          seen.push(chunk.toString())
          if (seen.length === 1) void see(sandbox, '/rest/api/latest/application-properties')
          else void sandbox.close()
        })
        response.on('end', resolve)
      }).on('error', reject)
    })
    await ended
    expect(seen).toEqual(['retry: 2000\n\n', 'data: news\n\n'])
  })
})
