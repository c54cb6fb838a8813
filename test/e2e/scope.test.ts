/** Plans of a part, of another stand, and against configurations of another commit, with the built program. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, makeHome, run } from './program.js'

let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 })
  home = makeHome()
  const { url, username, password } = sandbox
  environment = {
    BBSTATE_HOME: home.path,
    BBSTATE_URL: url,
    BBSTATE_USERNAME: username,
    BBSTATE_PASSWORD: password,
  }
})
afterAll(async () => {
  await sandbox.close()
  home.remove()
})

const quickStart = resolve('examples/quick-start/bbstate.yaml')

describe('plan --snapshot', () => {
  test('needs no server, no credentials and no network, and says what the live plan says', async () => {
    const file = join(home.path, 'snapshot.json')
    const taken = await run(['snapshot', '--out', file], environment)
    expect(taken.code, taken.all).toBe(0)
    expect(taken.stdout).toBe('')
    expect(taken.stderr).toContain('Not in the snapshot: instance.hookScripts')
    expect(sandbox.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    const text = readFileSync(file, 'utf8')
    for (const secret of [sandbox.password, sandbox.clientSecret]) expect(text).not.toContain(secret)
    const live = JSON.parse((await run(['plan', '-f', quickStart, '--json'], environment)).stdout) as Plan
    sandbox.forgetRequests()
    // Whatever looked for a profile or a token would fail: its place is a file.
    const nowhere = { BBSTATE_HOME: home.write('no-home', ''), CI: 'true' }
    const args = ['plan', '-f', quickStart, '--snapshot', file, '--detailed-exitcode']
    const planned = await run([...args, '--json'], nowhere)
    expect(planned.code, planned.all).toBe(2)
    const plan = JSON.parse(planned.stdout) as Plan
    expect(plan.digest).toBe(live.digest)
    expect(plan.changes.map(({ digest }) => digest)).toEqual(live.changes.map(({ digest }) => digest))
    expect(plan).toMatchObject({ requests: 0, stand: { type: 'snapshot' } })
    expect((await run(args, nowhere)).stdout).toContain('0 minutes old. It cannot be applied.')
    expect(sandbox.requests).toEqual([])
  })

  test('opens no connection that the system knows of', async () => {
    const file = join(home.path, 'snapshot.json')
    // Node asks for every socket through these two; whatever else loads them does not connect.
    const spy = home.write(
      'spy.cjs',
      `const net = require('node:net'), dns = require('node:dns')
       const refuse = () => { process.stderr.write('CONNECTED'); process.exit(99) }
       net.Socket.prototype.connect = refuse; dns.lookup = refuse`,
    )
    const runWith = (args: readonly string[]) =>
      spawnSync(process.execPath, ['--require', spy, 'dist/bbstate.js', ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...environment } as NodeJS.ProcessEnv,
      })
    expect(runWith(['plan', '-f', quickStart, '--snapshot', file]).status).toBe(0)
    expect(runWith(['plan', '-f', quickStart]).stderr).toContain('CONNECTED')
  })

  test('refuses what is no snapshot of this server', async () => {
    const file = join(home.path, 'snapshot.json')
    const other = await run(
      ['plan', '-f', quickStart, '--snapshot', file, '--url', 'https://other.example.com'],
      environment,
    )
    expect(other.code).toBe(4)
    expect(other.stderr).toContain('not of https://other.example.com [PLAN_FORMAT]')
    const cut = home.write('cut.json', readFileSync(file, 'utf8').slice(0, 900))
    expect((await run(['plan', '-f', quickStart, '--snapshot', cut], environment)).stderr).toContain(
      'is not whole JSON [PLAN_FORMAT]',
    )
  })
})

/** A repository whose first commit is tagged `base`. */
function makeRepository(files: Readonly<Record<string, string>>): {
  readonly path: string
  git(...args: readonly string[]): string
  write(files: Readonly<Record<string, string>>): void
} {
  const path = mkdtempSync(join(home.path, 'repository-'))
  const git = (...args: readonly string[]): string => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main']
    const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], { cwd: path, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return stdout.trim()
  }
  const write = (written: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(written)) {
      mkdirSync(dirname(join(path, name)), { recursive: true })
      writeFileSync(join(path, name), text)
    }
  }
  git('init', '-q')
  write(files)
  git('add', '-A')
  git('commit', '-qm', 'base')
  git('tag', 'base')
  return { path, git, write }
}

const inside = (path: string): Environment => ({ ...environment, BBSTATE_HOME: path })
const planIn = async (path: string, ...args: readonly string[]): Promise<Plan> => {
  const { stdout, stderr } = await run(['plan', '--json', ...args], inside(path), path)
  if (!stdout.startsWith('{\n  "formatVersion"')) throw new Error(stdout + stderr)
  return JSON.parse(stdout) as Plan
}
const addresses = ({ changes }: Plan): readonly string[] => changes.map(({ action, address }) => `${action} ${address}`)

