/** Taking an apply back with the built program; saved plans that two runs want, or that are gone; reports of a stop. */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ApplyReport } from '../../src/model/outcome.js'
import { digestOfUndo, type Undo } from '../../src/model/undo.js'
import type { Sandbox, SandboxOptions } from '../../src/sandbox/server.js'
import { type Ended, type Environment, makeHome, run, start } from './program.js'
import { startSignedIn } from './signed-in.js'

// Below the range from which the system takes ports for connections.
let port = 22_600
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

async function begin(options: SandboxOptions = {}): Promise<void> {
  const signedIn = await startSignedIn(port++, home.path, options)
  sandbox = signedIn.sandbox
  environment = signedIn.environment
}

beforeEach(() => {
  home = makeHome()
})
afterEach(async () => {
  await sandbox.close()
  home.remove()
})

const writes = (): readonly string[] =>
  sandbox.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)

/** What an administrator set, without what signing in leaves. */
function settings(): unknown {
  const { links: _links, tokens: _tokens, codes: _codes, ...rest } = sandbox.state
  return structuredClone(rest)
}

const failed = (ended: Ended): string => `${ended.code}\n${ended.all}`

describe('an undo', () => {
  /** A creation, an update and a deletion. */
  const three =
    'instance:\n  defaultBranch: trunk\n  groups:\n    testers: { members: [alice] }\n    contractors: null\n  sshKeyPolicy: { maxExpiryDays: 90 }\n'
  let file: string
  let undoFile: string
  const undoing = (...more: readonly string[]): Promise<Ended> =>
    run(['undo', undoFile, '-f', file, ...more], environment)

  async function applied(text: string, own: Environment = {}): Promise<Undo> {
    file = home.write('bbstate.yaml', text)
    undoFile = join(home.path, 'undo.json')
    const ended = await run(['apply', '-f', file, '--auto-approve', '--undo', undoFile], { ...environment, ...own })
    expect(ended.code, failed(ended)).toBe(0)
    expect(ended.stderr).toContain(`bbstate undo ${undoFile} takes this back.`)
    sandbox.forgetRequests()
    return JSON.parse(readFileSync(undoFile, 'utf8')) as Undo
  }

  test('brings a creation, an update and a deletion back, once it is approved', async () => {
    await begin()
    const before = settings()
    const undo = await applied(three)
    expect(settings()).not.toEqual(before)
    expect(statSync(undoFile).mode & 0o777).toBe(0o600)
    const validate = new Ajv({ strict: false }).compile(
      JSON.parse(readFileSync('schemas/undo.schema.json', 'utf8')) as object,
    )
    expect(validate(undo), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...undo, extra: 1 })).toBe(false)

    const shown = await run(['show', undoFile], {})
    expect(shown.code).toBe(4)
    expect(shown.stderr).toContain('is an undo, which bbstate undo shows before it asks')

    const unasked = await undoing()
    expect(unasked.code, failed(unasked)).toBe(1)
    expect(unasked.stderr).toContain('--auto-approve')
    expect(sandbox.requests).toEqual([])

    const undone = await undoing('--auto-approve')
    expect(undone.code, failed(undone)).toBe(0)
    for (const line of ['- instance.groups[testers]', '+ instance.groups[contractors]', '~ instance.sshKeyPolicy'])
      expect(undone.stdout).toContain(line)
    expect(settings()).toEqual(before)

    sandbox.forgetRequests()
    const again = await undoing('--auto-approve')
    expect(again.code, failed(again)).toBe(0)
    expect(writes()).toEqual([])
  })

  test('is refused after a change by hand, on another server, and where the file was cut or edited', async () => {
    await begin()
    const undo = await applied(three)
    const refuses = async (code: string, words: string): Promise<void> => {
      const refused = await undoing('--auto-approve')
      expect(refused.code, failed(refused)).toBe(4)
      expect(refused.stderr).toContain(code)
      expect(refused.stderr).toContain(words)
    }
    const text = JSON.stringify(undo)
    home.write('undo.json', text.slice(0, -20))
    await refuses('PLAN_FORMAT', 'is not whole JSON')
    // What comes back, what was left, and what is lost: each edit is seen before anything is asked of the server.
    sandbox.forgetRequests()
    for (const edited of [
      text.replace('"restore":null', '"restore":"other"'),
      text.replace('"left":"trunk"', '"left":"other"'),
      text.replace('"irreversible":[', '"irreversible":[{"address":"a","message":"b"},'),
    ]) {
      home.write('undo.json', edited)
      await refuses('PLAN_FORMAT', `${undoFile}: was edited, or cut: its digest is another one`)
      await refuses('PLAN_FORMAT', 'Take the file that apply --undo wrote')
    }
    expect(sandbox.requests).toEqual([])
    const sign = (one: Undo): string =>
      JSON.stringify({
        ...one,
        contentDigest: digestOfUndo(one, (data) => createHash('sha256').update(data).digest('hex')),
      })
    home.write('undo.json', sign({ ...undo, server: { ...undo.server, url: 'https://other.example.com' } }))
    await refuses('PLAN_FORMAT', 'The undo is for https://other.example.com')
    const [first, ...others] = undo.items
    home.write(
      'undo.json',
      sign({ ...undo, items: [{ ...(first as Undo['items'][number]), kind: 'nonsense' }, ...others] }),
    )
    await refuses('PLAN_FORMAT', 'nonsense')
    home.write('undo.json', sign(JSON.parse(text.replace('"left":"trunk"', '"left":"other"')) as Undo))
    await refuses('PLAN_STALE', 'instance.defaultBranch')
    home.write('undo.json', text)
    sandbox.state.sshPolicy = { ...sandbox.state.sshPolicy, maxExpiryDays: 30 }
    await refuses('PLAN_STALE', 'instance.sshKeyPolicy')
    expect(writes()).toEqual([])
  })

  test('lists what cannot come back: a deleted user, and the earlier value of a secret', async () => {
    await begin()
    const secrets = { BBSTATE_SECRET_SMTP: 'canary-smtp-value' }
    sandbox.state.mailServer = { hostname: 'smtp.example.com', port: 25, protocol: 'SMTP', username: 'u' } as never
    file = home.write(
      'bbstate.yaml',
      'instance: { users: { j.doe: null }, mailServer: { hostname: smtp.example.com, port: 25, username: u, password: "${secret:smtp}" } }',
    )
    undoFile = join(home.path, 'undo.json')
    const updating = ['--undo', undoFile, '--update-secrets', 'instance.mailServer']
    const ended = await run(['apply', '-f', file, '--auto-approve', ...updating], { ...environment, ...secrets })
    expect(ended.code, failed(ended)).toBe(0)
    const text = readFileSync(undoFile, 'utf8')
    expect(text).not.toContain(secrets.BBSTATE_SECRET_SMTP)
    const lost = [
      ['instance.mailServer', 'the earlier value of what smtp replaced is not known; the new one stays'],
      [
        'instance.users["j.doe"]',
        'what comes back lacks its permissions, keys and tokens in projects and repositories',
      ],
    ] as const
    const { irreversible } = JSON.parse(text) as Undo
    expect(irreversible).toEqual(
      lost.map(([address, message]) => ({ address, message: expect.stringContaining(message) as string })),
    )
    const undone = await undoing('--auto-approve')
    expect(undone.code, failed(undone)).toBe(0)
    for (const [address, message] of lost) {
      expect(undone.stdout).toContain(address)
      expect(undone.stdout.replace(/\s+/gu, ' ')).toContain(message)
    }
    expect(sandbox.state.users['j.doe']).toBeDefined()
    expect(sandbox.state.groups['developers']?.members).toContain('j.doe')
  })
})

