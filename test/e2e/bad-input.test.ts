/** Bad input gets a clear error with its code, place and remedy; nothing is lost and nothing leaks. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js'
import { makeAuthority } from '../certificates.js'
import { type Ended, type Environment, environmentFor, makeHome, run, signIn, start } from './program.js'

let port = 22_100
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment
let redirectUri: string
const cleanups: (() => void)[] = []

async function begin(options: SandboxOptions = {}): Promise<void> {
  await sandbox?.close()
  redirectUri = `http://localhost:${port++}/`
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri, ...options })
  environment = environmentFor(sandbox, home.path)
}

async function beginSignedIn(options: SandboxOptions = {}): Promise<void> {
  await begin(options)
  const { code, all } = await signIn(environment, redirectUri)
  if (code !== 0) throw new Error(all)
  sandbox.forgetRequests()
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeEach(() => {
  home = makeHome()
})
afterEach(async () => {
  await sandbox?.close()
  home.remove()
  for (const clean of cleanups.splice(0)) clean()
})

const banner = 'instance: { banner: { message: hello, audience: ALL, enabled: true } }'
const plan = (text: string, ...more: readonly string[]): Promise<Ended> =>
  run(['plan', '-f', home.write('bbstate.yaml', text), ...more], environment)

/** Exit code, error code and words, in one look. */
function expectRefusal(ended: Ended, code: number, ...words: readonly string[]): void {
  expect(ended.code, ended.all).toBe(code)
  for (const word of words) expect(ended.stderr).toContain(word)
}