describe('plan --against REF', () => {
  test('plans configuration against configuration, with no server', async () => {
    const { path, git, write } = makeRepository({
      'bbstate.yaml':
        'instance:\n  defaultBranch: main\n  groups: { one: {}, two: {} }\n  banner: { enabled: true, message: "${var:text}", audience: ALL }\npolicy: { prune: [instance.groups] }\n',
      'values.env': 'text=before\n',
    })
    write({
      'bbstate.yaml':
        'instance:\n  defaultBranch: trunk\n  groups: { one: {}, three: {} }\n  banner: { enabled: true, message: "${var:text}", audience: ALL }\npolicy: { prune: [instance.groups] }\n',
      'values.env': 'text=after\n',
    })
    const args = ['plan', '--json', '--var-file', 'values.env', '--against']
    const nowhere = { BBSTATE_HOME: join(path, 'values.env'), CI: 'true' }
    sandbox.forgetRequests()
    const { code, stdout, all } = await run([...args, 'base'], nowhere, path)
    expect(code, all).toBe(0)
    const plan = JSON.parse(stdout) as Plan
    expect(addresses(plan).toSorted()).toEqual([
      'create instance.groups[three]',
      'delete instance.groups[two]',
      'update instance.banner',
      'update instance.defaultBranch',
    ])
    expect(plan.changes.find(({ kind }) => kind === 'banner')?.fields).toMatchObject([
      { path: 'message', before: 'before', after: 'after' },
    ])
    expect(plan.stand).toEqual({ type: 'configuration', ref: 'base', commit: git('rev-parse', 'base') })
    expect(sandbox.requests).toEqual([])
    git('commit', '-qam', 'next')
    expect(addresses(JSON.parse((await run([...args, 'HEAD'], nowhere, path)).stdout) as Plan)).toEqual([])
  })

  test.each(['--output=/tmp/owned', '-h', '', 'no-such-branch', 'base\nHEAD', 'HEAD:bbstate.yaml', 'base..HEAD'])(
    'takes a reference literally, never as an option: %j',
    async (ref) => {
      const { path } = makeRepository({ 'bbstate.yaml': '{}' })
      const { code, stderr } = await run(['plan', `--against=${ref}`], inside(path), path)
      expect(code).toBe(1)
      // An empty value is no reference to yargs either.
      expect(stderr).toMatch(
        /--against: ".*" is no (?:name of a commit|commit of this repository)|[Nn]ot enough arguments/su,
      )
    },
  )

  test('runs nothing that the repository is configured to run', async () => {
    const { path, git } = makeRepository({
      'bbstate.yaml': 'instance: { defaultBranch: main }\n',
      '.gitattributes': '*.yaml diff=evil filter=evil\n',
    })
    const trap = join(path, 'trap.sh')
    writeFileSync(trap, `#!/bin/sh\ntouch ${join(path, 'sprung')}\n`, { mode: 0o755 })
    for (const name of ['core.fsmonitor', 'core.pager', 'diff.external', 'diff.evil.textconv', 'filter.evil.smudge'])
      git('config', name, trap)
    expect(addresses(await planIn(path, '--against', 'base'))).toEqual([])
    expect(existsSync(join(path, 'sprung'))).toBe(false)
    // The trap is one: git itself springs it.
    git('status')
    expect(existsSync(join(path, 'sprung'))).toBe(true)
  })

  test('reads the commit by the rules of the disk', async () => {
    const { path, git, write } = makeRepository({ 'bbstate/a.yaml': 'instance: { defaultBranch: main }\n' })
    symlinkSync('../outside.yaml', join(path, 'bbstate', 'b.yaml'))
    write({ 'outside.yaml': 'instance: { defaultBranch: owned }\n' })
    git('add', '-A')
    git('commit', '-qm', 'link')
    rmSync(join(path, 'bbstate', 'b.yaml'))
    const leads = await run(['plan', '--against', 'HEAD'], inside(path), path)
    expect(leads.code).toBe(3)
    expect(leads.stderr).toContain('HEAD:bbstate/b.yaml is a link that leads out of the configuration')
    expect(addresses(await planIn(path, '--against', 'base'))).toEqual([])
    const outside = await run(['plan', '--against', 'base', '-f', quickStart], inside(path), path)
    expect(outside.stderr).toContain('lies outside of the repository')
  })
})

