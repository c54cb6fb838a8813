/** The sources of the Action by GitHub's own `local-action`, which reads `action.yml` and needs neither runner nor Docker. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.js'
import { startGithubApi } from '../github-api.js'
import { makeHome } from './program.js'

test('the Action runs as its action.yml describes it', async () => {
  const [sandbox, github, home] = [await startSandbox({ port: 0 }), await startGithubApi(), makeHome()]
  try {
    github.addToken('ghs_CANARY-local', { contents: 'read', 'pull-requests': 'write', checks: 'write' })
    const commit = 'c0ffee0000000000000000000000000000000000'
    const payload = { repository: { full_name: github.repository, default_branch: 'main' } }
    const [output, summary, state] = ['output', 'summary', 'state'].map((name) => home.write(name, '')) as [
      string,
      string,
      string,
    ]
    const variables = {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_EVENT_PATH: home.write('event.json', JSON.stringify(payload)),
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: commit,
      GITHUB_REPOSITORY: github.repository,
      GITHUB_API_URL: github.url,
      GITHUB_GRAPHQL_URL: github.graphqlUrl,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_STATE: state,
      RUNNER_TEMP: home.path,
      BBSTATE_USERNAME: sandbox.username,
      BBSTATE_PASSWORD: sandbox.password,
      INPUT_COMMAND: 'plan',
      INPUT_FILE: resolve('examples/quick-start/bbstate.yaml'),
      INPUT_URL: sandbox.url,
      INPUT_ANNOTATIONS: 'true',
      INPUT_COMMENT: 'true',
      'INPUT_CHECK-RUN': 'true',
      'INPUT_GITHUB-TOKEN': 'ghs_CANARY-local',
    }
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
    const program = resolve('node_modules/@github/local-action/bin/local-action.js')
    const args = [program, 'run', '.', 'src/action/run.ts', home.write('env', lines.join(''))]
    const environment = { PATH: process.env['PATH'], HOME: home.path }
    const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()))
    await new Promise((done) => child.on('close', done))
    expect(readFileSync(summary, 'utf8'), said).toContain('Plan: 7 to add, 0 to change, 4 to destroy.')
    expect(readFileSync(output, 'utf8')).toMatch(/^exit-code<<(\S+)\n2\n\1$/mu)
    expect(github.checkRuns).toMatchObject([{ head_sha: commit, conclusion: 'neutral' }])
    const shown = said.split('\n').filter((line) => !line.startsWith('::add-mask::'))
    expect(shown.join('\n')).not.toContain('ghs_CANARY-local')
  } finally {
    await Promise.all([sandbox.close(), github.close()])
    home.remove()
  }
}, 300_000)
