/** Merge strategies over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, password, send } from './visitor.js'

const path = '/rest/api/latest/admin/pull-requests/git'

interface Config {
  readonly type: string
  readonly defaultStrategy: { readonly id: string; readonly enabled: boolean }
  readonly strategies: readonly { readonly id: string; readonly enabled: boolean }[]
  readonly commitSummaries: number
  readonly commitMessageTemplate?: unknown
}

const squash = { defaultStrategy: { id: 'squash' }, strategies: [{ id: 'squash' }, { id: 'ff' }] }

async function read(sandbox: Sandbox): Promise<Config> {
  return JSON.parse((await send(sandbox, 'GET', path)).text)
}

async function write(sandbox: Sandbox, mergeConfig: unknown): Promise<number> {
  return (await send(sandbox, 'POST', path, { body: { mergeConfig } })).status
}

const enabledOf = ({ strategies }: Config): string[] => strategies.filter(({ enabled }) => enabled).map(({ id }) => id)

describe('merge strategies', () => {
  it('are all shown, with which are enabled, and not wrapped', async () => {
    const sandbox = await openSandbox()
    const factory = await read(sandbox)
    expect(factory).not.toHaveProperty('mergeConfig')
    expect(factory).toMatchObject({ type: 'DEFAULT', defaultStrategy: { id: 'no-ff', enabled: true } })
    expect([factory.strategies.length, enabledOf(factory)]).toEqual([7, ['no-ff']])
    expect(await write(sandbox, { ...squash, commitSummaries: 0 })).toBe(200)
    const set = await read(sandbox)
    expect(set).toMatchObject({ type: 'GLOBAL', defaultStrategy: { id: 'squash' }, commitSummaries: 0 })
    expect([set.strategies.length, enabledOf(set)]).toEqual([7, ['ff', 'squash']])
    expect(await write(sandbox, {})).toBe(200)
    expect(await read(sandbox)).toEqual(factory)
  })

  it('keep the template that is left out, and lose it to an empty one', async () => {
    const sandbox = await openSandbox()
    const commitMessageTemplate = { title: 'a', body: 'b\n' }
    await write(sandbox, { ...squash, commitMessageTemplate, commitSummaries: 5 })
    await write(sandbox, squash)
    expect(await read(sandbox)).toMatchObject({ commitMessageTemplate, commitSummaries: 5 })
    await write(sandbox, { ...squash, commitMessageTemplate: {} })
    expect(await read(sandbox)).not.toHaveProperty('commitMessageTemplate')
    await write(sandbox, { ...squash, commitMessageTemplate })
    await write(sandbox, {})
    await write(sandbox, squash)
    expect(await read(sandbox)).not.toHaveProperty('commitMessageTemplate')
  })

  it.each([
    ['an unknown strategy', { ...squash, strategies: [{ id: 'squash' }, { id: 'octopus' }] }, 'strategies'],
    ['an unknown default', { ...squash, defaultStrategy: { id: 'octopus' } }, 'strategies'],
    ['a default that is not enabled', { ...squash, defaultStrategy: { id: 'no-ff' } }, 'defaultStrategy'],
    ['no default', { strategies: [{ id: 'squash' }] }, 'strategies'],
    ['no strategies', { defaultStrategy: { id: 'squash' } }, 'defaultStrategy'],
    ['a number below zero', { ...squash, commitSummaries: -1 }, 'commitSummaries'],
    ['a template that is a text', { ...squash, commitMessageTemplate: 'a' }, 'commitMessageTemplate'],
    ['a title that is none', { ...squash, commitMessageTemplate: { title: 1 } }, 'commitMessageTemplate'],
    ['no configuration', undefined, 'mergeConfig'],
    ['null for one', null, 'mergeConfig'],
    ['a list for one', [], 'mergeConfig'],
  ])('with %s are refused, and stay', async (_what, mergeConfig, context) => {
    const sandbox = await openSandbox()
    await write(sandbox, squash)
    const refused = await send(sandbox, 'POST', path, { body: { mergeConfig } })
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, context])
    expect(enabledOf(await read(sandbox))).toEqual(['ff', 'squash'])
  })

  it('are those of a source control that is there, read by all and set by administrators', async () => {
    const sandbox = await openSandbox()
    const other = path.replace(/git$/u, 'hg')
    expect((await send(sandbox, 'GET', other)).status).toBe(404)
    expect((await send(sandbox, 'POST', other, { body: { mergeConfig: squash } })).status).toBe(404)
    const as = password(sandbox, 'alice')
    expect((await send(sandbox, 'GET', path, { as })).status).toBe(200)
    expect((await send(sandbox, 'GET', path, { as: null })).status).toBe(401)
    expect((await send(sandbox, 'POST', path, { as, body: { mergeConfig: squash } })).status).toBe(401)
  })
})