describe('a saved plan', () => {
  const text =
    'instance:\n  groups:\n    testers: { members: [alice] }\n    contractors: null\n  defaultBranch: trunk\n'

  async function saved(): Promise<readonly [string, string]> {
    const file = home.write('bbstate.yaml', text)
    const plan = join(home.path, 'plan.json')
    const ended = await run(['plan', '-f', file, '--out', plan], environment)
    expect(ended.code, failed(ended)).toBe(0)
    sandbox.forgetRequests()
    return [plan, file]
  }

  test('is written by one of two runs at once; the other refuses and writes nothing', async () => {
    await begin({ latencyMilliseconds: 100 })
    const [plan, file] = await saved()
    const both = await Promise.all([0, 1].map(() => run(['apply', plan, '-f', file], environment)))
    const [winner, loser] = both.sort((a, b) => Number(a.code) - Number(b.code))
    expect(winner?.code, winner?.all).toBe(0)
    expect([4, 7], loser?.all).toContain(loser?.code)
    expect(loser?.stderr).toMatch(/PLAN_STALE|BUSY_LOCK/u)
    // What one apply of this plan sends, and not one request more.
    expect([...writes()].sort()).toEqual([
      'DELETE /rest/api/latest/admin/groups?name=contractors',
      'DELETE /rest/api/latest/admin/permissions/groups?name=contractors',
      'POST /rest/api/latest/admin/groups/add-users',
      'POST /rest/api/latest/admin/groups?name=testers',
      'POST /rest/api/latest/admin/users/remove-group',
      'POST /rest/api/latest/admin/users/remove-group',
      'PUT /rest/api/latest/admin/default-branch',
    ])
  })

  test('is read once: that it vanishes then does not matter; one that is missing is told', async () => {
    await begin()
    const [plan, file] = await saved()
    sandbox.addFault({ path: '/application-properties', kind: 'delay', milliseconds: 300 })
    const apply = start(['apply', plan, '-f', file], environment)
    for (let waited = 0; sandbox.requests.length === 0 && waited < 2000; waited++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    rmSync(plan)
    const ended = await apply.ended
    expect(ended.code, failed(ended)).toBe(0)
    expect(sandbox.state.groups['testers']).toBeDefined()
    sandbox.forgetRequests()
    const missing = await run(['apply', plan, '-f', file], environment)
    expect(missing.code, failed(missing)).toBe(1)
    expect(missing.stderr).toContain(plan)
    expect(sandbox.requests).toEqual([])
  })
})

test('Ctrl-C in an apply leaves a report of what was done and what was not, and a second apply does the rest', async () => {
  await begin({ latencyMilliseconds: 60 })
  const quickStart = 'examples/quick-start/bbstate.yaml'
  const reportFile = join(home.path, 'report.json')
  const args = ['apply', '-f', quickStart, '--auto-approve', '--parallelism', '1', '--report', reportFile]
  const apply = start(args, environment)
  await apply.waitFor(/2\/11/u)
  apply.kill('SIGINT')
  const stopped = await apply.ended
  expect(stopped.code, failed(stopped)).toBe(130)
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as ApplyReport
  const schema = JSON.parse(readFileSync('schemas/report.schema.json', 'utf8')) as object
  expect(new Ajv({ strict: false }).compile(schema)(report)).toBe(true)
  const { done, failed: broken, skipped } = report.summary
  expect(done).toBeGreaterThanOrEqual(2)
  expect(skipped).toBeGreaterThan(0)
  expect([done + skipped, broken]).toEqual([11, 0])
  expect(report.outcomes.filter(({ outcome }) => outcome === 'done')).toHaveLength(done)
  expect(report.converged).toBe(false)
  const again = await run(['apply', '-f', quickStart, '--auto-approve'], environment)
  expect(again.code, failed(again)).toBe(0)
  const next = await run(['plan', '-f', quickStart, '--detailed-exitcode'], environment)
  expect(next.code, failed(next)).toBe(0)
}, 30_000)
