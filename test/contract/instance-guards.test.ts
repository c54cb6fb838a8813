/** Settings of the instance whose changes are dangerous, and what lifts the refusal of each. */
import { afterEach, describe, expect, test } from 'vitest'
import identityProviders from '../../src/bitbucket/resources/identity-providers.js'
import type { Allowances } from '../../src/model/guard.js'
import type { PlanError } from '../../src/model/errors.js'
import type { Plan } from '../../src/model/plan.js'
import type { SandboxOptions } from '../../src/sandbox/server.js'
import { desire, type LiveRun, lines, startLive } from '../live.js'

let live: LiveRun
afterEach(() => live.close())

/** Every path that was sent, with its query. */
let sent: string[]

async function start(options: SandboxOptions = {}): Promise<void> {
  sent = []
  live = await startLive(options, ({ path }) => sent.push(path))
}

/** Allows what is named: `hook-scripts`, or `rest-settings=/rest/app`. */
const allowing = (...given: readonly string[]): Allowances => ({
  allows: (name) => given.includes(name),
  allowsPath: (name, path) =>
    given.some((one) => one.startsWith(`${name}=`) && path.startsWith(one.split('=')[1] ?? '')),
})

const plan = (instance: unknown, ...allow: readonly string[]): Promise<Plan> =>
  live.plan({ instance }, { allow: allowing(...allow) })

const refusalOf = async (instance: unknown, ...allow: readonly string[]): Promise<string> => {
  const error = (await plan(instance, ...allow).catch((thrown: unknown) => thrown)) as PlanError
  expect(error.code).toBe('PLAN_UNSAFE')
  return error.message
}

describe('basic authentication', () => {
  test('is not blocked for the account that uses it', async () => {
    await start()
    const blocked = { basicAuth: { blockRequests: true, allowedUsers: ['alice'] } }
    expect(await refusalOf(blocked)).toBe(
      'instance.basicAuth: Basic authentication would be blocked while bbstate itself signs in with it',
    )
    const exempt = { basicAuth: { blockRequests: true, allowedUsers: ['Admin'] } }
    const made = await plan(exempt)
    await live.apply(made)
    expect(lines(await plan(exempt))).toEqual([])
  })

  test('an allowed user of that name must exist', async () => {
    await start()
    await expect(plan({ basicAuth: { blockRequests: true, allowedUsers: ['admin', 'alise'] } })).rejects.toMatchObject({
      code: 'CONFIG_REFERENCE',
      hint: 'Did you mean alice?',
    })
  })
})

describe('the login form', () => {
  const hidden = { singleSignOn: { showLoginForm: false, enableAuthenticationFallback: false } }

  test('is not hidden without an identity provider and without fallback', async () => {
    await start()
    expect(await refusalOf(hidden)).toContain('would be hidden without an identity provider and without fallback')
    expect(
      lines(await plan({ singleSignOn: { showLoginForm: false, enableAuthenticationFallback: true } })),
    ).toHaveLength(1)
  })

  test('is hidden after the provider of the same plan, and not together with its removal', async () => {
    await start()
    const [{ name, usernameClaim: _claim, ...provider }] = identityProviders.examples as readonly [
      Record<string, unknown>,
    ]
    const both = { ...hidden, identityProviders: { [String(name)]: provider } }
    const made = await plan(both, 'secret-destination')
    expect(lines(made)).toEqual(['create instance.identityProviders["Company login"]', 'update instance.singleSignOn'])
    await live.apply(made)
    live.sandbox.state.instance.sso.showLoginForm = true
    expect(await refusalOf({ ...hidden, identityProviders: { [String(name)]: null } })).toContain('would be hidden')
    const disabled = { ...hidden, identityProviders: { [String(name)]: { enabled: false } } }
    expect(await refusalOf(disabled, 'secret-destination')).toContain('would be hidden')
  })
})

describe('the rate limit', () => {
  test('does not throttle bbstate itself, unless it is exempt by the same plan', async () => {
    await start({ estate: { groups: 900, users: 5, memberships: 5 }, pageLimit: 1000 })
    const groups = Object.fromEntries(
      Array.from({ length: 800 }, (_, index) => [`group-${String(index + 1).padStart(3, '0')}`, { members: [] }]),
    )
    const tight = { groups, rateLimit: { enabled: true, defaultSettings: { capacity: 1, fillRate: 1 } } }
    expect(await refusalOf(tight)).toMatch(
      /A run like this one needs about \d+ requests, for which admin would have to wait/u,
    )
    const exempt = { ...tight, rateLimitUsers: { admin: { whitelisted: true } } }
    expect(lines(await plan(exempt)).slice(-2)).toEqual([
      'create instance.rateLimitUsers[admin]',
      'update instance.rateLimit',
    ])
  })
})

