/**
 * The conformance chain, derived from each definition, on servers of every version and habit: start → A → A (nothing) →
 * B → the export changes nothing → absent where the kind can be. Breaking any verb of any kind makes it fail.
 */
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeCapabilities } from '../../src/bitbucket/capability.js'
import { registry } from '../../src/bitbucket/registry.js'
import { exampleDocument } from '../../src/generate/example.js'
import type { Collection, Singleton } from '../../src/model/resource.js'
import { isObject } from '../../src/model/schema.js'
import { compareVersions } from '../../src/model/version.js'
import type { SandboxOptions } from '../../src/sandbox/server.js'
import { desire, type LiveRun, lines, startLive } from '../live.js'
import { absent } from './absent.js'
import { prepareGround } from './ground.js'
import { hasDocuments, validateRequest, validateResponse } from './openapi.js'

type Setting = Singleton | Collection

const settings = registry.resources.filter((resource): resource is Setting => resource.form !== 'directory')

/** What the versions spell, mount or leak differently must read the same. */
const flavours: readonly (readonly [string, SandboxOptions])[] = [
  ['7.21', { bitbucket: '7.21' }],
  ['8.19 behind a context path', { bitbucket: '8.19', contextPath: '/bitbucket' }],
  ['8.19 with the SSH policy under keys', { bitbucket: '8.19', sshPolicyMount: 'keys' }],
  ['9.4', { bitbucket: '9.4' }],
  ['9.4 as printed', { bitbucket: '9.4', sshPolicyMount: 'root', accessTokenPolicyUnset: 'null' }],
  ['9.4 with kebab-case mail and short pages', { bitbucket: '9.4', mailSpelling: 'kebab', pageLimit: 2 }],
  ['10.2', { bitbucket: '10.2', accessTokenPolicyUnset: 'no-content' }],
]

/** What bbstate sent and the official documents do not know. */
const problems: unknown[] = []

/** Every endpoint that was asked for anything. */
const asked = new Set<string>()

/** Judges what servers of the documented versions are sent and answer; the others differ from the documents. */
function judge(title: string): NonNullable<Parameters<typeof startLive>[1]> {
  return ({ method, path, headers, body }, { status, body: answer }) => {
    const below = path.replace(/^\/rest/u, '')
    asked.add(path.slice(path.indexOf('/rest/') + '/rest'.length).split('?')[0] ?? '')
    const document = title === '9.4' ? '9.4' : title === '10.2' ? '10.0' : undefined
    if (document === undefined) return
    const isJson = headers?.['content-type']?.startsWith('application/json') !== false
    // What stands for any app is in no document.
    if (!hasDocuments || status >= 400 || below.startsWith('/acme-notifier/')) return
    if (isJson)
      problems.push(...validateRequest(method, below, body === undefined ? undefined : JSON.parse(body), [document]))
    if (headers?.['accept'] !== 'application/json') return
    problems.push(
      ...validateResponse(method, below, status, answer === '' ? undefined : JSON.parse(answer), [document]),
    )
  }
}

describe.each(flavours)('Bitbucket %s', (title, options) => {
  let live: LiveRun
  beforeAll(async () => {
    live = await startLive(options, judge(title))
    await prepareGround(live)
  })
  afterAll(() => live.close())

  const apply = async (document: unknown): Promise<number> => {
    const plan = await live.plan(document)
    if (plan.changes.length > 0) await live.apply(plan)
    return plan.changes.length
  }
  const isOffered = ({ docs }: Setting): boolean =>
    docs.since === undefined || compareVersions(live.sandbox.version, docs.since) >= 0
  /** The definitions that say they cannot be found again by what is declared have a test of their own. */
  const isFindable = (resource: Setting): boolean =>
    resource.form === 'singleton' || resource.list !== undefined || resource.create === undefined || resource.volatile

  describe.each(settings.map((resource) => [resource.kind, resource] as const))('%s', (kind, resource) => {
    const [a, b] = [exampleDocument(registry, resource, 0), exampleDocument(registry, resource, 1)]

    test('start → A → A → B → export → absent', async () => {
      if (!isOffered(resource)) {
        await expect(live.plan(a)).rejects.toMatchObject({ code: 'API_UNSUPPORTED' })
        return
      }
      if (!isFindable(resource)) return
      const canBeAbsent = removalOf(resource) !== undefined
      const canBeMade = resource.form === 'singleton' || resource.create !== undefined
      for (const example of canBeAbsent && canBeMade ? [a, b] : []) await apply(absent(example, resource))
      await apply(a)
      expect(lines(await live.plan(a)), 'A again changes nothing').toEqual([])
      expect(await apply(b), 'A and B differ').toBeGreaterThan(canBeMade ? 0 : -1)
      expect(lines(await live.plan(b)), 'B again changes nothing').toEqual([])
      const exported = await live.export([...sectionsOf(resource)])
      expect(lines(await live.plan(load(exported))), 'the export changes nothing').toEqual([])
      await apply({ instance: { rateLimit: { enabled: false } } })
      if (canBeAbsent) {
        const gone = absent(b, resource)
        expect(await apply(gone), 'what is there can be removed').toBeGreaterThan(0)
        expect(lines(await live.plan(gone)), 'what is gone stays gone').toEqual([])
      } else {
        expect(() => desire(absent(b, resource))).toThrow(/cannot be null/u)
      }
    })

    test('creating what is there and deleting what is gone succeed', async () => {
      if (!isOffered(resource) || !isFindable(resource)) return
      const api = live.client.writer()
      if (resource.form === 'singleton') {
        await apply(a)
        const read = await resource.read(live.client.fresh(), {})
        expect(read).not.toBeNull()
        if (resource.clear === undefined || read === null) return
        await resource.clear(api, {}, read)
        await resource.clear(api, {}, read)
        expect(await resource.read(live.client.fresh(), {})).toBeNull()
        return
      }
      if (resource.create === undefined || resource.list === undefined) return
      const at = kind === 'members' ? { groups: 'platform-admins' } : { users: 'build-bot' }
      if (at.users !== undefined && resource.parents.some((parent) => parent.kind === 'users')) {
        await apply(exampleDocument(registry, registry.resources.find((one) => one.kind === 'users') ?? resource, 1))
      }
      const after = resource.canonical(resource.examples[0])
      const write = { after, before: null, raw: undefined, changed: new Set<string>() }
      await resource.create(api, at as Record<string, string>, write)
      await resource.create(api, at as Record<string, string>, write)
      const items = (await resource.list(live.client.fresh(), at as Record<string, string>)) ?? []
      const identify = (value: unknown): string => {
        const canonical = resource.canonical(value)
        return JSON.stringify(resource.identity.map((name) => (isObject(canonical) ? canonical[name] : '')))
      }
      const own = items.filter(({ value }) => identify(value) === identify(after))
      expect(own, 'created once').toHaveLength(1)
      expect(new Set(items.map(({ value }) => identify(value))).size).toBe(items.length)
      for (const item of [...own, ...own]) await resource.delete?.(api, at as Record<string, string>, item)
    })
  })

  test('is told what it offers', async () => {
    const found = await probeCapabilities(live.client.reading(), registry, live.sandbox.version)
    const missing = found.filter(({ state }) => state !== 'supported').map(({ kind }) => kind)
    expect(missing).toEqual(settings.filter((each) => !isOffered(each)).map(({ kind }) => kind))
  })
})

