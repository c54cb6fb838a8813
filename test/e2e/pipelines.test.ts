/**
 * Every command of the pipelines to copy, run as written: the built program, a sandbox in the place of Bitbucket, a local
 * Vault, a clone with a pull request, and no variable but those that the file defines or its CI is documented to set.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { load, loadAll } from 'js-yaml'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { actionCommands } from '../../src/action/inputs.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type FakeVault, identityOf, startVault } from '../vault.js'
import { type Ended, type Environment, makeHome, run, runShell, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
let port = 21_400
/** A dozen processes each. */
const timeout = 180_000
let home: ReturnType<typeof makeHome>
let sandbox: Sandbox
let vault: FakeVault
let storeKey: string
let commit: string

const examples = 'examples/pipelines'
const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd, encoding: 'utf8' })

beforeEach(async () => {
  home = makeHome()
  const redirectUri = `http://localhost:${port++}/`
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  vault = await startVault()
  storeKey = Buffer.alloc(32, 7).toString('base64')
  makeRepository()
  const { code, all } = await signIn(administrator(), redirectUri)
  if (code !== 0) throw new Error(all)
  await makePullRequest()
})
afterEach(async () => {
  await sandbox.close()
  await vault.close()
  home.remove()
})

/** Who signed in once, at a desk: through the AppRole of the local Vault. */
function administrator(): Environment {
  return {
    BBSTATE_HOME: join(home.path, 'desk'),
    BBSTATE_URL: sandbox.url,
    BBSTATE_CLIENT_ID: sandbox.clientId,
    BBSTATE_CLIENT_SECRET: sandbox.clientSecret,
    BBSTATE_STORE_KEY: storeKey,
    BBSTATE_TOKEN_STORE: `vault:${vault.url}/secret/bbstate`,
    BBSTATE_VAULT_ROLE_ID: 'role',
    BBSTATE_VAULT_SECRET_ID: 'CANARY-secret-id',
  }
}

/** `origin` with a branch to merge, two clones, and the program under its name, which notes each call. */
function makeRepository(): void {
  const origin = join(home.path, 'origin')
  mkdirSync(origin)
  mkdirSync(join(home.path, 'bin'))
  git(origin, 'init', '--quiet', '--initial-branch=main')
  copyFileSync('examples/quick-start/bbstate.yaml', join(origin, 'bbstate.yaml'))
  git(origin, 'add', '.')
  git(origin, 'commit', '--quiet', '--message=Settings')
  git(origin, 'checkout', '--quiet', '-b', 'change')
  const text = readFileSync(join(origin, 'bbstate.yaml'), 'utf8')
  writeFileSync(join(origin, 'bbstate.yaml'), text.replace('maxExpiryDays: 100', 'maxExpiryDays: 90'))
  git(origin, 'commit', '--quiet', '--all', '--message=Shorter')
  commit = git(origin, 'rev-parse', 'HEAD').trim()
  git(origin, 'checkout', '--quiet', 'main')
  for (const branch of ['main', 'change']) git(home.path, 'clone', '--quiet', '--branch', branch, 'origin', branch)
  const program = `#!/bin/sh\necho "$*" >> ${join(home.path, 'calls')}\nexec node ${resolve('dist/bbstate.js')} "$@"\n`
  writeFileSync(join(home.path, 'bin', 'bbstate'), program, { mode: 0o755 })
}

async function makePullRequest(): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${sandbox.url}/rest/api/latest${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }
  await post('/projects', { key: 'CONF', name: 'Platform' })
  await post('/projects/CONF/repos', { name: 'settings', scmId: 'git' })
  const made = sandbox.state.instance.repositories.find(({ slug }) => slug === 'settings')
  if (made === undefined) throw new Error('no repository')
  delete made.isEmpty
  sandbox.state.code.branches.push({ scope: `R${made.id}`, name: 'change', commit })
  const branches = { fromRef: { id: 'refs/heads/change' }, toRef: { id: 'refs/heads/main' } }
  await post('/projects/CONF/repos/settings/pull-requests', { title: 'Shorter', ...branches })
}