describe('hook scripts', () => {
  const script = { type: 'PRE', content: '#!/bin/sh\nexit 0\n' }

  test('need an allowance, get a number, and are found by it', async () => {
    await start()
    const fresh = { hookScripts: { 'no-big-files': script } }
    expect(await refusalOf(fresh)).toContain('is code that runs on the server')
    const made = await plan(fresh, 'hook-scripts')
    expect(made.warnings.map(({ message }) => message).join()).toContain('has no id, so it counts as new')
    const report = await live.apply(made)
    const [{ id } = { id: 0 }] = live.sandbox.state.instance.hookScripts
    expect(report.converged).toBe(true)
    expect(report.outcomes.map(({ note }) => note)).toEqual([
      `The server gave no-big-files the number ${id}: write id: ${id} next to it.`,
    ])
    const known = { hookScripts: { 'no-big-files': { ...script, id } } }
    expect(lines(await plan(known))).toEqual([])
    const changed = { hookScripts: { 'no-big-files': { ...script, id, content: '#!/bin/sh\nexit 1\n' } } }
    await live.apply(await plan(changed, 'hook-scripts'))
    expect(live.sandbox.state.instance.hookScripts[0]).toMatchObject({ id, content: '#!/bin/sh\nexit 1\n' })
  })

  test('keep their type: a plan that changes it is refused, and nothing lifts that', async () => {
    await start()
    await live.apply(await plan({ hookScripts: { 'no-big-files': script } }, 'hook-scripts'))
    const [{ id } = { id: 0 }] = live.sandbox.state.instance.hookScripts
    const retyped = { hookScripts: { 'no-big-files': { ...script, id, type: 'POST' } } }
    await expect(plan(retyped, 'hook-scripts')).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      exitCode: 4,
      message:
        'instance.hookScripts[no-big-files]: The type of the hook script no-big-files cannot be changed: it stays PRE for good',
      hint: `Write type: PRE again, and the other script under a new name without id. To keep the name, delete the script first (DELETE /rest/api/latest/hook-scripts/${id}), then write it without id.`,
    })
    const beside = { 'no-big-files': { ...script, id }, 'tell-about-files': { ...script, type: 'POST' } }
    expect((await live.apply(await plan({ hookScripts: beside }, 'hook-scripts'))).converged).toBe(true)
    expect(live.sandbox.state.instance.hookScripts.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'no-big-files PRE',
      'tell-about-files POST',
    ])
  })

  test('without a number fail where the name is taken, and say so', async () => {
    await start()
    const fresh = { hookScripts: { 'no-big-files': script } }
    await live.apply(await plan(fresh, 'hook-scripts'))
    await expect(live.apply(await plan(fresh, 'hook-scripts'))).rejects.toMatchObject({ code: 'APPLY_PARTIAL' })
    expect(live.sandbox.state.instance.hookScripts).toHaveLength(1)
  })

  test('a number that belongs to another script is not touched', async () => {
    await start()
    await live.apply(await plan({ hookScripts: { first: script } }, 'hook-scripts'))
    const [{ id } = { id: 0 }] = live.sandbox.state.instance.hookScripts
    await expect(plan({ hookScripts: { second: { ...script, id } } }, 'hook-scripts')).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
    })
  })
})

