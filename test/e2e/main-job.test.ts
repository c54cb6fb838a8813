/** The main job with the built program: sign in, plan, apply, plan again; examples; request counts; interruptions. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, environmentFor, makeHome, run, runShell, signIn, start } from './program.js'

// Below the range from which the system takes ports for connections.
let port = 21_100
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

async function begin(options: SandboxOptions = {}): Promise<void> {
  await sandbox?.close()
  const redirectUri = `http://localhost:${port++}/`
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri, ...options })
  environment = environmentFor(sandbox, home.path)
  const { code, all } = await signIn(environment, redirectUri)
  if (code !== 0) throw new Error(all)
  sandbox.forgetRequests()
}

beforeEach(() => {
  home = makeHome()
})
afterEach(async () => {
  await sandbox.close()
  home.remove()
})

const quickStart = 'examples/quick-start/bbstate.yaml'

describe('the main job', () => {
  test('sign in, plan, apply, plan again: nothing is left to change', async () => {
    await begin()
    const first = await run(['plan', '-f', quickStart, '--detailed-exitcode'], environment)
    expect(first.code).toBe(2)
    expect(first.stdout).toContain('+ instance.accessTokenPolicy')
    expect(first.stdout).toContain('Plan: 7 to add, 0 to change, 4 to destroy.')
    const reads = sandbox.requests.filter(({ path }) => path.startsWith('/rest/'))
    expect(reads.filter(({ method }) => method !== 'GET')).toEqual([])
    const applied = await run(['apply', '-f', quickStart, '--auto-approve'], environment)
    expect(applied.code, applied.all).toBe(0)
    expect(applied.stdout).toContain('Apply complete! Resources: 7 added, 0 changed, 4 destroyed.')
    const again = await run(['plan', '-f', quickStart, '--detailed-exitcode'], environment)
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('No changes. Live matches the configuration.')
  })

  test('a saved plan holds its schema, is shown, and is applied only where nothing moved', async () => {
    await begin()
    const file = join(home.path, 'plan.json')
    expect((await run(['plan', '-f', quickStart, '--out', file], environment)).code).toBe(0)
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan
    const validate = new Ajv({ strict: false }).compile(
      JSON.parse(readFileSync('schemas/plan.schema.json', 'utf8')) as object,
    )
    expect(validate(plan), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...plan, extra: 1 })).toBe(false)
    expect((await run(['show', file], {})).stdout).toContain('Plan: 7 to add')
    const edited = { ...plan, changes: plan.changes.slice(1) }
    const forged = home.write('forged.json', JSON.stringify(edited))
    const refused = await run(['apply', forged, '-f', quickStart], environment)
    expect(refused.code).toBe(4)
    expect(refused.stderr).toContain('was edited, or cut')
    const foreign = home.write(
      'foreign.json',
      JSON.stringify({ ...plan, server: { ...plan.server, url: 'https://other.example.com' } }),
    )
    expect((await run(['apply', foreign, '-f', quickStart], environment)).stderr).toContain('PLAN_FORMAT')
    expect((await run(['show', home.write('cut.json', '{"formatVersion":1,')], {})).stderr).toContain(
      'is not whole JSON',
    )
    expect((await run(['apply', '-f', quickStart, '--expect-digest', 'f'.repeat(64)], environment)).code).toBe(4)
    const report = await run(['apply', file, '-f', quickStart, '--json'], environment)
    expect(report.code, report.all).toBe(0)
    const schema = JSON.parse(readFileSync('schemas/report.schema.json', 'utf8')) as object
    expect(new Ajv({ strict: false }).compile(schema)(JSON.parse(report.stdout))).toBe(true)
  })

  test('drift sees a change by hand, tells it from what is unmanaged, and writes nothing', async () => {
    await begin()
    await run(['apply', '-f', quickStart, '--auto-approve'], environment)
    expect((await run(['drift', '-f', quickStart], environment)).code).toBe(0)
    sandbox.state.banner = null
    sandbox.forgetRequests()
    const drift = await run(['drift', '-f', quickStart, '--unmanaged'], environment)
    expect(drift.code).toBe(2)
    expect(drift.stdout).toContain('+ instance.banner')
    expect(drift.stdout).toContain('unmanaged  instance.groups[developers]')
    expect(sandbox.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test('an export can be planned without a change, and goes where it is told', async () => {
    await begin()
    await run(['apply', '-f', quickStart, '--auto-approve'], environment)
    const out = join(home.path, 'exported')
    const exported = await run(['export', '--out', out], environment)
    expect(exported.code, exported.all).toBe(0)
    expect((await run(['plan', '-f', out, '--detailed-exitcode'], environment)).code).toBe(0)
    const text = await run(['export', '--include', 'instance.groups[platform-admins]'], environment)
    expect(text.stdout).toContain('members: [alice, bob]')
    expect(text.stdout).not.toContain('developers')
    home.write('exported/people.yaml', '# by hand\n')
    expect((await run(['export', '--out', out], environment)).stderr).toContain('exists and says something else')
  })

  test.each([
    ['quick start', ['-f', 'examples/quick-start'], []],
    ['production', ['-f', 'examples/production'], ['--allow', 'secret-destination=instance.mailServer']],
    [
      'staging',
      [
        '-f',
        'examples/staging-and-production/base.yaml',
        '--overlay',
        'examples/staging-and-production/staging.yaml',
        '--var',
        'stage=staging',
      ],
      [],
    ],
    [
      'production by overlay',
      [
        '-f',
        'examples/staging-and-production/base.yaml',
        '--overlay',
        'examples/staging-and-production/production.yaml',
        '--var',
        'stage=production',
      ],
      [],
    ],
  ])('the example %s is validated, planned, applied, and then done', async (_name, files, allow) => {
    await begin()
    const own = { ...environment, BBSTATE_SECRET_SMTP_PASSWORD: 'canary-smtp-password' }
    expect((await run(['validate', ...files], {})).code).toBe(0)
    const plan = await run(['plan', ...files, ...allow], own)
    expect(plan.code, plan.all).toBe(0)
    const applied = await run(['apply', ...files, ...allow, '--auto-approve', '--verbose'], own)
    expect(applied.code, applied.all).toBe(0)
    expect(applied.all).not.toContain('canary-smtp-password')
    expect((await run(['plan', ...files, '--detailed-exitcode'], own)).code).toBe(0)
  })

  test('a secret is sent again only when asked, and never wiped by silence', async () => {
    await begin()
    const own = { ...environment, BBSTATE_SECRET_SMTP: 'first-canary-value' }
    const mail = (fields: string): string =>
      home.write('mail.yaml', `instance: { mailServer: { hostname: smtp.example.com, username: u, ${fields} } }`)
    const declared = mail('port: 25, password: "${secret:smtp}"')
    const allow = ['--allow', 'secret-destination=instance.mailServer']
    expect((await run(['apply', '-f', declared, '--auto-approve', ...allow], own)).code).toBe(0)
    expect((await run(['plan', '-f', declared, '--detailed-exitcode'], own)).code).toBe(0)
    const again = await run(['apply', '-f', declared, '--auto-approve', '--update-secrets', 'instance.mailServer'], own)
    expect(again.code, again.all).toBe(0)
    expect(again.stdout).toContain('(secret smtp)')
    const silent = await run(['plan', '-f', mail('senderAddress: git@example.com')], own)
    expect(silent.code, silent.all).toBe(4)
    expect(silent.stderr).toContain('--allow drop-secrets')
    const moved = await run(['plan', '-f', mail('port: 26, password: "${secret:smtp}"')], own)
    expect(moved.code, moved.all).toBe(4)
    expect(moved.stderr).toContain('secret-destination')
    expect(again.all + silent.all + moved.all).not.toContain('first-canary-value')
  })

  test('doctor names each check; explain, schema and completion need no server', async () => {
    await begin()
    const doctor = await run(['doctor'], environment)
    expect(doctor.code, doctor.all).toBe(0)
    expect(doctor.stdout).toMatch(/ok\s+sshKeyPolicy/u)
    expect((await run(['explain', 'mailServer'], {})).stdout).toContain('secret: write ${secret:name}')
    expect((await run(['explain', 'mailServre'], {})).stderr).toContain('Did you mean mailServer?')
    expect(JSON.parse((await run(['schema', 'plan'], {})).stdout)).toHaveProperty('properties')
    expect((await run(['completion', 'bash'], {})).stdout).toContain('complete -o default -F _bbstate bbstate')
    expect((await run(['auth', 'status'], environment)).stdout).toContain('generation 1')
  })
})

describe('requests', () => {
  test('one list a declared collection page, one GET a singleton, one list a group for members, and nothing else', async () => {
    await begin({ estate: { groups: 300, users: 1000, memberships: 3000 } })
    const groups = Object.values(sandbox.state.groups).slice(-300)
    const members = groups.map(({ name }) => `    ${JSON.stringify(name)}: { members: [] }\n`).join('')
    const file = home.write(
      'estate.yaml',
      `instance:\n  defaultBranch: main\n  sshKeyPolicy: { maxExpiryDays: 90 }\n  groups:\n${members}`,
    )
    const { code, all } = await run(['plan', '-f', file, '--quiet'], environment)
    expect(code, all).toBe(0)
    const paths = sandbox.requests.map(({ path }) => path.replace(/^\/rest\//u, '').replace(/\?.*$/u, ''))
    const count = (path: string): number => paths.filter((one) => one === path).length
    expect(count('api/latest/application-properties')).toBe(1)
    expect(count('api/latest/admin/groups')).toBe(1)
    expect(count('api/latest/admin/groups/more-members')).toBe(300)
    expect(count('api/latest/admin/default-branch')).toBe(1)
    expect(count('ssh/latest/admin')).toBe(1)
    expect(paths).toHaveLength(304)
  })

  test('a new reference costs one list of its kind, counted apart', async () => {
    await begin()
    const file = home.write(
      'one.yaml',
      'instance: { groups: { developers: { members: [alice] }, contractors: { members: [bob] } } }',
    )
    const { code, all } = await run(['plan', '-f', file], environment)
    expect(code, all).toBe(0)
    expect(sandbox.requests.filter(({ path }) => path.includes('/admin/users?'))).toHaveLength(1)
    const unknown = home.write('two.yaml', 'instance: { groups: { developers: { members: [alise] } } }')
    const refused = await run(['plan', '-f', unknown], environment)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('Did you mean alice?')
    expect(refused.stderr).toContain('two.yaml:1:')
  })

  test('adding members to a group is one request', async () => {
    await begin()
    const file = home.write('many.yaml', 'instance: { groups: { contractors: { members: [alice, bob, J.Doe] } } }')
    const { code, all } = await run(['apply', '-f', file, '--auto-approve'], environment)
    expect(code, all).toBe(0)
    expect(sandbox.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path)).toEqual([
      '/rest/api/latest/admin/groups/add-users',
    ])
  })
})

describe('stopping', () => {
  test('Ctrl-C in a plan ends it with 130, and does not wait for what a server that hangs may answer', async () => {
    await begin()
    let arrive: (request: IncomingMessage) => void = () => undefined
    const arrived = new Promise<IncomingMessage>((resolve) => (arrive = resolve))
    const silent = createServer((request) => arrive(request)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const credentials = { BBSTATE_USERNAME: 'admin', BBSTATE_PASSWORD: 'secret' }
    const plan = start(['plan', '-f', quickStart, '--url', url], { ...environment, ...credentials })
    const cut = once((await arrived).socket, 'close')
    plan.kill('SIGINT')
    const { code, stderr } = await plan.ended
    expect(code, stderr).toBe(130)
    await cut
    silent.close()
  })

  test('Ctrl-C in an apply finishes what is in flight, and a second apply does the rest', async () => {
    await begin()
    const apply = start(['apply', '-f', quickStart, '--auto-approve', '--parallelism', '1'], environment)
    await apply.waitFor(/1\/11/u)
    apply.kill('SIGINT')
    const stopped = await apply.ended
    expect([0, 130]).toContain(stopped.code)
    const again = await run(['apply', '-f', quickStart, '--auto-approve'], environment)
    expect(again.code, again.all).toBe(0)
    expect((await run(['plan', '-f', quickStart, '--detailed-exitcode'], environment)).code).toBe(0)
  })

  test('killed with -9 at any request of an apply, the next plan holds exactly what is not there yet', async () => {
    await begin()
    const initial = structuredClone(sandbox.state)
    await run(['apply', '-f', quickStart, '--auto-approve'], environment)
    const writes = sandbox.requests.filter(({ method }) => method !== 'GET').length
    expect(writes).toBeGreaterThan(5)
    for (let at = 0; at < writes; at++) {
      const { links, tokens, codes } = sandbox.state as never as Record<string, unknown>
      Object.assign(sandbox.state, structuredClone(initial), { links, tokens, codes })
      const apply = start(['apply', '-f', quickStart, '--auto-approve', '--parallelism', '1'], environment)
      sandbox.forgetRequests()
      await untilWrites(at + 1)
      apply.kill('SIGKILL')
      await apply.ended
      const next = await run(['plan', '-f', quickStart, '--json'], environment)
      expect(next.code, next.all).toBe(0)
      const left = (JSON.parse(next.stdout) as Plan).changes.length
      expect(left).toBeLessThanOrEqual(11 - at)
      const rest = await run(['apply', '-f', quickStart, '--auto-approve'], environment)
      expect(rest.code, rest.all).toBe(0)
      expect((await run(['plan', '-f', quickStart, '--detailed-exitcode'], environment)).code).toBe(0)
      expect(new Set(Object.keys(sandbox.state.groups).map((name) => name.toLowerCase())).size).toBe(
        Object.keys(sandbox.state.groups).length,
      )
    }
  }, 240_000)

  test('a reader that goes away is no failure', async () => {
    await begin()
    const shell = `"${process.execPath}" dist/bbstate.js export | head -1; exit \${PIPESTATUS[0]}`
    const { code, stdout } = await runShell(shell, environment)
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('# yaml-language-server')
  })

  test('a full disk is said in words, and nothing is lost', async () => {
    await begin()
    const { code, stderr } = await run(['plan', '-f', quickStart, '--out', '/dev/full'], environment)
    expect(code).toBe(1)
    expect(stderr).toContain('Cannot write /dev/full')
  })
})

async function untilWrites(count: number): Promise<void> {
  for (let waited = 0; waited < 2000; waited++) {
    if (sandbox.requests.filter(({ method }) => method !== 'GET').length >= count) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`The apply did not get to write ${count}`)
}