/** A file of the examples with the servers and names of this test in the place of the made-up ones. */
function read(name: string): string {
  return readFileSync(join(examples, name), 'utf8')
    .replaceAll('https://bitbucket.example.com', sandbox.url)
    .replaceAll('https://vault.example.com:8200', vault.url)
    .replaceAll('3f14c0ffee', sandbox.clientId)
    .replaceAll('5b1e0f6a', 'role')
    .replaceAll('PLAT/settings', 'CONF/settings')
}

/** Secrets by the names that the files give them. */
const secretOf = (name: string): string => {
  const secrets: Readonly<Record<string, string>> = {
    BBSTATE_CLIENT_SECRET: sandbox.clientSecret,
    BBSTATE_STORE_KEY: storeKey,
    BBSTATE_VAULT_ROLE_ID: 'role',
    BBSTATE_VAULT_SECRET_ID: 'CANARY-secret-id',
    BBSTATE_PUBLISH_TOKEN: sandbox.httpAccessToken,
  }
  const found = secrets[name]
  if (found === undefined) throw new Error(`Nothing is known of the secret ${name}`)
  return found
}

/** Runs a script in a clone, as an agent of a CI does. */
async function runIn(clone: 'main' | 'change', script: string, environment: Environment): Promise<Ended> {
  const path = `${join(home.path, 'bin')}:${process.env['PATH'] ?? ''}`
  const agent = { PATH: path, HOME: home.path, BBSTATE_HOME: join(home.path, `agent-${clone}`), CI: 'true' }
  const ended = await runShell(`set -e\ncd '${join(home.path, clone)}'\n${script}`, { ...agent, ...environment })
  expect(ended.code, `${script}\n${ended.all}`).toBe(0)
  for (const secret of ['CANARY', storeKey, sandbox.clientSecret, sandbox.httpAccessToken]) {
    expect(ended.all).not.toContain(secret)
  }
  return ended
}

const calls = (): readonly string[] => readFileSync(join(home.path, 'calls'), 'utf8').trim().split('\n')