describe('settings that bbstate does not know', () => {
  const path = '/rest/acme-notifier/latest/settings'
  const allow = 'rest-settings=/rest/acme-notifier'
  const notifier = (more: unknown) => ({ restSettings: { notifier: { path, ...(more as object) } } })

  test('are not even read without an allowance', async () => {
    await start()
    live.sandbox.forgetRequests()
    expect(await refusalOf(notifier({ body: { channel: 'builds' } }))).toContain('is not known to bbstate')
    expect(await refusalOf(notifier({ body: { channel: 'builds' } }), 'rest-settings=/rest/other')).toContain(
      'not known',
    )
    expect(live.sandbox.requests).toEqual([])
  })

  test('a subset keeps what it does not name; exact does not', async () => {
    await start()
    live.sandbox.state.instance.app = { channel: 'old', quiet: true }
    const subset = notifier({ body: { channel: 'builds' } })
    await live.apply(await plan(subset, allow))
    expect(live.sandbox.state.instance.app).toEqual({ channel: 'builds', quiet: true })
    expect(lines(await plan(subset, allow))).toEqual([])
    const exact = notifier({ body: { channel: 'builds' }, compare: 'exact' })
    const made = await plan(exact, allow)
    expect(made.changes[0]?.fields).toMatchObject([
      { path: 'body', before: { channel: 'builds', quiet: true }, after: { channel: 'builds' } },
    ])
    await live.apply(made)
    expect(live.sandbox.state.instance.app).toEqual({ channel: 'builds' })
  })

  test('are reset where the endpoint can', async () => {
    await start()
    live.sandbox.state.instance.app = { channel: 'old' }
    expect(await refusalOf(notifier({ body: null }), allow)).toContain('cannot be reset')
    const gone = notifier({ body: null, reset: 'DELETE' })
    await live.apply(await plan(gone, allow))
    expect(live.sandbox.state.instance.app).toBeNull()
    expect(lines(await plan(gone, allow))).toEqual([])
  })

  test('take secrets into fields that nobody can read, and into no other', async () => {
    await start()
    const secrets = { '/token': { value: '${secret:notifier}' } }
    const made = await plan(notifier({ body: { channel: 'builds' }, secrets }), allow)
    expect(JSON.stringify(made)).not.toContain('value-of-notifier')
    await live.apply(made)
    expect(live.sandbox.state.instance.app).toEqual({ channel: 'builds', token: 'value-of-notifier' })
    expect(lines(await plan(notifier({ body: { channel: 'builds' }, secrets }), allow))).toEqual([])
    const readable = { '/channel': { value: '${secret:notifier}' } }
    await expect(plan(notifier({ body: {}, secrets: readable }), allow)).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
    })
  })

  test.each([
    ['what another setting covers', '/rest/api/latest/admin/banner', 'belongs to the setting banner'],
    ['the same in another version', '/rest/api/1.0/admin/mail-server', 'belongs to the setting mailServer'],
    ['what lies below it', '/rest/api/latest/admin/mail-server/sender-address', 'belongs to the setting mailServer'],
    ['what issues credentials', '/rest/oauth2/latest/client', 'is not for this'],
    ['another place', '/rest/acme/../oauth2/latest', 'means another place (/rest/oauth2/latest)'],
  ])('%s is refused, whatever is allowed', async (_what, other, reason) => {
    await start()
    const setting = { restSettings: { odd: { path: other, body: {} } } }
    expect(await refusalOf(setting, 'rest-settings=/rest')).toContain(reason)
  })
})

describe('the cluster', () => {
  const node = { 'http://mesh-1.example.com:7777': { name: 'mesh-1' } }

  test('loses a Mesh node only where that is allowed', async () => {
    await start()
    await live.apply(await plan({ meshNodes: node }))
    const gone = { meshNodes: { 'http://mesh-1.example.com:7777': null } }
    expect(await refusalOf(gone)).toContain('The Mesh node mesh-1 would be removed')
    await live.apply(await plan(gone, 'mesh-nodes'))
    expect(live.sandbox.state.instance.meshNodes).toEqual([])
  })

  test('a mirror is accepted only once it has asked', async () => {
    await start()
    await expect(live.apply(await plan({ mirrors: ['sydney'] }))).rejects.toMatchObject({
      report: { outcomes: [{ error: { message: expect.stringContaining('has asked to be accepted') as unknown } }] },
    })
  })
})

describe('what a version does not have', () => {
  test('a field that it would drop silently is refused, with the version that keeps it', async () => {
    await start({ bitbucket: '8.19' })
    const node = { meshNodes: { 'http://m.example.com': { name: 'm', availabilityZone: 'a' } } }
    await expect(plan(node)).rejects.toMatchObject({
      code: 'CONFIG_SCHEMA',
      message:
        'availabilityZone of instance.meshNodes["http://m.example.com"] needs Bitbucket 9.4; this server is 8.19.12 and would drop it silently',
    })
  })

  test('a setting is refused while planning, with the version that has it', async () => {
    await start({ bitbucket: '8.19' })
    await expect(plan({ basicAuth: { blockRequests: false } })).rejects.toMatchObject({
      code: 'API_UNSUPPORTED',
      message: expect.stringContaining('which came with Bitbucket 9.4') as unknown,
    })
  })
})

describe('what cannot be made', () => {
  test('an access token is declared only where it is there', async () => {
    await start()
    await expect(plan({ users: { alice: { accessTokens: ['ci'] } } })).rejects.toMatchObject({
      code: 'CONFIG_SCHEMA',
      message: 'instance.users[alice].accessTokens[ci] is not on the server, and bbstate cannot create it',
    })
  })

  test('a logger cannot be removed', async () => {
    await start()
    expect(() => desire({ instance: { loggers: { 'com.atlassian': null } } })).toThrow(/cannot be null/u)
  })
})