describe('the configuration', () => {
  test.each([
    ['YAML syntax', 'instance: [1', 'CONFIG_SYNTAX'],
    ['a duplicate key', 'instance:\n  banner: null\n  banner: null\n', 'CONFIG_SYNTAX'],
    ['an unknown key', 'instance: { baner: null }', 'Did you mean banner?'],
    ['a wrong type', 'instance: { accessTokenPolicy: { maxExpiryDays: "100" } }', 'CONFIG_SCHEMA'],
    ['a literal password', 'instance: { mailServer: { hostname: a, password: canary-literal } }', 'CONFIG_SECRET'],
    ['an unset variable', 'instance: { defaultBranch: "${var:stage}" }', 'BBSTATE_VAR_STAGE'],
    ['a secret elsewhere', 'instance: { defaultBranch: "${secret:x}" }', 'CONFIG_SECRET'],
    ['twice in other case', 'instance: { groupPermissions: { devs: ADMIN, Devs: ADMIN } }', 'CONFIG_DUPLICATE'],
    ['not built yet', 'projects: { P: {} }', 'not built yet'],
    ['a forgotten value', 'instance:\n  banner:\n', 'CONFIG'],
  ])('%s', async (_name, text, word) => {
    const ended = await run(['validate', '-f', home.write('bbstate.yaml', text)], {})
    expectRefusal(ended, 3, word, 'bbstate.yaml:')
    expect(ended.all).not.toContain('canary-literal')
  })

  test('the same address in two files names both', async () => {
    mkdirSync(join(home.path, 'two'))
    home.write('two/a.yaml', banner)
    home.write('two/b.yaml', banner)
    expectRefusal(
      await run(['validate', '-f', join(home.path, 'two')], {}),
      3,
      'CONFIG_DUPLICATE',
      'a.yaml:1',
      'b.yaml:1',
    )
  })

  test('a link that leads out, a pipe and a missing file are refused', async () => {
    mkdirSync(join(home.path, 'linked'))
    symlinkSync('/etc/hostname', join(home.path, 'linked', 'x.yaml'))
    const ended = await run(['validate', '-f', join(home.path, 'linked')], {})
    expectRefusal(ended, 3, 'CONFIG_FILE')
    expectRefusal(await run(['validate', '-f', join(home.path, 'nowhere')], {}), 3, 'CONFIG_FILE')
    expectRefusal(await run(['validate', '-f', '/dev/null'], {}), 3, 'CONFIG_FILE')
  })

  test('unknown groups and users are found while planning', async () => {
    await beginSignedIn()
    expectRefusal(
      await plan('instance: { groupPermissions: { develpers: ADMIN } }'),
      3,
      'CONFIG_REFERENCE',
      'developers',
    )
    expectRefusal(await plan('instance: { userPermissions: { alicia: ADMIN } }'), 3, 'CONFIG_REFERENCE')
  })

  test('a server that is not the signed-in one is refused before anything is sent', async () => {
    await beginSignedIn()
    expectRefusal(
      await plan(`server: https://evil.example.com\n${banner}`),
      6,
      'AUTH_ORIGIN',
      'https://evil.example.com',
    )
    expect(sandbox.requests).toEqual([])
  })

  test('a secret that goes to a new place is refused, and its value leaks nowhere', async () => {
    await beginSignedIn()
    const mail = 'instance: { mailServer: { hostname: evil.example.com, password: "${secret:smtp}" } }'
    const own = { ...environment, BBSTATE_SECRET_SMTP: 'canary-smtp' }
    const file = home.write('mail.yaml', mail)
    const refused = await run(['apply', '-f', file, '--auto-approve'], own)
    expectRefusal(refused, 4, 'PLAN_UNSAFE', '--allow secret-destination=instance.mailServer')
    const scoped = { ...own, BBSTATE_SECRET_SCOPE_SMTP: 'instance.other' }
    const allowed = ['--auto-approve', '--allow', 'secret-destination=instance.mailServer']
    expectRefusal(await run(['apply', '-f', file, ...allowed], scoped), 3, 'CONFIG_SECRET')
    expectRefusal(await run(['apply', '-f', file, ...allowed], environment), 3, 'BBSTATE_SECRET_SMTP')
    expect(sandbox.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test('a server that echoes the password does not get it into the output', async () => {
    await beginSignedIn()
    const file = home.write(
      'mail.yaml',
      'instance: { mailServer: { hostname: "no such host", password: "${secret:smtp}" } }',
    )
    const own = { ...environment, BBSTATE_SECRET_SMTP: 'canary-smtp-echoed' }
    const ended = await run(
      ['apply', '-f', file, '--auto-approve', '--verbose', '--allow', 'secret-destination=instance.mailServer'],
      own,
    )
    expectRefusal(ended, 5, 'failed', 'request id')
    expect(ended.all).not.toContain('canary-smtp-echoed')
  })
})

describe('the server', () => {
  test('nobody there, and a name that does not exist', async () => {
    await beginSignedIn()
    const file = home.write('bbstate.yaml', banner)
    const token = { ...environment, BBSTATE_TOKEN: 'canary-token' }
    const ended = await run(['plan', '-f', file, '--url', 'http://127.0.0.1:9'], token)
    expectRefusal(ended, 1, 'API_UNREACHABLE')
    expectRefusal(await run(['plan', '-f', file, '--url', 'https://nowhere.invalid'], token), 1, 'API_UNREACHABLE')
    expect(ended.all).not.toContain('canary-token')
  })

  test('http to another machine is refused before a name is resolved', async () => {
    await beginSignedIn()
    const ended = await run(
      ['plan', '-f', home.write('b.yaml', banner), '--url', 'http://bitbucket.example.com'],
      environment,
    )
    expectRefusal(ended, 6, 'AUTH_ORIGIN', 'https')
  })

  test('a wrong context path', async () => {
    await begin({ contextPath: '/bitbucket' })
    await signIn(environment, redirectUri)
    const token = { ...environment, BBSTATE_TOKEN: 'x-token' }
    const ended = await run(
      ['plan', '-f', home.write('b.yaml', banner), '--url', sandbox.url.replace('/bitbucket', '/wrong')],
      token,
    )
    expectRefusal(ended, 1, 'API_', 'context path')
  })

  test('a self-signed certificate: the remedy is --ca-file, and with it the plan runs', async () => {
    await begin()
    const authority = makeAuthority('a house authority')
    const { cert, key } = authority.issue(['localhost'])
    const server = createSecureServer({ cert, key }, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-ausername': 'admin' })
      response.end('{"version":"9.4.2"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => server.close())
    const url = `https://localhost:${(server.address() as AddressInfo).port}`
    const token = { ...environment, BBSTATE_TOKEN: 'x-token' }
    const empty = home.write('empty.yaml', '')
    expectRefusal(await run(['plan', '-f', empty, '--url', url], token), 1, 'API_TLS', '--ca-file')
    const trusted = await run(
      ['plan', '-f', empty, '--url', url, '--ca-file', home.write('ca.pem', authority.cert)],
      token,
    )
    expect(trusted.code, trusted.all).toBe(0)
  })

  test('HTML instead of JSON, and a redirect to a login page that is not followed', async () => {
    await begin()
    let followed = 0
    const elsewhere = await listen((_request, response) => {
      followed++
      response.end('{}')
    })
    const html = await listen((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<html>Sign in</html>'),
    )
    const login = await listen((_request, response) =>
      response.writeHead(302, { location: `${elsewhere}/login` }).end(),
    )
    const token = { ...environment, BBSTATE_TOKEN: 'x-token' }
    const file = home.write('b.yaml', banner)
    expectRefusal(await run(['plan', '-f', file, '--url', html], token), 1, 'API_UNEXPECTED')
    expectRefusal(await run(['plan', '-f', file, '--url', login], token), 1, 'API_UNEXPECTED')
    expect(followed).toBe(0)
  })

  test('an older server without the endpoint says which version has it', async () => {
    await beginSignedIn({ bitbucket: '7.21' })
    expectRefusal(await plan('instance: { sshKeyPolicy: { maxExpiryDays: 9 } }'), 1, 'API_UNSUPPORTED', '8.7')
  })
})

describe('credentials', () => {
  test('nobody is signed in', async () => {
    await begin()
    expectRefusal(await plan(banner), 6, 'AUTH_SIGN_IN_REQUIRED', 'bbstate auth login')
  })

  test('in CI the server must be named, and a token is not kept in the clear', async () => {
    await begin()
    const { BBSTATE_URL: _url, ...nameless } = environment
    const file = home.write('b.yaml', banner)
    expectRefusal(await run(['plan', '-f', file], { ...nameless, CI: 'true' }), 6, 'AUTH_ORIGIN')
    const { BBSTATE_STORE_KEY: _key, ...keyless } = environment
    expectRefusal(await run(['plan', '-f', file], { ...keyless, CI: 'true' }), 6, 'AUTH_STORE', 'BBSTATE_STORE_KEY')
  })

  test('a wrong client secret, a scope that is not granted, another redirect URL', async () => {
    await begin({ scopes: ['REPO_READ'] })
    expectRefusal(await signIn(environment, redirectUri), 6, 'AUTH_SCOPE', 'SYSTEM_ADMIN')
    await begin()
    const wrong = await signIn({ ...environment, BBSTATE_CLIENT_SECRET: 'canary-wrong-secret' }, redirectUri)
    expectRefusal(wrong, 6, 'AUTH_CLIENT')
    expect(wrong.all).not.toContain('canary-wrong-secret')
    const login = start(
      ['auth', 'login', '--no-browser', '--redirect-uri', `http://localhost:${port++}/other`],
      environment,
    )
    const page = await login.waitFor(/http:\/\/\S+authorize\S+/u)
    expect((await fetch(page)).status).toBe(400)
    login.kill('SIGINT')
    expect((await login.ended).code).toBe(130)
  })

  test('an HTTP access token meets administration: the reason is spelled out', async () => {
    await begin()
    const ended = await run(['plan', '-f', home.write('b.yaml', banner)], {
      ...environment,
      BBSTATE_TOKEN: sandbox.httpAccessToken,
    })
    expectRefusal(ended, 1, 'API_FORBIDDEN', 'BSERV-10482')
    expect(ended.all).not.toContain(sandbox.httpAccessToken)
  })

  test('basic authentication works, with a warning; a wrong password stops at once', async () => {
    await begin()
    const basic = { ...environment, BBSTATE_USERNAME: sandbox.username, BBSTATE_PASSWORD: sandbox.password }
    const file = home.write('b.yaml', banner)
    const good = await run(['plan', '-f', file], basic)
    expect(good.code, good.all).toBe(0)
    expect(good.stderr).toContain('Warning:')
    sandbox.forgetRequests()
    const bad = await run(['plan', '-f', file], { ...basic, BBSTATE_PASSWORD: 'canary-password' })
    expect(bad.code).not.toBe(0)
    expect(bad.all).not.toContain('canary-password')
    expect(sandbox.requests).toHaveLength(1)
  })

  test('a token that dies in the middle of a list is renewed, and the list is read again', async () => {
    await beginSignedIn({ anonymousRead: true, pageLimit: 2, estate: { groups: 9, users: 3, memberships: 3 } })
    sandbox.addFault({ path: '/admin/groups\\?.*start=4', kind: 'anonymous' })
    const ended = await plan('instance: { groups: { group-009: {} } }')
    expect(ended.code, ended.all).toBe(0)
    expect(ended.stdout).toContain('No changes.')
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/token'))).toHaveLength(1)
  })

  test('no token, code, verifier or secret is printed at the highest verbosity, nor kept in the clear', async () => {
    await beginSignedIn()
    const file = home.write('b.yaml', banner)
    const ended = [
      await run(['plan', '-f', file, '--verbose'], environment),
      await run(['auth', 'status', '--json'], environment),
      await run(['auth', 'refresh', '--verbose'], environment),
      await run(['doctor', '--verbose'], environment),
    ]
    const [pair] = sandbox.state.tokens as unknown as Record<string, unknown>[]
    const values = Object.values(pair ?? {}).filter(
      (value): value is string => typeof value === 'string' && value.length > 25,
    )
    for (const { all, code } of ended) {
      expect(code, all).toBe(0)
      expect(all).not.toContain(environment['BBSTATE_CLIENT_SECRET'])
      expect(all).not.toContain(environment['BBSTATE_STORE_KEY'])
      for (const value of values) expect(all).not.toContain(value)
      expect(all).not.toMatch(/access_token|refresh_token|Bearer /u)
    }
  })
})