describe('plan --changed-since REF', () => {
  const groups = Array.from({ length: 200 }, (_, index) => `    group-${index}: { members: [alice] }`).join('\n')
  const large = `instance:
  banner: { enabled: true, message: "\${var:text}", audience: ALL }
  defaultBranch: main
  rateLimit: { enabled: false }
  groups:
${groups}
`
  test('reads just what a change of three lines needs, and says what it left out', async () => {
    const { path, git, write } = makeRepository({ 'bbstate.yaml': large, 'values.env': 'text=before\n' })
    write({
      'bbstate.yaml': large
        .replace('defaultBranch: main', 'defaultBranch: trunk')
        .replace('  rateLimit: { enabled: false }\n', ''),
    })
    sandbox.forgetRequests()
    const args = ['--var-file', 'values.env', '--changed-since', 'base'] as const
    const plan = await planIn(path, ...args)
    expect(addresses(plan)).toEqual(['create instance.defaultBranch'])
    // Who is signed in, and the one setting: not two hundred groups.
    expect(sandbox.requests.map((request) => request.path.replace(/.*latest/u, ''))).toHaveLength(2)
    expect(plan.requests).toBe(2)
    expect(plan.scope).toEqual({ targets: [], changedSince: { ref: 'base', commit: git('rev-parse', 'base') } })
    expect(plan.warnings).toMatchObject([{ code: 'NO_LONGER_DECLARED', address: 'instance.rateLimit' }])
    const targeted = await planIn(path, '--var-file', 'values.env', '--target', 'instance.defaultBranch')
    expect(addresses(targeted)).toEqual(addresses(plan))
    expect(targeted.digest).not.toBe(plan.digest)
  })

  test('widens to whatever a changed variable, overlay or policy touches', async () => {
    const policy =
      'instance:\n  groups: { developers: {}, contractors: {} }\n  defaultBranch: trunk\n  banner: { enabled: true, audience: ALL, message: "${var:text}" }\n'
    const { path, write } = makeRepository({ 'bbstate.yaml': policy, 'over.yaml': '{}', 'values.env': 'text=a\n' })
    const plan = (): Promise<Plan> =>
      planIn(
        path,
        '--overlay',
        'over.yaml',
        '--var-file',
        'values.env',
        '--changed-since',
        'base',
        '--allow',
        'access-losses',
      )
    expect(addresses(await plan())).toEqual([])
    write({ 'values.env': 'text=b\n' })
    expect(addresses(await plan())).toEqual(['create instance.banner'])
    write({ 'values.env': 'text=a\n', 'over.yaml': 'instance: { defaultBranch: next }\n' })
    expect(addresses(await plan())).toEqual(['create instance.defaultBranch'])
    write({
      'over.yaml': '{}',
      'bbstate.yaml': `${policy}policy: { prune: [instance.groups], protect: ["instance.groups[*]"] }\n`,
    })
    const pruned = await plan()
    expect(addresses(pruned)).toEqual([])
    expect(pruned.kept.length).toBeGreaterThan(0)
    write({ 'bbstate.yaml': `${policy}policy: { limits: { deletes: 3 } }\n` })
    expect(addresses(await plan()).toSorted()).toEqual(['create instance.banner', 'create instance.defaultBranch'])
  })
})

describe('a policy that holds', () => {
  const here = 'instance:\n  groups: { contractors: null }\n'
  test('--policy FILE only tightens', async () => {
    const { path } = makeRepository({ 'bbstate.yaml': here })
    const file = home.write(
      'policy.yaml',
      'policy: { protect: ["instance.groups[contractors]"], limits: { deletes: 5 } }\n',
    )
    const free = await run(['plan', '--allow', 'access-losses'], inside(path), path)
    expect(free.code, free.all).toBe(0)
    const held = await run(['plan', '--allow', 'access-losses', '--policy', file], inside(path), path)
    expect(held.code).toBe(4)
    expect(held.stderr).toContain('instance.groups[contractors] is protected by policy.protect')
    const loose = home.write('loose.yaml', 'policy: { prune: [instance.groups] }\n')
    const refused = await run(['plan', '--policy', loose], inside(path), path)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('the file of --policy may only tighten')
  })

  test('--policy-base REF judges by the stricter, and every loosening comes first', async () => {
    const strict =
      'policy:\n  protect: ["instance.groups[contractors]"]\n  administrators: { users: [alice], atLeast: 2 }\n'
    const { path, write } = makeRepository({ 'bbstate.yaml': `instance: { defaultBranch: main }\n${strict}` })
    write({ 'bbstate.yaml': `${here}policy:\n  limits: { deletes: 500 }\n` })
    const held = await run(['plan', '--allow', 'access-losses', '--policy-base', 'base'], inside(path), path)
    expect(held.code).toBe(4)
    expect(held.stderr).toContain('is protected by policy.protect')
    write({ 'bbstate.yaml': 'instance: { defaultBranch: trunk }\npolicy:\n  limits: { deletes: 500 }\n' })
    const plan = await planIn(path, '--policy-base', 'base')
    expect(plan.loosened?.map(({ message }) => message)).toEqual([
      'policy.protect no longer holds instance.groups[contractors]',
      'policy.administrators no longer names alice',
      'policy.administrators.atLeast 2 → 1',
      'policy.limits.deletes 50 → 500',
    ])
    expect(plan.loosened?.[0]?.source).toMatchObject({ file: 'base:bbstate.yaml', line: 3 })
    const shown = await run(['plan', '--policy-base', 'base'], inside(path), path)
    expect(shown.stdout.indexOf('no longer holds')).toBeLessThan(shown.stdout.indexOf('instance.defaultBranch'))
  })
})
