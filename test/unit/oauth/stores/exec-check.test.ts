/** The checker against the example helper, whole and with one promise broken at a time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/host/crypto.js'
import { cleanEnvironment, runProgram } from '../../../../src/host/program.js'
import { systemClock } from '../../../../src/host/token.js'
import { Scrubber } from '../../../../src/model/secret.js'
import { checkHelper, type HelperCheck, listChecks } from '../../../../src/oauth/stores/exec-check.js'

const example = resolve('examples/exec-store/helper.mjs')
const source = readFileSync(example, 'utf8')

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-check-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function check(path: string, only?: string): Promise<readonly HelperCheck[]> {
  return checkHelper(
    {
      path,
      args: [join(home, 'store')],
      environment: cleanEnvironment(process.env, []),
      run: runProgram,
      scrubber: new Scrubber(),
    },
    { crypto: nodeCrypto, clock: systemClock },
    only,
  )
}

function breakExample(changes: readonly (readonly [from: string, to: string])[]): string {
  const path = join(home, 'helper.mjs')
  const text = changes.reduce((broken, [from, to]) => {
    expect(broken, 'the example has changed: break it anew').toContain(from)
    return broken.replace(from, () => to)
  }, source)
  writeFileSync(path, text, { mode: 0o755 })
  return path
}

it('finds nothing wrong with the example', async () => {
  const checks = await check(example)
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(checks.map(({ name }) => name)).toEqual(listChecks())
})

const compare =
  'if (!isExpected || !(await writeRegister(`${key}.record`, revision, record))) return { written: false }'

it.each([
  ['unknown operation', [["throw new Error('this operation is not known here')", 'process.exit(0)']]],
  ['read of nothing', [['{ revision: null, record: null }', "{ revision: '0', record: 'x' }"]]],
  ['write and read', [['record: value }', 'record: value.slice(0, 30_000) }']]],
  ['compare-and-set', [[compare, 'await writeRegister(`${key}.record`, revision, record)']]],
  [
    'one winner',
    [
      [
        'await link(beside',
        "await new Promise((done) => setTimeout(done, 300))\n    await (await import('node:fs/promises')).rename(beside",
      ],
    ],
  ],
  [
    'kill -9 while writing',
    [
      [
        'await link(beside',
        "await rm(beside)\n    await (await open(join(directory, `${name}.${next}`), 'wx')).close()\n    await new Promise((done) => setTimeout(done, 200))\n    await link(beside",
      ],
      [
        "JSON.parse(await readFile(join(directory, `${name}.${revision}`), 'utf8'))",
        "JSON.parse((await readFile(join(directory, `${name}.${revision}`), 'utf8')) || '\"half\"')",
      ],
    ],
  ],
  [
    'keys',
    [
      ['`${key}.lock`', "'one.lock'"],
      ['`${key}.lock`, revision, mine', "'one.lock', revision, mine"],
    ],
  ],
  [
    'removal',
    [
      ['value === null ? { revision: null', 'value === null && revision === 0 ? { revision: null'],
      ['record: value }', "record: value ?? 'removed' }"],
    ],
  ],
  ['lock', [['value.token === token ||', 'value.token !== token ||']]],
  [
    'one holder',
    [
      [
        'if (await writeRegister(`${key}.lock`, revision, mine)) return',
        'await new Promise((done) => setTimeout(done, 300))\n      await writeRegister(`${key}.lock`, revision, mine)\n      return',
      ],
    ],
  ],
  ['end of a lock', [['value.until <= Date.now()', 'false']]],
  [
    'silence',
    [['const request = JSON.parse(input)', 'const request = JSON.parse(input)\n  process.stderr.write(input)']],
  ],
] as const)('sees a broken promise: %s', async (name, changes) => {
  const checks = await check(breakExample(changes), name)
  expect(checks.find((each) => each.name === name)).toMatchObject({ state: 'failed' })
  for (const { state, advice } of checks) expect(advice === undefined).toBe(state === 'ok')
})

it('stops where the protocol is not spoken at all', async () => {
  const checks = await check(breakExample([["protocol = 'bbstate-store-1'", "protocol = 'bbstate-store-0'"]]))
  expect(checks).toEqual([expect.objectContaining({ name: 'capabilities', state: 'failed' })])
})

it('warns of a lock whose end could not be tried', async () => {
  const checks = await check(
    breakExample([['{ locked: true, ttl }', '{ locked: true, ttl: Math.max(ttl, 300) }']]),
    'end of a lock',
  )
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([
    expect.objectContaining({ name: 'end of a lock', state: 'warning' }),
  ])
})
