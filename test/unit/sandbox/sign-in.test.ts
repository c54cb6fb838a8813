import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, openSandbox, post, send } from './visitor.js'

function authorizePath({ clientId, redirectUri }: Sandbox, base = ''): string {
  const parameters = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    state: 's',
    scope: 'REPO_READ ADMIN_WRITE',
  }
  return `${base}/rest/oauth2/latest/authorize?${new URLSearchParams(parameters)}`
}

/** The hidden fields of the first form of a page, as a browser would send them. */
function fieldsOf({ text }: Answer): Record<string, string> {
  const hidden = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/gu)]
  return Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]))
}

/** Where the form goes, below the base URL. */
function actionOf({ text }: Answer, sandbox: Sandbox): string {
  const action = /<form method="post" action="([^"]*)"/u.exec(text)?.[1] ?? ''
  return action.slice(new URL(sandbox.url).pathname.replace(/\/$/u, '').length)
}

function cookieOf({ headers }: Answer): string {
  return headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function signIn(sandbox: Sandbox, username = 'alice'): Promise<{ page: Answer; cookie: string }> {
  const form = await send(sandbox, 'GET', authorizePath(sandbox), { as: null })
  const fields = { ...fieldsOf(form), username, password: sandbox.password }
  const page = await post(sandbox, actionOf(form, sandbox), fields, { cookie: cookieOf(form) })
  return { page, cookie: cookieOf(page) }
}

describe('the sign-in page', () => {
  it('leads to consent and consent to the client', async () => {
    const sandbox = await openSandbox({ contextPath: '/bitbucket' })
    const { page, cookie } = await signIn(sandbox)
    expect(page.text).toContain('alice')
    expect(page.text).toContain('ADMIN_WRITE')
    const allowed = await post(sandbox, actionOf(page, sandbox), { ...fieldsOf(page), consent: 'allow' }, { cookie })
    const back = new URL(allowed.headers.get('location') ?? '')
    expect(back.origin + back.pathname).toBe(sandbox.redirectUri)
    expect(back.searchParams.get('state')).toBe('s')
    expect(back.searchParams.get('code')).toMatch(/\S{16}/u)
    expect(sandbox.state.codes.map(({ user }) => user)).toEqual(['alice'])
  })

  it('takes a denial back to the client', async () => {
    const sandbox = await openSandbox()
    const { page, cookie } = await signIn(sandbox)
    const denied = await post(sandbox, actionOf(page, sandbox), { ...fieldsOf(page), consent: 'deny' }, { cookie })
    const back = new URL(denied.headers.get('location') ?? '').searchParams
    expect([back.get('error'), back.get('state'), back.get('code')]).toEqual(['access_denied', 's', null])
  })

  it.each([
    ['alice', 'wrong'],
    ['nobody', ''],
    ['eve', ''],
    ['__proto__', ''],
  ])('refuses %s', async (username, wrong) => {
    const sandbox = await openSandbox()
    const form = await send(sandbox, 'GET', authorizePath(sandbox), { as: null })
    const fields = { ...fieldsOf(form), username, password: wrong || sandbox.password }
    const page = await post(sandbox, actionOf(form, sandbox), fields, { cookie: cookieOf(form) })
    expect(page.status).toBe(401)
    expect(page.text).toContain('Invalid username or password')
    expect(page.text).not.toContain(sandbox.password)
  })

  it('takes no form without its token, nor from another session', async () => {
    const sandbox = await openSandbox()
    const { page, cookie } = await signIn(sandbox)
    const fields = { ...fieldsOf(page), consent: 'allow' }
    const forged = await post(sandbox, actionOf(page, sandbox), { ...fields, csrf: 'guess' }, { cookie })
    const foreign = await post(sandbox, actionOf(page, sandbox), fields)
    expect([forged.status, foreign.status]).toEqual([403, 403])
    expect(sandbox.state.codes).toEqual([])
  })

  it('changes the session when somebody signs in, and the old one is worth nothing', async () => {
    const sandbox = await openSandbox()
    const form = await send(sandbox, 'GET', authorizePath(sandbox), { as: null })
    const before = cookieOf(form)
    const fields = { ...fieldsOf(form), username: 'alice', password: sandbox.password }
    const after = cookieOf(await post(sandbox, actionOf(form, sandbox), fields, { cookie: before }))
    expect(after).not.toBe(before)
    const fixed = await send(sandbox, 'GET', authorizePath(sandbox), { as: null, headers: { cookie: before } })
    expect(fixed.text).toContain('name="password"')
    const known = await send(sandbox, 'GET', authorizePath(sandbox), { as: null, headers: { cookie: after } })
    expect(known.text).toContain('Allow access')
    expect((await send(sandbox, 'GET', authorizePath(sandbox), { as: null })).headers.get('set-cookie')).toContain(
      'HttpOnly',
    )
  })

  it('lets another account sign in', async () => {
    const sandbox = await openSandbox()
    const { page, cookie } = await signIn(sandbox)
    const again = await post(sandbox, actionOf(page, sandbox), { ...fieldsOf(page), consent: 'switch' }, { cookie })
    expect(again.text).toContain('name="password"')
    const old = await send(sandbox, 'GET', authorizePath(sandbox), { as: null, headers: { cookie } })
    expect(old.text).toContain('name="password"')
  })

  it('lets its form lead to the client and to nobody else, and stays out of frames', async () => {
    const sandbox = await openSandbox()
    const { page } = await signIn(sandbox)
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("form-action 'self' http://localhost:34106;")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(page.headers.get('cache-control')).toBe('no-store')
  })

  it('escapes what it was given', async () => {
    const sandbox = await openSandbox()
    const path = `${authorizePath(sandbox)}&extra=${encodeURIComponent('"><script>alert(1)</script>')}`
    expect((await send(sandbox, 'GET', path, { as: null })).text).not.toContain('<script')
  })
})
