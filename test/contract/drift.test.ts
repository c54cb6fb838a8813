/** Drift never writes, counts what counts, and says what would have to be declared: adopting it makes drift clean. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Drift, findDrift } from '../../src/app/drift.js'
import { registry } from '../../src/bitbucket/registry.js'
import { loadDesired } from '../../src/config/load.js'
import { exampleDocument } from '../../src/generate/example.js'
import { type LiveRun, startLive, validate } from '../live.js'
import { prepareGround } from './ground.js'

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')
const methods = new Set<string>()
let live: LiveRun
beforeAll(async () => {
  live = await startLive({}, ({ method }) => methods.add(method))
  await prepareGround(live)
})
afterAll(() => live.close())

/** Compares the document, with the accepted YAML merged over it where given. */
async function compare(document: unknown, accepted?: string): Promise<Drift> {
  const { client, sandbox } = live
  const texts: Readonly<Record<string, string>> = { base: JSON.stringify(document), over: accepted ?? '{}' }
  const read = (name: string) => ({ name, text: texts[name] ?? '' })
  const desired = loadDesired(
    { paths: [], overlays: ['over'], variables: () => undefined },
    { files: { expand: () => [read('base')], read }, registry, validate, digest: sha256 },
  )
  const identity = { url: sandbox.url, version: sandbox.version, account: sandbox.username }
  const server = {
    identity,
    reading: () => client.reading(),
    requests: () => client.requests().sent,
    usesPassword: true,
  }
  const clock = { now: () => Date.now(), elapsed: () => 0 }
  const options = { allow: { allows: () => true, allowsPath: () => true } }
  const input = { registry, desired, server, clock, sha256, version: '0', listen: () => undefined, options }
  methods.clear()
  const { drift } = await findDrift(input)
  expect([...methods].filter((method) => method !== 'GET')).toEqual([])
  return drift
}

const schema = JSON.parse(readFileSync('schemas/drift.schema.json', 'utf8')) as object
const isValid = new Ajv({ strict: false }).compile(schema)

const listed = registry.resources.flatMap((resource) => {
  if (resource.form === 'directory' || resource.docs.since === '9.6') return []
  if (resource.form === 'collection' && (resource.list === undefined || resource.create === undefined)) return []
  // Keys are named by their text, which no example of the other has; a licence is a secret.
  return ['license'].includes(resource.kind) ? [] : [[resource.kind, resource] as const]
})

test.each(listed)('adopting what is live makes drift clean: %s', async (kind, resource) => {
  const [a, b] = [exampleDocument(registry, resource, 0), exampleDocument(registry, resource, 1)]
  const plan = await live.plan(a)
  if (plan.changes.length > 0) await live.apply(plan)
  const drift = await compare(b)
  expect(isValid(JSON.parse(JSON.stringify(drift))), JSON.stringify(isValid.errors)).toBe(true)
  // A group has nothing but its name, which both examples declare.
  if (kind !== 'groups') expect(drift.changes.length + drift.volatile.length).toBeGreaterThan(0)
  expect(drift.drift).toBe(drift.changes.length > 0)
  if (!drift.drift) return
  // Of alternatives an overlay adds one to the other; written in its place it is the only one.
  const declared = kind === 'rateLimitUsers' ? {} : b
  const clean = await compare(declared, drift.acceptAll)
  expect(clean.changes, drift.acceptAll).toEqual([])
  for (const { yaml, address } of drift.accept) {
    expect((await compare(declared, yaml)).changes.map((change) => change.address)).not.toContain(address)
  }
})

test('what was removed, added and pruned is accepted too, and odd texts stay texts', async () => {
  const document = {
    instance: {
      groups: { 'platform-admins': null, 'not-there': {} },
      groupPermissions: { developers: 'ADMIN' },
      users: { 'build-bot': { displayName: '${var} yes: [no]', emailAddress: 'b@example.com' } },
    },
    policy: { prune: ['instance.groupPermissions'] },
  }
  const drift = await compare({ ...document, instance: { ...document.instance, users: {} } })
  expect(drift.changes.filter(({ action }) => action === 'delete').length).toBeGreaterThan(1)
  expect((await compare({ ...document, instance: { ...document.instance, users: {} } }, drift.acceptAll)).drift).toBe(
    false,
  )
})

test('settings that change by themselves are shown and not counted', async () => {
  const { drift, changes, volatile, accept } = await compare({ instance: { rootLogger: 'DEBUG' } })
  expect({ drift, changes, accept }).toEqual({ drift: false, changes: [], accept: [] })
  expect(volatile.map(({ address }) => address)).toEqual(['instance.rootLogger'])
})

test('no guard stops a comparison', async () => {
  const { drift } = await compare({
    instance: { groups: { contractors: null } },
    policy: { protect: ['instance.groups[contractors]'] },
  })
  expect(drift).toBe(true)
})
