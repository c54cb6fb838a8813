/** Wrong passwords close an account, wherever they are sent; a person at a page opens it again. */
import { expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, bearer, exceptions, openSandbox, password, post, send } from './visitor.js'

const properties = '/rest/api/latest/admin/groups'
const wrong = `Basic ${Buffer.from('alice:wrong').toString('base64')}`

async function askAs(sandbox: Sandbox, authorization: string): Promise<[number, string[]]> {
  const answer = await send(sandbox, 'GET', properties, { as: authorization })
  return [answer.status, answer.status === 200 ? [] : exceptions(answer)]
}

async function fail(sandbox: Sandbox, times: number, authorization = wrong): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    expect(await askAs(sandbox, authorization)).toEqual([401, ['IncorrectPasswordAuthenticationException']])
  }
}

const closed = [401, ['CaptchaRequiredAuthenticationException']]
const open = [200, []]

interface Visit {
  readonly page: Answer
  readonly cookie: string
}

const openPage = async (sandbox: Sandbox): Promise<Visit> => {
  const page = await send(sandbox, 'GET', '/login', { as: null })
  return { page, cookie: page.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

async function logIn(sandbox: Sandbox, { page, cookie }: Visit, fields: Record<string, string>): Promise<Visit> {
  const csrf = /name="csrf" value="([^"]*)"/u.exec(page.text)?.[1] ?? ''
  const next = await post(sandbox, '/login', { csrf, username: 'alice', next: '/', ...fields }, { cookie })
  return { page: next, cookie }
}

const charactersOf = ({ page }: Visit): string =>
  /<code class="badge">([A-Z ]+)<\/code>/u.exec(page.text)?.[1]?.replaceAll(' ', '') ?? ''

it('refuses the right password by REST after five wrong ones, of that account and of no token', async () => {
  const sandbox = await openSandbox()
  const { accessToken } = sandbox.issueTokens({ user: 'alice' })
  await fail(sandbox, 4)
  expect(await askAs(sandbox, password(sandbox, 'alice'))).toEqual(open)
  // In a row, and in any case: the right one began the count anew.
  await fail(sandbox, 4)
  await fail(sandbox, 1, `Basic ${Buffer.from('ALICE:wrong').toString('base64')}`)
  expect(await askAs(sandbox, password(sandbox, 'alice'))).toEqual(closed)
  expect(await askAs(sandbox, wrong)).toEqual(closed)
  const others = await Promise.all([password(sandbox, 'bob'), bearer(accessToken)].map((as) => askAs(sandbox, as)))
  expect(others).toEqual([open, open])
})

it('opens the account to whoever answers the CAPTCHA on a page', async () => {
  const sandbox = await openSandbox()
  await fail(sandbox, 5)
  const asked = await logIn(sandbox, await openPage(sandbox), { password: sandbox.password })
  expect([asked.page.status, charactersOf(asked).length]).toEqual([401, 5])
  const mistyped = await logIn(sandbox, asked, { password: sandbox.password, captcha: 'nonsense' })
  expect([mistyped.page.status, await askAs(sandbox, password(sandbox, 'alice'))]).toEqual([401, closed])
  const answer = { password: sandbox.password, captcha: charactersOf(mistyped) }
  expect((await logIn(sandbox, mistyped, answer)).page.status).toBe(303)
  expect(await askAs(sandbox, password(sandbox, 'alice'))).toEqual(open)
})

it('counts what is mistyped on pages and sent by REST together', async () => {
  const sandbox = await openSandbox()
  await fail(sandbox, 3)
  let visit = await openPage(sandbox)
  for (const text of ['one', 'two']) visit = await logIn(sandbox, visit, { password: text })
  expect(await askAs(sandbox, password(sandbox, 'alice'))).toEqual(closed)
})

it('opens the account where an administrator clears the CAPTCHA, under its new name, too', async () => {
  const sandbox = await openSandbox()
  await fail(sandbox, 5)
  const rename = { name: 'alice', newName: 'alina' }
  await send(sandbox, 'POST', '/rest/api/latest/admin/users/rename', { body: rename })
  expect(await askAs(sandbox, password(sandbox, 'alina'))).toEqual(closed)
  const cleared = await send(sandbox, 'DELETE', '/rest/api/latest/admin/users/captcha?name=Alina')
  expect([cleared.status, await askAs(sandbox, password(sandbox, 'alina'))]).toEqual([204, open])
})
