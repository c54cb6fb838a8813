/** The guide from pull request to apply: each of its commands, in its order, in a repository and against a sandbox. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { makeHome, runShell } from './program.js'

const blocks = [...readFileSync('docs/guides/review.md', 'utf8').matchAll(/```sh\n(.*?)```/gsu)].map(
  ([, code]) => code ?? '',
)

let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let repository: string
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 })
  home = makeHome()
  repository = join(home.path, 'repository')
  mkdirSync(repository)
  mkdirSync(join(home.path, 'bin'))
  writeFileSync(
    join(home.path, 'bin/bbstate'),
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/bbstate.js')}' "$@"\n`,
    { mode: 0o755 },
  )
})
afterAll(async () => {
  await sandbox.close()
  home.remove()
})

const onMain = `instance:
  defaultBranch: main
policy:
  limits: { deletes: 5 }
`
const proposed = `instance:
  defaultBranch: trunk
  banner: { enabled: true, audience: ALL, message: Backups run from 02:00 to 03:00 UTC }
policy:
  limits: { deletes: 60 }
`

function git(...args: readonly string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main']
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

const configure = (text: string): void => writeFileSync(join(repository, 'bbstate.yaml'), text)
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(repository, name), 'utf8'))

/** What happens before a block, by words that stand in it alone. */
const before: Readonly<Record<string, () => void>> = {
  'snapshot --out': () => {
    git('init', '-q')
    configure(onMain)
    git('add', '-A')
    git('commit', '-qm', 'settings')
    // On main everything is applied.
    sandbox.state.defaultBranch = 'main'
  },
  'bbstate validate': () => configure(proposed),
  // The approved plan was applied by the file already: once more from the start, by the digest.
  '--expect-digest': () => {
    sandbox.state.defaultBranch = 'main'
    sandbox.state.banner = null
  },
  'drift --json': () => {
    configure(proposed)
    sandbox.state.defaultBranch = 'trunk'
    sandbox.state.banner = { enabled: true, audience: 'ALL', message: 'The mail server is down' }
  },
}

/** What a block shows: its exit code and words of its output. */
const after: Readonly<Record<string, readonly [code: number, ...words: string[]]>> = {
  'snapshot --out': [0, 'Saved to snapshot.json'],
  'bbstate validate': [
    0,
    'The configuration is valid: 2 items declared.',
    'This configuration loosens 1 guard',
    'It cannot be applied.',
  ],
  'show plan.json': [0, 'policy.limits.deletes 5 → 60', '1 to add, 1 to change, 0 to destroy'],
  '--against main': [0, 'Only a part was planned: what differs from main', 'configuration against main'],
  '--allow deletes=60': [0, '1 to add, 1 to change'],
  'apply approved.json': [0, 'Apply complete! Resources: 1 added, 1 changed, 0 destroyed.', 'bbstate undo undo.json'],
  '--expect-digest': [0, 'Apply complete! Resources: 1 added, 1 changed'],
  'undo undo.json': [0, 'Apply complete! Resources: 0 added, 1 changed, 1 destroyed.'],
  'drift --json': [2],
  acceptAll: [0, 'No changes. Live matches the configuration.'],
}

const find = <T>(table: Readonly<Record<string, T>>, block: string): T | undefined =>
  Object.entries(table).find(([words]) => block.includes(words))?.[1]

test('every block of the guide runs, and shows what the guide says', async () => {
  expect(blocks).toHaveLength(Object.keys(after).length)
  const { url, username, password } = sandbox
  const environment = {
    PATH: `${join(home.path, 'bin')}:${process.env['PATH'] ?? ''}`,
    BBSTATE_HOME: join(home.path, 'home'),
    BBSTATE_URL: url,
    BBSTATE_USERNAME: username,
    BBSTATE_PASSWORD: password,
  }
  for (const block of blocks) {
    find(before, block)?.()
    const { code, all } = await runShell(`set -e; cd '${repository}'\n${block}`, environment)
    const [expected, ...words] = find(after, block) ?? []
    expect(code, `${block}\n${all}`).toBe(expected)
    for (const word of words) expect(all, block).toContain(word)
  }
  // The plan of the pull request and the one that was applied had one digest.
  expect(readJson('plan.json')).toMatchObject({ digest: (readJson('approved.json') as { digest: string }).digest })
  expect(readJson('drift.json')).toMatchObject({ drift: true, changes: [{ address: 'instance.banner' }] })
  for (const name of ['plan.md', 'plan.html']) expect(readFileSync(join(repository, name), 'utf8')).toContain('trunk')
}, 300_000)