function removalOf(resource: Setting): unknown {
  return resource.form === 'singleton' ? resource.clear : resource.delete
}

/** The patterns under which a setting is exported, also where it is exported on request alone. */
function sectionsOf(resource: Setting): readonly string[] {
  const [parent] = resource.parents
  if (parent === undefined || 'root' in parent) return [`instance.${resource.key}`]
  return [`instance.${parent.kind}[*].${resource.key}`]
}

describe.each(settings.map((resource) => [resource.kind, resource] as const))('%s', (_kind, resource) => {
  test('is documented: every property described, both examples valid, dangers and source named', () => {
    expect(() => desire(exampleDocument(registry, resource, 0))).not.toThrow()
    expect(() => desire(exampleDocument(registry, resource, 1))).not.toThrow()
    expect(undescribed(resource.schema)).toEqual([])
    expect(resource.docs.rest.length).toBeGreaterThan(10)
    expect(resource.docs.text.length).toBeGreaterThan(40)
  })
})

function undescribed(schema: unknown, path = ''): readonly string[] {
  if (!isObject(schema)) return []
  const own = typeof schema['description'] === 'string' && schema['description'] !== '' ? [] : [path]
  const fields = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
  return [
    ...own,
    ...fields.flatMap(([name, field]) => undescribed(field, `${path}.${name}`)),
    ...(schema['items'] === undefined ? [] : undescribed(schema['items'], `${path}[]`)),
  ]
}

test.skipIf(!hasDocuments)(
  'every request and answer of these lives holds the official documents of 9.4 and 10.0',
  () => {
    expect(problems).toEqual([])
  },
)

test('every endpoint that a setting uses is named in its definition', () => {
  const named = settings.flatMap(({ docs }) => docs.endpoints)
  const patterns = named.map((endpoint) => new RegExp(`^${endpoint.replaceAll('{}', '[^/]+')}$`, 'u'))
  const ownOfTests = ['/api/latest/application-properties', '/acme-notifier/latest/settings']
  const unnamed = [...asked].filter((path) => !patterns.some((pattern) => pattern.test(path)))
  expect(unnamed.filter((path) => !ownOfTests.includes(path))).toEqual([])
  const unused = named.filter((_, index) => ![...asked].some((path) => patterns[index]?.test(path)))
  // These have tests of their own.
  expect(unused.sort()).toEqual([
    '/api/latest/admin/users/rename',
    '/api/latest/hook-scripts',
    '/api/latest/hook-scripts/{}',
    '/api/latest/hook-scripts/{}/content',
  ])
})

test('n items are read in one list a page', async () => {
  const many = await startLive({ estate: { groups: 250, users: 10, memberships: 0 }, pageLimit: 100 })
  try {
    many.sandbox.forgetRequests()
    await many.plan({ instance: { groups: { 'group-001': {} } } })
    const reads = many.sandbox.requests.filter(({ path }) => path.includes('/admin/groups'))
    const all = Object.keys(many.sandbox.state.groups).length
    expect(reads).toHaveLength(Math.ceil(all / 100))
  } finally {
    await many.close()
  }
})

test('a plan sends no request but GET', async () => {
  const looked = await startLive()
  try {
    looked.sandbox.forgetRequests()
    for (const resource of settings) await looked.plan(exampleDocument(registry, resource, 0)).catch(() => undefined)
    expect(looked.sandbox.requests.length).toBeGreaterThan(10)
    expect(looked.sandbox.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  } finally {
    await looked.close()
  }
})