describe('what the server refuses', () => {
  test('a licence for another server', async () => {
    await start()
    live.sandbox.state.instance.license = null
    const made = await plan({ license: { license: '${secret:license}' } })
    await expect(live.apply(made)).rejects.toMatchObject({
      report: {
        outcomes: [{ error: { code: 'API_CONFLICT', message: expect.stringContaining('cannot be decoded') } }],
      },
    })
  })

  test('a regular expression that Java does not take, at the line that wrote it', async () => {
    await start()
    const made = await plan({ secretScanningRules: { Acme: { lineRegex: '(unclosed' } } })
    await expect(live.apply(made)).rejects.toMatchObject({
      report: {
        outcomes: [
          {
            error: {
              code: 'API_REJECTED',
              message: expect.stringContaining('lineRegex: The regular expression is not valid'),
              address: 'instance.secretScanningRules[Acme]',
              source: { file: 'test.yaml', line: 1 },
            },
          },
        ],
      },
    })
  })

  test('an answer of unknown shape is named, never guessed', async () => {
    await start()
    live.sandbox.addFault({ kind: 'body', path: 'basicauth', body: { 'block-requests': 'no', 'allowed-users': [] } })
    await expect(plan({ basicAuth: { blockRequests: false } })).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
      message: expect.stringContaining('block-requests is of type string, not true or false') as unknown,
    })
  })
})

describe('what contradicts itself', () => {
  test('a default strategy that is not enabled', async () => {
    await start()
    const git = { defaultStrategy: 'squash', strategies: ['ff'] }
    expect(await refusalOf({ mergeStrategies: { git } })).toBe(
      'instance.mergeStrategies[git]: The default strategy squash is not among the strategies',
    )
  })

  test('endpoints beside discovery, which fills them in', async () => {
    await start()
    const provider = { ssoType: 'OIDC', issuerUrl: 'https://login.example.com', discoveryEnabled: true }
    const odd = { identityProviders: { Login: { ...provider, tokenEndpoint: 'https://login.example.com/t' } } }
    expect(await refusalOf(odd)).toContain('With discovery the server fills in the endpoints of Login itself')
  })
})

describe('certificates', () => {
  test.each([
    ['nonsense', 'nonsense'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
    ['a cut one', '-----BEGIN CERTIFICATE-----\nMIIBQjCB9aADAgEC\n-----END CERTIFICATE-----'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----'],
  ])('%s is none: found before anything is read', async (_what, certificate) => {
    await start()
    expect(() => desire({ instance: { x509Certificates: [{ certificate }] } })).toThrow(/x509Certificates: /u)
  })
})

describe('users', () => {
  const bot = { displayName: 'Bot', emailAddress: 'bot@example.com', password: '${secret:bot}' }

  test('have their password in a body alone, and are renamed in place', async () => {
    await start()
    await live.apply(await plan({ users: { bot } }))
    expect(live.sandbox.state.users['bot']?.password).toBe('value-of-bot')
    expect(sent.filter((path) => path.includes('password='))).toHaveLength(1)
    expect(sent.join('\n')).not.toContain('value-of-bot')
    expect(live.sandbox.state.groups['stash-users']?.members).not.toContain('bot')
    const made = await plan({ users: { robot: { ...bot, renamedFrom: 'bot' } } })
    expect(lines(made)).toEqual(['update instance.users[robot]'])
    await live.apply(made)
    expect(live.sandbox.state.users['robot']?.password).toBe('value-of-bot')
    expect(live.sandbox.state.users['bot']).toBeUndefined()
  })

  test('with the mail address of somebody else are refused in the words of the server', async () => {
    await start()
    const taken = { ...bot, emailAddress: 'alice@example.com' }
    await expect(live.apply(await plan({ users: { bot: taken } }))).rejects.toMatchObject({
      report: { outcomes: [{ error: { code: 'API_CONFLICT', address: 'instance.users[bot]' } }] },
    })
  })

  test('take memberships, permissions and keys with them, and the plan says so', async () => {
    await start()
    live.sandbox.state.userPermissions['bob'] = 'PROJECT_CREATE'
    const key = { id: 7, user: 'bob', text: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDpqWqVu9bCaZQhq', label: 'laptop' }
    live.sandbox.state.instance.sshKeys.push(key)
    expect([...lines(await plan({ users: { bob: null } }))].sort()).toEqual([
      'delete instance.groups[developers].members[bob]',
      'delete instance.groups[stash-users].members[bob]',
      'delete instance.userPermissions[bob]',
      'delete instance.users[bob]',
      expect.stringContaining('delete instance.users[bob].sshKeys["ssh-ed25519 ') as unknown,
    ])
  })
})
