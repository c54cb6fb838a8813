/**
 * Every setting against servers of several versions and habits, over real HTTP: what one version spells, mounts or
 * leaks differently must read the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareVersions, probeCapabilities } from '../../../src/bitbucket/capability.js'
import { registry } from '../../../src/bitbucket/registry.js'
import { compare } from '../../../src/model/compare.js'
import { propose } from '../../../src/model/propose.js'
import type { Collection, Singleton } from '../../../src/model/resource.js'
import { isObject } from '../../../src/model/schema.js'
import type { SandboxOptions } from '../../../src/sandbox/server.js'
import { type LiveRun, startLive } from '../../live.js'

const flavours: readonly (readonly [string, SandboxOptions])[] = [
  ['7.21', { bitbucket: '7.21' }],
  ['8.19 behind a context path', { bitbucket: '8.19', contextPath: '/bitbucket' }],
  ['8.19 with the policy under keys', { bitbucket: '8.19', sshPolicyMount: 'keys' }],
  ['9.4 with the policy as printed', { bitbucket: '9.4', sshPolicyMount: 'root', accessTokenPolicyUnset: 'null' }],
  ['9.4 with kebab-case mail', { bitbucket: '9.4', mailSpelling: 'kebab', pageLimit: 2 }],
  ['10.2', { bitbucket: '10.2', accessTokenPolicyUnset: 'no-content' }],
]

const singletons = registry.resources.filter((resource) => resource.form === 'singleton')
const collections = registry.resources.filter((resource) => resource.form === 'collection')

describe.each(flavours)('Bitbucket %s', (_title, options) => {
  let live: LiveRun
  beforeAll(async () => {
    live = await startLive(options)
    await live.client.writer().send('POST', '/api/latest/admin/groups?name=people')
  })
  afterAll(() => live.close())

  const isOffered = ({ docs }: Singleton | Collection): boolean =>
    docs.since === undefined || compareVersions(live.sandbox.version, docs.since) >= 0

  it.each(singletons.map((setting) => [setting.kind, setting] as const))('%s', async (_kind, setting) => {
    const api = live.client.writer()
    if (!isOffered(setting)) {
      await expect(setting.read(live.client.fresh(), {})).rejects.toMatchObject({ code: 'API_UNSUPPORTED' })
      return
    }
    for (const example of setting.examples) {
      const found = await setting.read(live.client.fresh(), {})
      const changed = new Set(Object.keys(isObject(example) ? example : {}))
      await setting.write(api, {}, { after: example, before: found?.value ?? null, raw: found?.raw ?? null, changed })
      const kept = await setting.read(live.client.fresh(), {})
      expect(compare(setting.schema, kept?.value, propose(setting.schema, kept?.value, want(example)))).toEqual([])
    }
    if (setting.clear === undefined) return
    for (let twice = 0; twice < 2; twice++) await setting.clear(api, {}, { value: null, raw: null })
    expect(await setting.read(live.client.fresh(), {})).toBeNull()
  })

  it.each(collections.map((setting) => [setting.kind, setting] as const))('%s', async (_kind, setting) => {
    const at = setting.kind === 'members' ? { groups: 'people' } : {}
    const api = live.client.writer()
    const canonical = (value: unknown): unknown => setting.canonical(value)
    const find = async (example: unknown) => {
      const wanted = identify(setting, canonical(example))
      const items = (await setting.list?.(live.client.fresh(), at)) ?? []
      return items.filter(({ value }) => identify(setting, canonical(value)) === wanted)
    }
    const [a, b] = setting.examples
    await setting.create(api, at, { after: a, before: null, raw: null, changed: new Set() })
    const [created, ...twins] = await find(a)
    expect(twins).toEqual([])
    expect(canonical(created?.value)).toEqual(canonical(a))
    if (setting.update !== undefined && identify(setting, a) === identify(setting, b)) {
      await setting.update(api, at, { after: b, before: a, raw: created?.raw, changed: new Set() })
      expect((await find(a)).map(({ value }) => canonical(value))).toEqual([canonical(b)])
    }
    if (created === undefined) return
    for (let twice = 0; twice < 2; twice++) await setting.delete(api, at, created)
    expect(await find(a)).toEqual([])
  })

  it('is told what it offers', async () => {
    const found = await probeCapabilities(live.client.reading(), registry, live.sandbox.version)
    const missing = found.filter(({ state }) => state !== 'supported').map(({ kind }) => kind)
    expect(missing).toEqual([...singletons, ...collections].filter((each) => !isOffered(each)).map(({ kind }) => kind))
  })
})

function identify(setting: Collection, value: unknown): string {
  return JSON.stringify(setting.identity.map((property) => (isObject(value) ? value[property] : undefined)))
}

/** An example as the YAML has it: a list keyed by its algorithms is a map, and what it does not name stays. */
function want(example: unknown): unknown {
  if (!isObject(example) || !Array.isArray(example['keyTypes'])) return example
  const types: readonly unknown[] = example['keyTypes']
  const entries = types.filter(isObject).map(({ algorithm, ...rest }) => [String(algorithm), rest] as const)
  return { ...example, keyTypes: Object.fromEntries(entries) }
}