/** Calls of the program in a text, comments and titles left out. */
function countCalls(text: string): number {
  const code = text.replaceAll(/^\s*(?:#|\/\/|(?:name|expose_as): ).*$/gmu, '')
  const found = code.match(/(?<![\w/@-])bbstate (?:plan|apply|publish|show|snapshot|drift|validate|auth)\b/gu) ?? []
  return found.length
}

/** The pull request shows the plan of its change. */
async function expectPublished(): Promise<void> {
  const report = `/rest/insights/latest/projects/CONF/repos/settings/commits/${commit}/reports/bbstate/annotations`
  const answer = await fetch(sandbox.url + report, { headers: { authorization: `Bearer ${sandbox.httpAccessToken}` } })
  const { annotations } = (await answer.json()) as { annotations: readonly { readonly message: string }[] }
  expect(annotations.map(({ message }) => message).join('\n')).toContain('100 → 90')
}

/** Live is as main says. */
async function expectApplied(): Promise<void> {
  const plan = await run(['plan', '-f', join(home.path, 'main/bbstate.yaml'), '--detailed-exitcode'], administrator())
  expect(plan.code, plan.all).toBe(0)
}

test('Jenkins: every step of the Jenkinsfile', { timeout }, async () => {
  const text = read('Jenkinsfile')
  expectBalanced(text)
  const [, block = ''] = /\n {2}environment \{\n(.*?)\n {2}\}/su.exec(text) ?? []
  const variables = Object.fromEntries(
    [...block.matchAll(/^\s+(\w+) = '(.*)'$/gmu)].map(([, n = '', v = '']) => [n, v]),
  )
  expect(variables).toHaveProperty('BBSTATE_URL', sandbox.url)
  const stages = text.split(/^ {4}stage\('/mu).slice(1)
  expect(stages.map((stage) => stage.slice(0, stage.indexOf("'")))).toEqual([
    'Pull request',
    'Plan',
    'Approve',
    'Apply',
    'Snapshot',
    'Drift',
  ])
  const kept: Record<string, string> = {}
  const runStage = async (stage: string, clone: 'main' | 'change', given: Environment): Promise<void> => {
    const bound = [...stage.matchAll(/[vV]ariable: '(\w+)'/gu)].map(([, name = '']) => [name, secretOf(name)] as const)
    for (const [, target, script = '', line = ''] of stage.matchAll(
      /(?:env\.(\w+) = )?\bsh(?:\(returnStdout: true, script: '''(.*?)'''\)| '(.*)')/gu,
    )) {
      const { stdout } = await runIn(clone, script + line, { ...variables, ...Object.fromEntries(bound), ...given })
      if (target !== undefined) kept[target] = stdout.trim()
    }
  }
  const [pullRequest = '', plan = '', approve = '', apply = '', snapshot = '', drift = ''] = stages
  await runStage(plan, 'main', {})
  expect(kept).toMatchObject({ CHANGES: '11', DIGEST: expect.stringMatching(/^[0-9a-f]{64}$/u) })
  await runStage(approve, 'main', {})
  await runStage(apply, 'main', { DIGEST: kept['DIGEST'] })
  await runStage(snapshot, 'main', {})
  await runStage(drift, 'main', {})
  copyFileSync(join(home.path, 'main/bbstate-snapshot.json'), join(home.path, 'change/bbstate-snapshot.json'))
  await runStage(pullRequest, 'change', { GIT_COMMIT: commit, CHANGE_ID: '1', BUILD_URL: 'https://ci.example.com/1' })
  expect(calls()).toHaveLength(countCalls(text))
  await expectPublished()
})

/** Braces, brackets and quotes of Groovy, comments and texts left out: the least that a parser would say. */
function expectBalanced(text: string): void {
  const bare = text.replaceAll(/'''.*?'''|'[^'\n]*'|"[^"\n]*"|(?:^|\s)\/\/[^\n]*/gsu, '')
  expect(bare).not.toMatch(/['"]/u)
  const open: string[] = []
  for (const character of bare) {
    if ('{[('.includes(character)) open.push(character)
    const index = '}])'.indexOf(character)
    if (index >= 0) expect(open.pop()).toBe('{[('[index])
  }
  expect(open).toEqual([])
  expect(text).toMatch(/^pipeline \{$/mu)
}

interface BambooPlan {
  readonly plan: { readonly key: string }
  readonly variables: Readonly<Record<string, string>>
  readonly stages: readonly Readonly<Record<string, readonly string[] | { readonly jobs: readonly string[] }>>[]
}
interface BambooJob {
  readonly tasks: readonly { readonly script?: { readonly scripts: readonly string[] } }[]
}

test('Bamboo: every script of the specs', { timeout }, async () => {
  const text = read('bamboo/bamboo.yaml')
  const plans = loadAll(text) as readonly (BambooPlan & Readonly<Record<string, BambooJob>>)[]
  expect(plans.map(({ plan }) => plan.key)).toEqual(['BBCHECK', 'BBAPPLY'])
  const runPlan = async (index: number, clone: 'main' | 'change', given: Environment): Promise<void> => {
    const plan = plans[index]
    if (plan === undefined) throw new Error('no such plan')
    const names = plan.stages
      .flatMap((stage) => Object.values(stage))
      .flatMap((jobs) => ('jobs' in jobs ? jobs.jobs : jobs))
    const variables = Object.entries(plan.variables).map(([name, value]) => [`bamboo_${name}`, value] as const)
    for (const name of names) {
      for (const script of (plan[name] as BambooJob).tasks.flatMap((task) => task.script?.scripts ?? [])) {
        await runIn(clone, script, { ...Object.fromEntries(variables), ...given })
      }
    }
  }
  await runPlan(1, 'main', {
    bamboo_bbstate_client_secret: sandbox.clientSecret,
    bamboo_bbstate_store_key_secret: storeKey,
    bamboo_bbstate_vault_secret: 'CANARY-secret-id',
  })
  git(home.path, 'clone', '--quiet', '--branch', 'main', 'origin', 'change/base')
  await runPlan(0, 'change', {
    bamboo_repository_pr_key: '1',
    bamboo_planRepository_revision: commit,
    bamboo_buildResultsUrl: 'https://ci.example.com/2',
    bamboo_bbstate_publish_secret: sandbox.httpAccessToken,
  })
  expect(calls()).toHaveLength(countCalls(text))
  await expectPublished()
})

interface GitlabJob {
  readonly script?: readonly string[]
  readonly extends?: string
  readonly id_tokens?: Readonly<Record<string, { readonly aud: string }>>
}

test('GitLab: every script, each job signed in to Vault by its own identity', { timeout }, async () => {
  const text = read('.gitlab-ci.yml')
  const file = load(text) as Readonly<Record<string, GitlabJob>>
  const variables = Object.entries(file['variables'] as Readonly<Record<string, string | number>>)
  const claims = { project_path: 'platform/settings', ref: 'main', environment: 'bitbucket' }
  vault.roles.set('bbstate-gitlab', { bound_audiences: [vault.url], bound_claims: claims })
  const done: string[] = []
  const runJob = async (name: string, clone: 'main' | 'change', given: Environment): Promise<void> => {
    const job = file[name]
    const tokens = Object.entries(file[job?.extends ?? '']?.id_tokens ?? {})
    const identities = tokens.map(([variable, { aud }]) => [variable, identityOf({ aud, ...claims })] as const)
    const own =
      identities.length > 0 ? { BBSTATE_CLIENT_SECRET: sandbox.clientSecret, BBSTATE_STORE_KEY: storeKey } : {}
    const all = { ...Object.fromEntries([...variables, ...identities]), ...own, CI_DEFAULT_BRANCH: 'main', ...given }
    await runIn(clone, (job?.script ?? []).join('\n'), all)
    done.push(name)
  }
  for (const name of ['plan', 'apply', 'nightly']) await runJob(name, 'main', {})
  await runJob('merge-request', 'change', {})
  expect(existsSync(join(home.path, 'change/plan.html'))).toBe(true)
  await runJob('branch-of-bitbucket', 'change', {
    CI_COMMIT_SHA: commit,
    CI_PIPELINE_URL: 'https://ci.example.com/3',
    BITBUCKET_REPOSITORY: 'CONF/settings',
    BBSTATE_PUBLISH_TOKEN: sandbox.httpAccessToken,
  })
  const scripted = Object.entries(file).filter(([, job]) => job.script !== undefined)
  expect(done.toSorted()).toEqual(scripted.map(([name]) => name).toSorted())
  expect(calls()).toHaveLength(countCalls(text))
  await expectPublished()
})

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly ActionStep[] }>>
}
interface ActionStep {
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
}

test('GitHub: the command of every step of the Action, with the options that its inputs are', { timeout }, async () => {
  let digest = ''
  const done: string[] = []
  for (const step of ['refresh', 'apply', 'drift'].flatMap((name) => actionSteps(`github/${name}.yml`))) {
    const { command, expect: expected, 'client-secret': secret, 'store-key': key, ...rest } = step
    expect([secret, key]).toEqual(['${{ secrets.BBSTATE_CLIENT_SECRET }}', '${{ secrets.BBSTATE_STORE_KEY }}'])
    const options = Object.entries(rest).flatMap(([option, value]) => [`--${option}`, value])
    if (command === 'plan') options.push('--out', 'plan.json')
    if (expected !== undefined) options.push('--expect-digest', digest)
    const words = actionCommands[command as keyof typeof actionCommands]
    await runIn('main', `bbstate ${[words, ...options].join(' ')}`, administrator())
    if (command === 'plan') digest = digestOf(join(home.path, 'main/plan.json'))
    done.push(shapeOf(step))
  }
  expect(calls()).toHaveLength(8)
  await expectApplied()
  for (const file of ['github-vault/apply.yml', 'github-reviewed-plan/plan.yml']) {
    for (const step of actionSteps(file)) expect(done).toContain(shapeOf(step))
  }
  const { snapshot } = actionSteps('github/plan.yml')[0] ?? {}
  await runIn('main', `bbstate plan --snapshot ${snapshot ?? ''}`, {})
})

/** The inputs of every step of the Action, in the order of the file. */
function actionSteps(file: string): readonly Readonly<Record<string, string>>[] {
  const { jobs } = load(read(file)) as Workflow
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  return steps.flatMap(({ uses, with: inputs }) => (uses === 'OWNER/bbstate@COMMIT' ? [inputs ?? {}] : []))
}

const shapeOf = (inputs: Readonly<Record<string, string>>): string =>
  `${inputs['command']}: ${Object.keys(inputs).toSorted().join(', ')}`

const digestOf = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { digest: string }).digest
