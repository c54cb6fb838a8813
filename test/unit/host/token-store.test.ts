/** Which store an option names, and whole lives of a token in the stores that reach beyond this machine. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareHelper } from '../../../src/host/exec-helper.js'
import { connectionOptions } from '../../../src/host/options.js'
import type { Profile } from '../../../src/host/profile.js'
import { type Environment, Settings } from '../../../src/host/settings.js'
import { openToken } from '../../../src/host/token.js'
import type { MakeStore } from '../../../src/host/store-parts.js'
import { chooseStore, nameStore, storeMaker } from '../../../src/host/token-store.js'
import { createWorld, type World } from '../../../src/host/world.js'
import type { Event } from '../../../src/model/event.js'
import { type GithubServer, startGithub } from '../../github.js'
import { failureOf, startTokenBench, type TokenBench } from '../../token.js'

const example = resolve('examples/exec-store/helper.mjs')

function settingsOf(given: Readonly<Record<string, unknown>>): Settings {
  return new Settings(given, connectionOptions, {})
}
function worldOf(environment: Environment): World {
  return createWorld({ PATH: process.env['PATH'], ...environment }, new AbortController().signal, '0', false)
}

describe('--token-store', () => {
  const profile: Profile = {
    baseUrl: 'https://git.example.com',
    clientId: 'id',
    redirectUri: 'http://localhost/',
    tokenStore: 'exec:/opt/helper',
    storeArguments: ['a'],
    storeVariables: ['V'],
  }
  const github = { type: 'github', owner: 'acme', repository: 'set.tings', environment: 'prod' }

  it.each([
    ['file', { type: 'file', directory: undefined }],
    ['file:/var/lib/x', { type: 'file', directory: '/var/lib/x' }],
    ['file:here', { type: 'file', directory: resolve('here') }],
    ['exec:/opt/my helper', { type: 'exec', path: '/opt/my helper', args: [], variables: [] }],
    ['github:acme/set.tings/prod', { ...github, secretName: 'BBSTATE_TOKEN_RECORD' }],
    ['github:acme/set.tings/prod#my_name', { ...github, secretName: 'MY_NAME' }],
    ['github:acme/set.tings/prod/eu:1', { ...github, environment: 'prod/eu:1', secretName: 'BBSTATE_TOKEN_RECORD' }],
  ])('%s is understood', (text, choice) => {
    expect(chooseStore(settingsOf({ 'token-store': text }))).toEqual(choice)
  })

  it.each([
    's3:bucket',
    'github:acme/settings',
    'github:acme',
    'github:acme/settings/prod#1x',
    'github:a/b/c#github_x',
  ])('%s is refused', (text) => {
    const choose = (): unknown => chooseStore(settingsOf({ 'token-store': text }))
    expect(choose).toThrow(expect.objectContaining({ code: 'USAGE', hint: expect.any(String) as unknown }))
  })

  it('comes from the profile with all its parts, unless an option says otherwise', () => {
    const parts = { type: 'exec', path: '/opt/helper' }
    expect(chooseStore(settingsOf({}), profile)).toEqual({ ...parts, args: ['a'], variables: ['V'] })
    expect(chooseStore(settingsOf({ 'store-argument': ['b'] }), profile)).toMatchObject({ args: ['b'] })
    expect(chooseStore(settingsOf({ 'token-store': 'exec:/opt/helper' }), profile)).toMatchObject({ args: [] })
    expect(nameStore(settingsOf({ 'token-store': 'file:x' })).tokenStore).toBe(`file:${resolve('x')}`)
  })
})

let home = ''
let bench: TokenBench
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-stores-'))
  bench = await startTokenBench()
})
afterEach(async () => {
  await bench.close()
  rmSync(home, { recursive: true, force: true })
})

async function makerOf(
  world: World,
  given: Readonly<Record<string, unknown>>,
  events: Event[] = [],
): Promise<MakeStore> {
  const settings = settingsOf(given)
  const choice = chooseStore(settings)
  if (choice.type === 'file') throw new Error('The file store needs no maker')
  return storeMaker(world, settings, choice, (event) => events.push(event))
}

describe('a helper', () => {
  const words = { path: example, args: [], variables: [] }

  it.each([
    ['relative', { path: 'helper.mjs' }, 'needs an absolute path'],
    ['that gets bbstate’s own secrets', { variables: ['BBSTATE_STORE_KEY'] }, 'cannot be handed'],
    ['that gets a value', { variables: ['A=b'] }, 'cannot be handed'],
    ['that is a directory', { path: resolve('examples') }, 'is not a file'],
  ])('%s is refused', (_, more, message) => {
    expect(() => prepareHelper(worldOf({}), { ...words, ...more })).toThrow(message)
  })

  it('that everybody can change is refused', () => {
    const path = join(home, 'helper')
    copyFileSync(example, path)
    chmodSync(path, 0o757)
    expect(() => prepareHelper(worldOf({}), { ...words, path })).toThrow(
      expect.objectContaining({ code: 'AUTH_STORE' }),
    )
    chmodSync(path, 0o755)
    expect(prepareHelper(worldOf({ A: '1', B: '2' }), { ...words, path, variables: ['A'] }).environment).toEqual({
      PATH: process.env['PATH'],
      A: '1',
    })
  })

  it('keeps a token through sign-in, refresh by another process, and sign-out', async () => {
    const given = { 'token-store': `exec:${example}`, 'store-argument': [join(home, 'tokens')] }
    const makeStore = await makerOf(worldOf({}), given)
    expect((await bench.signIn({ makeStore })).location).toBe(`the token helper ${example}`)
    const one = await openToken(bench.options({ makeStore }))
    const two = await openToken(bench.options({ makeStore }))
    await two.session.current()
    expect((await one.session.rotate()).generation).toBe(2)
    // It reads again first, and presents the token of the other process.
    expect((await two.vault.rotate()).generation).toBe(3)
    expect(bench.tokenRequests()).toBe(3)
    expect(await one.vault.forget()).toMatchObject({ wasSignedIn: true })
    expect(await two.vault.read()).toBeNull()
  })

  it('that fails to write costs no token', async () => {
    const path = join(home, 'helper.mjs')
    const given = { 'token-store': `exec:${path}`, 'store-argument': [join(home, 'tokens')] }
    copyFileSync(example, path)
    const makeStore = await makerOf(worldOf({}), given)
    await bench.signIn({ makeStore })
    const before = bench.tokenRequests()
    const text = `#!/bin/sh\nin=$(cat)\ncase "$in" in *'"write"'*) exit 5;; esac\nprintf %s "$in" | '${example}' "$@"\n`
    writeFileSync(path, text)
    const token = await openToken(bench.options({ makeStore }))
    expect(await failureOf(token.session.rotate())).toMatchObject({ code: 'AUTH_STORE' })
    expect(bench.tokenRequests()).toBe(before)
    copyFileSync(example, path)
    expect((await token.session.rotate()).generation).toBe(2)
  })
})

describe('a secret of GitHub', () => {
  let github: GithubServer
  beforeEach(async () => {
    github = await startGithub()
  })
  afterEach(() => github.close())

  const given = { 'token-store': 'github:acme/settings/prod/eu' }
  const environmentOf = (more: Environment = {}): Record<string, string | undefined> => ({
    GITHUB_API_URL: github.url,
    BBSTATE_GITHUB_TOKEN: github.token,
    BBSTATE_TOKEN_RECORD: github.secrets.get('BBSTATE_TOKEN_RECORD') ?? '',
    ...more,
  })

  it('is signed in to at a desk, and carries the token from job to job', async () => {
    const desk = await makerOf(worldOf(environmentOf()), given)
    await bench.signIn({ makeStore: desk })
    for (const generation of [2, 3]) {
      const events: Event[] = []
      const environment = environmentOf({ GITHUB_ACTIONS: 'true', RUNNER_TEMP: join(home, `job-${generation}`) })
      const world = worldOf(environment)
      const step = await openToken(bench.options({ makeStore: await makerOf(world, given, events) }))
      expect(events).toEqual([expect.objectContaining({ type: 'warning' })])
      expect(JSON.stringify(events)).toContain('the weakest of all stores')
      expect(world.environment['BBSTATE_GITHUB_TOKEN']).toBeUndefined()
      expect(world.environment['BBSTATE_TOKEN_RECORD']).toBeUndefined()
      expect((await step.session.rotate()).generation).toBe(generation)
      const laterStep = await openToken(bench.options({ makeStore: await makerOf(worldOf(environment), given) }))
      expect((await laterStep.session.current()).generation).toBe(generation)
    }
    expect(bench.tokenRequests()).toBe(3)
  })

  it('that cannot be written costs no token, and says what is missing', async () => {
    await bench.signIn({ makeStore: await makerOf(worldOf(environmentOf()), given) })
    const before = bench.tokenRequests()
    github.permit(false)
    const refused = await openToken(bench.options({ makeStore: await makerOf(worldOf(environmentOf()), given) }))
    expect(await failureOf(refused.session.rotate())).toMatchObject({ code: 'AUTH_STORE' })
    const world = worldOf(environmentOf({ BBSTATE_GITHUB_TOKEN: undefined }))
    const without = await openToken(bench.options({ makeStore: await makerOf(world, given) }))
    const error = await failureOf(without.session.rotate())
    expect(error.message).toContain('BBSTATE_GITHUB_TOKEN is not set')
    expect(error.hint).toContain('Environments: write')
    // An access token that lives needs neither.
    expect((await without.session.current()).generation).toBe(1)
    expect(bench.tokenRequests()).toBe(before)
  })

  it('that takes the pending mark but not the new token leaves it on this machine, for the next command', async () => {
    await bench.signIn({ makeStore: await makerOf(worldOf(environmentOf()), given) })
    const job = { GITHUB_ACTIONS: 'true', RUNNER_TEMP: join(home, 'job') }
    const environment = environmentOf(job)
    const step = await openToken(bench.options({ makeStore: await makerOf(worldOf({ ...environment }), given) }))
    const refused = Array.from({ length: 5 }, () => 'forbidden' as const)
    github.fail(/PUT .*TOKEN_RECORD$/u, 'none', ...refused)
    const error = await failureOf(step.session.rotate())
    expect(error).toMatchObject({ code: 'AUTH_RECOVERABLE' })
    const next = await openToken(bench.options({ makeStore: await makerOf(worldOf({ ...environment }), given) }))
    const { generation } = await next.session.rotate()
    expect(generation).toBe(2)
    expect(bench.tokenRequests()).toBe(2)
  })
})
