/**
 * Golden files: what the built program makes of a configuration, in every format, as a reader gets it.
 *
 * `BBSTATE_GOLDEN=write` writes them again; the difference is then reviewed like any other. What differs from run to run
 * (ports, times, digests) stands as a word, and of a page its style and script, which have tests of their own.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, environmentFor, makeHome, run, signIn } from './program.js'

const isWriting = process.env['BBSTATE_GOLDEN'] === 'write'
const redirectUri = 'http://localhost:23100/'
const endings = { terminal: 'txt', json: 'json', markdown: 'md', html: 'html' }
const compile = (name: string) =>
  new Ajv({ strict: false }).compile(JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as object)
const validators = { plan: compile('plan'), report: compile('report'), drift: compile('drift') }

let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

beforeAll(async () => {
  home = makeHome()
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  const own = environmentFor(sandbox, home.path)
  environment = { ...own, BBSTATE_SECRET_SMTP_PASSWORD: 'canary-smtp-password' }
  const { code, all } = await signIn(environment, redirectUri)
  if (code !== 0) throw new Error(all)
})
afterAll(async () => {
  await sandbox.close()
  home.remove()
})

/** A text with words in place of what no two runs share. */
function settle(text: string): string {
  return text
    .replaceAll(sandbox.url, 'https://bitbucket.example.com')
    .replaceAll(/\b[0-9a-f]{64}\b/gu, '(digest)')
    .replaceAll(/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/gu, '(time)')
    .replaceAll(/"milliseconds": \d+/gu, '"milliseconds": 0')
    .replaceAll(/(<dt>Took<\/dt><dd>)[\d,]+ ms/gu, '$10 ms')
    .replaceAll(/"requests": \d+/gu, '"requests": 0')
    .replaceAll(/[\d,]+ requests? to make|(<dt>Requests<\/dt><dd>)\d+/gu, (_match, head: string | undefined) =>
      head === undefined ? '(count) requests to make' : `${head}(count)`,
    )
    .replaceAll(/@[0-9A-Z]+x\d+x\d+x\d+/gu, '(request id)')
    .replaceAll(/("bbstate": |by bbstate <code>)"?\d+\.\d+\.\d+[\w.-]*"?/gu, '$1(version)')
    .replaceAll(/'sha256-[A-Za-z0-9+/=]+'/gu, "'sha256-(of it)'")
    .replace(/(?<=<\/title><style>).*?(?=<\/style><\/head>)/su, '(tested apart)')
    .replace(/(?<=<\/main><script>).*?(?=<\/script><\/body>)/su, '(tested apart)')
}

function expectGolden(name: string, file: string, text: string): void {
  const path = join('test/e2e/golden', name, file)
  const settled = settle(text)
  if (isWriting) writeFileSync(path, settled)
  expect(existsSync(path), `${path} is missing: run with BBSTATE_GOLDEN=write and review it`).toBe(true)
  expect(settled).toBe(readFileSync(path, 'utf8'))
}

/** Every format of a saved document; the terminal's is what the command that made it printed, too. */
async function expectFormats(name: string, kind: 'plan' | 'report', saved: string): Promise<void> {
  for (const [format, ending] of Object.entries(endings)) {
    const { code, stdout, all } = await run(['show', saved, '--format', format], {})
    expect(code, all).toBe(0)
    expect(all).not.toContain('canary')
    if (format === 'json') {
      const validate = validators[kind]
      expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true)
    }
    expectGolden(name, `${kind}.${ending}`, stdout)
  }
}

describe('golden files', () => {
  test.each([
    ['001-first-plan', []],
    ['002-deletions', []],
    ['003-secret-moves', ['--allow', 'secret-destination=instance.mailServer']],
    ['004-hostile-names', []],
    ['005-no-changes', []],
  ])('%s', async (name, more) => {
    const saved = join(home.path, `${name}.json`)
    const planned = await run(
      ['plan', '-f', 'bbstate.yaml', '--chdir', join('test/e2e/golden', name), '--out', saved, '--quiet', ...more],
      environment,
    )
    expect(planned.code, planned.all).toBe(0)
    await expectFormats(name, 'plan', saved)
    expect(settle(planned.stdout)).toBe(readFileSync(join('test/e2e/golden', name, 'plan.txt'), 'utf8'))
  })

  test('007-drift', async () => {
    const name = '007-drift'
    const args = ['drift', '-f', 'bbstate.yaml', '--chdir', join('test/e2e/golden', name)]
    const told = await run([...args, '--unmanaged', '--quiet'], environment)
    expect(told.code, told.all).toBe(2)
    expectGolden(name, 'drift.txt', told.stdout)
    const { code, stdout, all } = await run([...args, '--json'], environment)
    expect(code, all).toBe(2)
    expect(validators.drift(JSON.parse(stdout)), JSON.stringify(validators.drift.errors)).toBe(true)
    expectGolden(name, 'drift.json', stdout)
  })

  test('006-partial-apply', async () => {
    const name = '006-partial-apply'
    const args = ['apply', '-f', 'bbstate.yaml', '--chdir', join('test/e2e/golden', name), '--auto-approve', '--json']
    const applied = await run(args, environment)
    expect(applied.code, applied.all).toBe(5)
    const { report } = JSON.parse(applied.stdout) as { report: unknown }
    await expectFormats(name, 'report', home.write('report.json', JSON.stringify(report)))
  })
})
