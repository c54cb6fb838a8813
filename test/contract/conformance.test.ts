/**
 * The conformance chain, derived from each definition: start → A → A (nothing) → B → the export changes nothing →
 * absent where the kind can be. Breaking any verb of any kind makes it fail.
 */
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registry } from '../../src/bitbucket/registry.js'
import { exampleDocument } from '../../src/generate/example.js'
import type { Singleton } from '../../src/model/resource.js'
import { isObject } from '../../src/model/schema.js'
import { desire, type LiveRun, lines, startLive } from '../live.js'
import { hasDocuments, validateRequest, validateResponse } from './openapi.js'

const settings = registry.resources.filter((resource) => resource.form !== 'directory')

/** What the examples name must be there, and nothing may throttle the tests. */
const ground = {
  instance: { groups: { 'platform-admins': {}, contractors: {} }, rateLimit: { enabled: false } },
}

/** What bbstate sent and the official documents do not know. */
const problems: unknown[] = []

let live: LiveRun
beforeAll(async () => {
  live = await startLive({}, ({ method, path, body }, { status, body: answer }) => {
    const below = path.replace(/^\/rest/u, '')
    if (!hasDocuments || status >= 400) return
    problems.push(...validateRequest(method, below, body === undefined ? undefined : JSON.parse(body)))
    problems.push(...validateResponse(method, below, status, answer === '' ? undefined : JSON.parse(answer)))
  })
})
afterAll(() => live.close())

const apply = async (document: unknown): Promise<number> => {
  const plan = await live.plan(document)
  if (plan.changes.length > 0) await live.apply(plan)
  return plan.changes.length
}

/** The document with every item of the kind's collection, or the singleton itself, written as absent. */
function absent(document: unknown, key: string): unknown {
  if (!isObject(document)) return document
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      if (name !== key) return [name, absent(value, key)]
      if (Array.isArray(value)) return [name, Object.fromEntries(value.map((one) => [String(one), null]))]
      const isSingleton = registry.resources.some((one) => one.key === key && one.form === 'singleton')
      return [
        name,
        isSingleton || !isObject(value) ? null : Object.fromEntries(Object.keys(value).map((one) => [one, null])),
      ]
    }),
  )
}

describe.each(settings.map((resource) => [resource.kind, resource] as const))('%s', (_kind, resource) => {
  const [a, b] = [exampleDocument(registry, resource, 0), exampleDocument(registry, resource, 1)]

  test('start → A → A → B → export → absent', async () => {
    const canBeAbsent = resource.form === 'collection' || (resource as Singleton).clear !== undefined
    await apply(ground)
    for (const example of canBeAbsent ? [a, b] : []) await apply(absent(example, resource.key))
    await apply(a)
    expect(lines(await live.plan(a)), 'A again changes nothing').toEqual([])
    expect(await apply(b), 'A and B differ').toBeGreaterThan(0)
    expect(lines(await live.plan(b)), 'B again changes nothing').toEqual([])
    expect(lines(await live.plan(load(await live.export()))), 'the export changes nothing').toEqual([])
    await apply({ instance: { rateLimit: { enabled: false } } })
    if (canBeAbsent) {
      const gone = absent(b, resource.key)
      expect(await apply(gone), 'what is there can be removed').toBeGreaterThan(0)
      expect(lines(await live.plan(gone)), 'what is gone stays gone').toEqual([])
    } else {
      expect(() => desire(absent(b, resource.key))).toThrow(/cannot be null/u)
    }
  })

  test('creating what is there and deleting what is gone succeed', async () => {
    await apply(ground)
    if (resource.form === 'singleton') {
      await apply(a)
      const read = await resource.read(live.client.fresh(), {})
      expect(read).not.toBeNull()
      if (resource.clear !== undefined && read !== null) {
        await resource.clear(live.client.writer(), {}, read)
        await resource.clear(live.client.writer(), {}, read)
        expect(await resource.read(live.client.fresh(), {})).toBeNull()
      }
      return
    }
    const at = resource.kind === 'members' ? { groups: 'platform-admins' } : {}
    const after = resource.canonical(resource.examples[0])
    const write = { after, before: null, raw: undefined, changed: new Set<string>() }
    await resource.create(live.client.writer(), at, write)
    await resource.create(live.client.writer(), at, write)
    const keys = (items: readonly { value: unknown }[] | null) =>
      (items ?? []).map(({ value }) => JSON.stringify(resource.canonical(value)))
    const items = await resource.list?.(live.client.fresh(), at)
    const own = (items ?? []).find(({ value }) =>
      resource.identity.every(
        (name) =>
          isObject(value) && isObject(after) && String(value[name]).toLowerCase() === String(after[name]).toLowerCase(),
      ),
    )
    expect(own, 'created once').toBeDefined()
    expect(new Set(keys(items ?? null)).size).toBe(items?.length)
    if (own === undefined) return
    await resource.delete(live.client.writer(), at, own)
    await resource.delete(live.client.writer(), at, own)
  })

  test('is documented: every property described, both examples valid, dangers and source named', () => {
    expect(() => desire(a)).not.toThrow()
    expect(() => desire(b)).not.toThrow()
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
