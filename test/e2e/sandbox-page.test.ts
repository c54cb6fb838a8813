/** The pages of a sandbox in a process of its own, in a real Chromium: by mouse, by keyboard, without JavaScript. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '../../src/sandbox/certificate.js'
import { hasChromium, screenshotPath, startBrowser } from '../browser.js'
import { makeHome, run, type Running, start } from './program.js'

interface Started {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly caFile?: string
}

const pages = [
  '/',
  ...['settings', 'people', 'projects', 'links', 'applications', 'requests', 'faults'].map(
    (name) => `/sandbox/${name}`,
  ),
]
const running: Running[] = []

/** Asked in the browser, of which this program knows no types. */
const focused = 'document.activeElement'
const openAll = "document.querySelectorAll('details').forEach((one) => { one.open = true })"
const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'

async function startSandbox(...args: readonly string[]): Promise<Started> {
  const process = start(['sandbox', '--port', '0', '--json', ...args])
  running.push(process)
  return JSON.parse(await process.waitFor(/^\{.*\}$/mu)) as Started
}

describe.skipIf(!hasChromium)('the pages of the sandbox', () => {
  const home = makeHome()
  let browser: Browser
  let application: Server
  let redirectUri: string
  const contexts: BrowserContext[] = []
  beforeAll(async () => {
    browser = await startBrowser()
    // The external application of the article: all it does is to receive the code.
    application = createServer((_request, response) => response.end('received')).listen(0, '127.0.0.1')
    await once(application, 'listening')
    redirectUri = `http://127.0.0.1:${(application.address() as AddressInfo).port}/BitbucketApp/`
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
    for (const process of running.splice(0)) {
      process.kill('SIGTERM')
      await process.ended
    }
  })
  afterAll(async () => {
    application.close()
    await browser.close()
    home.remove()
  })

  /** A tab, and everything that its pages complain about. */
  async function openTab(
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ tab: Page; complaints: string[] }> {
    const context = await browser.newContext(options)
    contexts.push(context)
    const tab = await context.newPage()
    const complaints: string[] = []
    tab.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    tab.on('pageerror', (error) => complaints.push(error.message))
    tab.on('requestfailed', (request) => {
      // What a page that was left had open.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(request.url())
    })
    return { tab, complaints }
  }

  async function logIn(tab: Page, { url, username, password }: Started, next: string): Promise<void> {
    await tab.goto(`${url}/login?next=${encodeURIComponent(next)}`)
    await tab.getByLabel('Username').fill(username)
    await tab.getByLabel('Password').fill(password)
    await tab.getByRole('button', { name: 'Log in' }).click()
    await tab.waitForURL((url) => url.pathname.endsWith(next))
  }

  test('lead through the whole article: link, authorize, sign-in, consent, code, token, PUT', async () => {
    const sandbox = await startSandbox()
    const { tab, complaints } = await openTab()
    await logIn(tab, sandbox, '/sandbox/links')
    await tab.getByLabel('Name').fill('automation')
    await tab.getByLabel('Redirect URL').fill(redirectUri)
    await tab.getByRole('button', { name: 'Save' }).click()
    const clientId = await tab.locator('#client-id').innerText()
    const clientSecret = await tab.locator('#client-secret').innerText()
    await tab.reload()
    expect(await tab.locator('#client-secret').count()).toBe(0)
    expect(await tab.content()).not.toContain(clientSecret)
    await tab.getByRole('button', { name: 'Log out' }).click()
    // As the article writes it, somebody else's browser.
    const parameters = {
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      state: 'STATE',
      scope: 'SYSTEM_ADMIN',
    }
    await tab.goto(`${sandbox.url}/rest/oauth2/latest/authorize?${new URLSearchParams(parameters)}`)
    await tab.getByLabel('Username').fill('admin')
    await tab.getByLabel('Password').fill(sandbox.password)
    await tab.getByRole('button', { name: 'Log in' }).click()
    await expect.poll(() => tab.locator('main').innerText()).toContain('automation')
    await tab.getByRole('button', { name: 'Allow' }).click()
    await tab.waitForURL(`${redirectUri}**`)
    const back = new URL(tab.url()).searchParams
    expect(back.get('state')).toBe('STATE')
    const exchange = {
      client_id: clientId,
      client_secret: clientSecret,
      code: back.get('code') ?? '',
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
    }
    const answer = await fetch(`${sandbox.url}/rest/oauth2/latest/token?${new URLSearchParams(exchange)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    const token = (await answer.json()) as { access_token: string; refresh_token: string; token_type: string }
    expect(token.token_type).toBe('bearer')
    const put = (): Promise<Response> =>
      fetch(`${sandbox.url}/rest/access-tokens/latest/admin`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ maxExpiryDays: 100 }),
      })
    expect((await put()).status).toBe(200)
    await tab.goto(`${sandbox.url}/sandbox/settings`)
    expect(await tab.locator('main').innerText()).toContain('Days at most: 100')
    await tab.goto(`${sandbox.url}/sandbox/requests`)
    const log = await tab.locator('#log').innerText()
    expect(log).toMatch(/PUT\s+\/rest\/access-tokens\/latest\/admin\s+200\s+admin\s+\d+\.\d ms/u)
    const secrets = [token.access_token, token.refresh_token, clientSecret, back.get('code') ?? '']
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
    // What was allowed can be taken back, and the token is dead.
    await tab.goto(`${sandbox.url}/sandbox/applications`)
    await tab.getByRole('button', { name: 'Revoke access' }).click()
    await expect.poll(() => tab.locator('main').innerText()).toContain('Its tokens do not work any more')
    expect((await put()).status).toBe(401)
    expect(complaints).toEqual([])
  })

  test('let drift be made by hand, which bbstate finds', async () => {
    const sandbox = await startSandbox()
    const file = home.write(
      'bbstate.yaml',
      'instance:\n  banner: { enabled: true, audience: ALL, message: from git }\n',
    )
    const environment = {
      BBSTATE_HOME: home.path,
      BBSTATE_URL: sandbox.url,
      BBSTATE_USERNAME: sandbox.username,
      BBSTATE_PASSWORD: sandbox.password,
    }
    expect((await run(['apply', '-f', file, '--auto-approve'], environment)).code).toBe(0)
    expect((await run(['drift', '-f', file], environment)).code).toBe(0)
    const { tab, complaints } = await openTab()
    await logIn(tab, sandbox, '/sandbox/settings')
    await tab.getByText('Announcement banner').click()
    await tab.getByRole('textbox', { name: 'Message' }).fill('by hand')
    await tab.locator('details[open]').getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => tab.locator('main').innerText()).toContain('Message: by hand')
    const drift = await run(['drift', '-f', file], environment)
    expect([
      drift.code,
      drift.stdout.includes('by hand → from git') || drift.stdout.includes('"by hand" → "from git"'),
    ]).toEqual([2, true])
    // What the API refuses is said beside the form, and what was typed is still there.
    await tab.getByText('HTTP access tokens: expiry').click()
    await tab.getByLabel('Days at most').fill('-3')
    await tab.locator('details', { hasText: 'HTTP access tokens' }).getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => tab.getByRole('alert').innerText()).toContain('at least one day')
    expect(await tab.getByLabel('Days at most').inputValue()).toBe('-3')
    expect(complaints).toEqual([
      'error: Failed to load resource: the server responded with a status of 400 (Bad Request)',
    ])
  })

  test('follow what happens, and lose nothing that is being typed', async () => {
    const sandbox = await startSandbox()
    const { tab, complaints } = await openTab()
    await tab.goto(`${sandbox.url}/sandbox/requests`)
    await expect.poll(() => tab.locator('.live').innerText()).toBe('Live')
    await tab.getByLabel('Only with').fill('half typed')
    await fetch(`${sandbox.url}/rest/api/latest/application-properties?access_token=canary`)
    await expect.poll(() => tab.locator('#log').innerText()).toContain('application-properties')
    expect(await tab.getByLabel('Only with').inputValue()).toBe('half typed')
    expect(await tab.locator('#log').innerText()).not.toContain('canary')
    expect(complaints).toEqual([])
  })

  test('can be used by keyboard alone', async () => {
    const sandbox = await startSandbox()
    const { tab, complaints } = await openTab()
    await tab.goto(sandbox.url)
    const press = async (key: string, times = 1): Promise<void> => {
      for (let time = 0; time < times; time += 1) await tab.keyboard.press(key)
    }
    const tabTo = async (name: string): Promise<void> => {
      for (let step = 0; step < 60; step += 1) {
        await press('Tab')
        const text = await tab.evaluate<string>(`${focused}.innerText + ' ' + ${focused}.getAttribute('name')`)
        if (text.includes(name)) return
      }
      throw new Error(`The keyboard does not reach ${name}`)
    }
    await press('Tab')
    expect(await tab.evaluate<string>(`${focused}.innerText`)).toBe('Skip to the content')
    await tabTo('Log in')
    await press('Enter')
    await tab.waitForURL('**/login**')
    // The first field has the focus already.
    await tab.keyboard.type('admin')
    await press('Tab')
    await tab.keyboard.type(sandbox.password)
    await press('Enter')
    await tab.waitForURL((url) => url.pathname === '/')
    await tabTo('Faults')
    await press('Enter')
    await tab.waitForURL('**/sandbox/faults')
    await tabTo('kind')
    await tab.keyboard.type('Answer 503')
    await tabTo('path')
    await tab.keyboard.type('/admin/banner')
    await press('Enter')
    await expect.poll(() => tab.locator('#armed').innerText()).toContain('Answer 503')
    expect((await fetch(`${sandbox.url}/rest/api/latest/admin/banner`)).status).toBe(503)
    await expect.poll(() => tab.locator('#armed').innerText()).toContain('No fault is armed')
    await tabTo('Disarm')
    const ring = await tab.evaluate<string>(`getComputedStyle(${focused}).outlineStyle`)
    expect(ring).toBe('solid')
    expect(complaints).toEqual([])
  })

  test('work without JavaScript', async () => {
    const sandbox = await startSandbox('--context-path', '/bitbucket')
    const { tab } = await openTab({ javaScriptEnabled: false })
    await logIn(tab, sandbox, '/sandbox/people')
    await tab.getByText('Change something').click()
    const form = tab.getByRole('form', { name: 'Membership' })
    await form.getByLabel('User').fill('alice')
    await form.getByLabel('Group').fill('contractors')
    await form.getByRole('button', { name: 'Add to group' }).click()
    const row = tab.locator('#user-list tr', { hasText: 'Alice Archer' })
    expect(await row.innerText()).toContain('LICENSED_USER through contractors')
    await tab.goto(`${sandbox.url}/sandbox/requests`)
    expect(await tab.locator('meta[http-equiv="refresh"]').getAttribute('content')).toBe('5')
  })

  test.each([true, false])(
    'take hook scripts and certificates as files (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const sandbox = await startSandbox()
      const { tab, complaints } = await openTab({ javaScriptEnabled })
      const openDetails = async (id: string): Promise<Locator> => {
        const details = tab.locator(`#${id}`)
        if ((await details.getAttribute('open')) === null) await details.locator('summary').click()
        return details
      }
      const upload = async (id: string, label: string, file: string): Promise<void> => {
        const details = await openDetails(id)
        await details.getByLabel(label, { exact: true }).setInputFiles(file)
        const answered = tab.waitForResponse((response) => response.request().method() === 'POST')
        await details.getByRole('button', { name: 'Upload' }).click()
        await answered
        await tab.waitForLoadState()
      }
      await tab.goto(`${sandbox.url}/sandbox/settings`)
      expect(await tab.locator('input[type=file]').count()).toBe(0)
      await logIn(tab, sandbox, '/sandbox/settings')
      // What is in the file arrives byte for byte, also what a text field would change.
      const script = '#!/bin/sh\r\necho "Größe & <b>"\n--boundary--\n'
      const scripts = await openDetails('hook-scripts')
      await scripts.getByLabel('Name').fill('policy <1>')
      await scripts.getByLabel('Runs').selectOption('POST')
      await upload('hook-scripts', 'Script', home.write('policy.sh', script))
      expect(await scripts.locator('table').innerText()).toContain('policy <1>')
      const authorization = `Basic ${Buffer.from(`admin:${sandbox.password}`).toString('base64')}`
      const entry = await scripts.locator('input[name=entry]').getAttribute('value')
      const address = `${sandbox.url}/rest/api/latest/hook-scripts/${entry}`
      const content = await fetch(`${address}/content`, { headers: { authorization } })
      expect([content.status, await content.text()]).toEqual([200, script])
      const shown = await (await fetch(address, { headers: { authorization } })).json()
      expect(shown).toMatchObject({ name: 'policy <1>', type: 'POST' })
      // A name that is taken is refused beside the form, which keeps what was typed.
      await scripts.getByLabel('Name').fill('policy <1>')
      await upload('hook-scripts', 'Script', home.write('policy.sh', script))
      expect(await tab.getByRole('alert').innerText()).toContain('exists')
      expect(await scripts.getByLabel('Name').inputValue()).toBe('policy <1>')
      await upload('x509-certificates', 'Certificate, as PEM', home.write('none.pem', 'no certificate'))
      expect(await tab.getByRole('alert').innerText()).toContain('valid X.509 certificate')
      await upload(
        'x509-certificates',
        'Certificate, as PEM',
        home.write('one.pem', makeCertificate(['localhost']).authority),
      )
      const certificates = await openDetails('x509-certificates')
      expect(await certificates.locator('table').innerText()).toMatch(/[\da-f]{64}/u)
      for (const id of ['hook-scripts', 'x509-certificates']) {
        const details = await openDetails(id)
        await details.getByRole('button', { name: 'Delete' }).click()
        await expect.poll(() => tab.locator(`#value-${id}`).innerText()).toBe('none')
      }
      expect(complaints.filter((complaint) => !complaint.includes('status of 40'))).toEqual([])
      // Without the token of the session nothing is taken.
      const parts = new FormData()
      const fields = { csrf: 'guessed', setting: 'hook-scripts', do: 'upload', name: 'x', type: 'PRE', content: 'x' }
      for (const [name, value] of Object.entries(fields)) parts.set(name, value)
      const [cookie] = await tab.context().cookies()
      const headers = { cookie: `${cookie?.name}=${cookie?.value}` }
      const forged = await fetch(`${sandbox.url}/sandbox/settings`, { method: 'POST', body: parts, headers })
      expect(forged.status).toBe(403)
      await tab.goto(`${sandbox.url}/sandbox/settings`)
      expect(await tab.locator('#value-hook-scripts').innerText()).toBe('none')
    },
  )

  test('fit a phone, in the dark too, and complain about nothing', async () => {
    const sandbox = await startSandbox()
    for (let index = 0; index < 3; index += 1)
      await fetch(`${sandbox.url}/rest/api/latest/${'long-'.repeat(40)}?q=${'x'.repeat(300)}`)
    for (const [name, width, colorScheme] of [
      ['phone', 360, 'light'],
      ['phone-dark', 360, 'dark'],
      ['desktop', 1200, 'light'],
      ['desktop-dark', 1200, 'dark'],
    ] as const) {
      const { tab, complaints } = await openTab({ viewport: { width, height: 800 }, colorScheme })
      await logIn(tab, sandbox, '/')
      const wide: string[] = []
      const backs = new Set<string>()
      for (const path of pages) {
        await tab.goto(sandbox.url + path)
        await tab.evaluate(openAll)
        if (await tab.evaluate<boolean>(isTooWide)) wide.push(path)
        backs.add(await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
        if (process.env['BBSTATE_SCREENSHOTS'] === undefined) continue
        const shot = `sandbox-${name}-${path.split('/').at(-1) || 'overview'}`
        await tab.screenshot({ path: screenshotPath(shot), fullPage: true })
      }
      expect([wide, complaints, [...backs]]).toEqual([
        [],
        [],
        [colorScheme === 'dark' ? 'rgb(16, 20, 28)' : 'rgb(246, 247, 249)'],
      ])
    }
  })

  test('say what is wrong: client, redirect URI, scope, password, and a CAPTCHA after five of them', async () => {
    const sandbox = await startSandbox()
    const { tab } = await openTab()
    const authorize = (change: Readonly<Record<string, string>>): string => {
      const right = { client_id: sandbox.clientId, redirect_uri: sandbox.redirectUri, response_type: 'code' }
      return `${sandbox.url}/rest/oauth2/latest/authorize?${new URLSearchParams({ ...right, ...change })}`
    }
    await tab.goto(authorize({ client_id: 'stranger' }))
    expect(await tab.locator('main').innerText()).toContain('The client id is not known')
    await tab.goto(authorize({ redirect_uri: 'https://evil.example.com/' }))
    const advice = await tab.locator('main').innerText()
    expect([advice.includes('The redirect URI is not the one'), advice.includes('https://evil.example.com/')]).toEqual([
      true,
      true,
    ])
    const refused = await fetch(authorize({ scope: 'NONSENSE' }), { redirect: 'manual' })
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_scope')
    await tab.goto(authorize({}))
    const attempt = async (password: string): Promise<string> => {
      await tab.getByLabel('Username').fill('alice')
      await tab.getByLabel('Password').fill(password)
      const answered = tab.waitForResponse((response) => response.request().method() === 'POST')
      await tab.getByRole('button', { name: 'Log in' }).click()
      await answered
      await tab.waitForLoadState()
      return tab.locator('main').innerText()
    }
    for (let time = 0; time < 4; time += 1) expect(await attempt('wrong')).not.toContain('Characters')
    expect(await attempt('wrong')).toContain('too many failed attempts')
    await tab.getByLabel('Characters').fill('XXXXX')
    expect(await attempt(sandbox.password)).toContain('do not match')
    const characters = (await tab.locator('.badge').innerText()).replaceAll(' ', '')
    await tab.getByLabel('Characters').fill(characters)
    expect(await attempt(sandbox.password)).toContain('Allow access to your account?')
  })

  test('come by TLS with a certificate that bbstate and the browser trust when told to, and go within a second', async () => {
    const sandbox = await startSandbox('--tls')
    const [process] = running
    expect(sandbox.url).toMatch(/^https:/u)
    const file = home.write('empty.yaml', 'instance:\n  banner: null\n')
    const environment = {
      BBSTATE_HOME: home.path,
      BBSTATE_URL: sandbox.url,
      BBSTATE_USERNAME: sandbox.username,
      BBSTATE_PASSWORD: sandbox.password,
    }
    const distrusted = await run(['plan', '-f', file], environment)
    const trusted = await run(['plan', '-f', file, '--ca-file', sandbox.caFile ?? ''], environment)
    expect([distrusted.code, trusted.code, trusted.stdout.includes('No changes')]).toEqual([1, 0, true])
    expect(readFileSync(sandbox.caFile ?? '', 'utf8')).not.toContain('PRIVATE KEY')
    const { tab } = await openTab({ ignoreHTTPSErrors: true })
    await logIn(tab, sandbox, '/sandbox/requests')
    const [cookie] = await tab.context().cookies()
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' })
    // An open page with its stream of events does not hold it up.
    await expect.poll(() => tab.locator('.live').innerText()).toBe('Live')
    process?.kill('SIGTERM')
    expect((await process?.ended)?.code).toBe(0)
    expect(() => readFileSync(sandbox.caFile ?? '')).toThrow('ENOENT')
  })
})
