/** A copy of a server to rehearse on: it names nobody, and plans like the original. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { hasTerminal, makeHome, run, start, startInTerminal } from './program.js'

const home = makeHome()
const configuration = `instance:
  accessTokenPolicy: { maxExpiryDays: 100 }
  banner: { enabled: true, audience: ALL, message: Maintenance }
  defaultBranch: main
  repositoryDeletion: { permission: SYS_ADMIN }
  groupPermissions: { developers: LICENSED_USER, contractors: null }
  groups: { newcomers: {} }
`
let original: Sandbox
let file: string
beforeAll(async () => {
  original = await startSandbox({ port: 0 })
  file = home.write('bbstate.yaml', configuration)
  const { state } = original
  const canary = {
    name: 'Zaphod.Canary',
    slug: 'zaphod.canary',
    displayName: 'Zaphod Beeblecanary',
    emailAddress: 'zaphod@canary.example',
  }
  state.users['zaphod.canary'] = { ...canary, id: 77, active: true, mutable: true, password: 'canary-password' }
  state.groups['developers']?.members.push('zaphod.canary')
  state.userPermissions['zaphod.canary'] = 'ADMIN'
  state.accessTokenMaxExpiryDays = 365
  state.defaultBranch = 'refs/heads/trunk'
  state.banner = {
    enabled: true,
    audience: 'ALL',
    message: 'Ask Zaphod Beeblecanary (zaphod@canary.example), not zaphod.canary',
  }
  state.mailServer = {
    hostname: 'smtp.example.com',
    protocol: 'SMTP',
    username: 'zaphod.canary',
    password: 'canary-mail',
    senderAddress: 'zaphod@canary.example',
  }
  state.instance.basicAuth = {
    blockRequests: false,
    allowedUsers: ['Zaphod.Canary'],
    allowedPaths: [],
    showWarningMessage: false,
  }
  const [project] = state.code.projects
  if (project !== undefined) project.description = 'Owned by zaphod.canary'
})
afterAll(async () => {
  await original.close()
  home.remove()
})

const environmentOf = ({ url, password }: { url: string; password: string }) => ({
  BBSTATE_HOME: home.path,
  BBSTATE_URL: url,
  BBSTATE_USERNAME: 'admin',
  BBSTATE_PASSWORD: password,
})

async function planOf(environment: Readonly<Record<string, string>>): Promise<unknown> {
  const { code, stdout, stderr } = await run(['plan', '-f', file, '--json'], environment)
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ')
  const { changes } = JSON.parse(stdout) as {
    changes: { address: string; action: string; fields: { path: string; before: unknown; after: unknown }[] }[]
  }
  return changes.map(({ address, action, fields }) => [
    action,
    address,
    fields.map(({ path, before, after }) => [path, path === 'message' ? 'a text' : before, after]),
  ])
}

test('asks before the first request, and where nobody can be asked it sends none', async () => {
  original.forgetRequests()
  const { accessToken } = original.issueTokens()
  const token = home.write('token', accessToken)
  const args = ['sandbox', '--record-from', original.url, '--out', `${home.path}/never.json`, '--token-file', token]
  const { code, stderr } = await run(args, { BBSTATE_HOME: home.path })
  expect([code, stderr.includes('--auto-approve'), original.requests.length]).toEqual([1, true, 0])
})

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test.each([
    ['yes', 0, true],
    ['no', 1, false],
    ['', 1, false],
    ['YES', 1, false],
  ])('the answer %j counts, and before it nothing is sent', async (answer, code, isRecorded) => {
    original.forgetRequests()
    const { accessToken } = original.issueTokens()
    const token = home.write('token', accessToken)
    const out = `${home.path}/asked-${answer || 'nothing'}.json`
    const recording = startInTerminal(['sandbox', '--record-from', original.url, '--out', out, '--token-file', token], {
      BBSTATE_HOME: home.path,
    })
    await recording.waitFor(/Only 'yes' will be accepted: /u)
    expect(original.requests).toEqual([])
    recording.type(`${answer}\r`)
    expect((await recording.ended).code).toBe(code)
    expect([original.requests.length > 0, existsSync(out)]).toEqual([isRecorded, isRecorded])
  })
})

test('records by GETs alone what names nobody, and the copy plans the same', async () => {
  original.forgetRequests()
  const { accessToken } = original.issueTokens()
  const token = home.write('token', accessToken)
  const out = `${home.path}/estate.json`
  const args = ['sandbox', '--record-from', original.url, '--out', out, '--token-file', token, '--auto-approve']
  const recorded = await run(args, { BBSTATE_HOME: home.path })
  expect(`${recorded.code} ${recorded.stderr}`).toBe('0 ')
  expect(Object.keys(original.requestCounts)).toEqual(['GET'])
  const text = readFileSync(out, 'utf8')
  const people = Object.values(original.state.users).flatMap((user) => [user.displayName, user.emailAddress])
  const secrets = ['canary', 'zaphod', 'beeblecanary', accessToken, original.clientSecret, original.password]
  expect([...people, ...secrets].filter((word) => text.toLowerCase().includes(word.toLowerCase()))).toEqual([])
  expect(text).toContain('developers')
  expect(text).toContain('PLAT')
  const copy = start(['sandbox', '--port', '0', '--json', '--estate', out])
  try {
    const started = JSON.parse(await copy.waitFor(/^\{.*\}$/mu)) as { url: string; password: string }
    const plans = [await planOf(environmentOf(original)), await planOf(environmentOf(started))]
    expect((plans[0] as unknown[]).length).toBeGreaterThan(4)
    expect(plans[1]).toEqual(plans[0])
  } finally {
    copy.kill('SIGTERM')
    await copy.ended
  }
  // Another recording has other names for the same people, and with --hide-names for groups and projects, too.
  // A rate limit delays it and does not end it.
  original.addFault({ kind: 'status', status: 429, retryAfter: 1, path: '/admin/permissions/users', count: 1 })
  original.forgetRequests()
  const delayed = await run([...args, '--hide-names', '--shallow'], { BBSTATE_HOME: home.path })
  expect(original.requests.filter(({ path }) => /\/projects\/.*\/repos\//u.test(path))).toEqual([])
  expect(`${delayed.code} ${delayed.stderr}`).toMatch(/^0 .*429|^0 .*rate/isu)
  const again = readFileSync(out, 'utf8')
  const names = (estate: string): readonly string[] =>
    (JSON.parse(estate) as { users: { name: string }[] }).users.map(({ name }) => name)
  expect(names(again).filter((name) => names(text).includes(name))).toEqual([])
  expect(['developers', 'contractors', 'PLAT', 'warehouse'].filter((name) => again.includes(name))).toEqual([])
})
