/**
 * The laws of the plan, over random live states and random configurations against the sandbox with its quirks: it
 * converges in one apply, an export is a fixed point, the order of what is written changes nothing, no secret leaks.
 */
import fc from 'fast-check'
import { load } from 'js-yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BbstateError } from '../../src/model/errors.js'
import type { Plan } from '../../src/model/plan.js'
import type { SandboxState } from '../../src/sandbox/state.js'
import { type LiveRun, lines, startLive } from '../live.js'

let live: LiveRun
let initial: SandboxState
const reset = (): void => void Object.assign(live.sandbox.state, structuredClone(initial))
beforeAll(async () => {
  live = await startLive()
  initial = structuredClone(live.sandbox.state)
})
beforeEach(reset)
afterAll(() => live.close())

const users = ['alice', 'bob', 'carol', 'Dave', 'J.DOE']
const groups = ['devs', 'Ops', 'x]y', 'a, "b"', 'stash-users', 'developers']
const some = <T>(model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<T> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<T>
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 })
const named = (names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 })
const days = fc.integer({ min: 1, max: 400 })
const bucket = some({ capacity: fc.constantFrom(60, 70), fillRate: fc.constantFrom(5, 6) })
const fullBucket = fc.record({ capacity: fc.constantFrom(60, 70), fillRate: fc.constantFrom(5, 6) })
const algorithm = fc.constantFrom('RSA', 'rsa', 'DSA', 'ED25519')
const level = fc.constantFrom('LICENSED_USER', 'PROJECT_CREATE', 'ADMIN')

/** Configurations: any subset of the settings, with nulls, odd names, case twins and several notations. */
const configuration: fc.Arbitrary<{ instance: Record<string, unknown> }> = fc.record({
  instance: some({
    accessTokenPolicy: orNull(fc.record({ maxExpiryDays: days })),
    banner: orNull(
      fc.record(
        {
          message: fc.constantFrom('a', 'b\r\nc', '${'.replace('$', '$$$$'), '# not a comment: [x]'),
          enabled: fc.boolean(),
          audience: fc.constantFrom('ALL', 'AUTHENTICATED'),
        },
        { requiredKeys: ['message'] },
      ),
    ),
    defaultBranch: orNull(fc.constantFrom('main', 'refs/heads/main', 'release/1')),
    rateLimit: some({ enabled: fc.constant(false), defaultSettings: bucket }),
    rateLimitUsers: named(
      users,
      orNull(fc.oneof(fc.constant({ whitelisted: true }), fc.record({ settings: fullBucket }))),
    ),
    sshKeyPolicy: some({
      maxExpiryDays: orNull(days),
      keyTypes: fc.dictionary(
        algorithm,
        some({ allowed: fc.boolean(), minKeyLength: orNull(fc.constantFrom(2048, 3072)) }),
        { maxKeys: 2 },
      ),
    }),
    mailServer: orNull(
      fc.record(
        {
          hostname: fc.constantFrom('smtp.example.com', 'mail.example.com'),
          port: orNull(fc.constantFrom(25, 587)),
          protocol: fc.constantFrom('SMTP', 'SMTPS'),
          useStartTls: fc.boolean(),
          username: fc.constantFrom('u', 'v'),
          password: fc.constant('${secret:smtp}'),
          senderAddress: orNull(fc.constantFrom('a@example.com', 'b@example.com')),
        },
        { requiredKeys: ['hostname', 'password'] },
      ),
    ),
    repositoryArchiving: fc.record({ permission: fc.constantFrom('ADMIN', 'REPO_ADMIN') }),
    repositoryDeletion: fc.record({ permission: fc.constantFrom('SYS_ADMIN', 'PROJECT_ADMIN') }),
    groups: named(
      groups,
      orNull(
        some({
          members: fc.oneof(
            fc.uniqueArray(fc.constantFrom(...users), { maxLength: 4 }),
            named(users, orNull(fc.constant({}))),
          ),
        }),
      ),
    ),
    groupPermissions: named(groups, orNull(level)),
    userPermissions: named(users, orNull(level)),
  }),
})
const prune = fc.subarray([
  'instance.groups[*].members',
  'instance.groupPermissions',
  'instance.userPermissions',
  'instance.rateLimitUsers',
])
/** Refusals that are right: a random configuration may well make no sense. */
const refusals = new Set(['CONFIG_REFERENCE', 'CONFIG_DUPLICATE', 'CONFIG_SCHEMA', 'PLAN_UNSAFE'])

type Document = {
  instance: Record<string, unknown>
  policy?: { prune: readonly string[]; protect: readonly string[] }
}
/** The server refuses to take away the rights of whoever asks. */
const own = 'instance.userPermissions[admin]'

/** The plan, or the code of a refusal that is right. */
async function planOrRefusal(document: unknown): Promise<Plan | string> {
  try {
    return await live.plan(document)
  } catch (error) {
    if (error instanceof BbstateError && refusals.has(error.code)) return error.code
    throw error
  }
}

/** Takes the server to a random state; changes that the server refuses (the administrator's own rights) stay undone. */
async function wander(document: unknown): Promise<void> {
  const plan = await planOrRefusal(document)
  if (typeof plan !== 'string' && plan.changes.length > 0) await live.apply(plan).catch(() => undefined)
}

const runs = Number(process.env['BBSTATE_PROPERTY_RUNS'] ?? 150)
const options = { numRuns: runs, endOnFailure: true }

describe('laws', () => {
  test('a plan converges in one apply', async () => {
    let counted = 0
    await fc.assert(
      fc.asyncProperty(configuration, configuration, prune, async (before, wanted, pruned) => {
        reset()
        await wander(before)
        const document: Document = { ...wanted, policy: { prune: pruned, protect: [own] } }
        const plan = await planOrRefusal(document)
        if (typeof plan === 'string' || plan.changes.length === 0) return
        counted++
        expect((await live.apply(plan)).converged).toBe(true)
        expect(lines(await live.plan(document))).toEqual([])
      }),
      options,
    )
    expect(counted, 'runs whose plan was not empty').toBeGreaterThanOrEqual(Math.floor(runs / 3))
  })

  test('an export is a fixed point, and the same bytes twice', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (before) => {
        reset()
        await wander(before)
        const text = await live.export()
        expect(lines(await live.plan(load(text)))).toEqual([])
        expect(await live.export()).toBe(text)
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })

  test('no false change: what is live, declared in part, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, fc.infiniteStream(fc.boolean()), async (before, keep) => {
        reset()
        await wander(before)
        const whole = load(await live.export()) as Document
        const kept = Object.entries(whole.instance).filter(() => keep.next().value)
        expect(lines(await live.plan({ instance: Object.fromEntries(kept) }))).toEqual([])
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })

  test('the order of maps and sets changes nothing', async () => {
    const backwards = (value: unknown): unknown => {
      if (Array.isArray(value)) return [...value].reverse().map(backwards)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, backwards(field)]),
      )
    }
    await fc.assert(
      fc.asyncProperty(configuration, prune, async (wanted, pruned) => {
        reset()
        const document = { ...wanted, policy: { prune: pruned, protect: [own] } }
        const digestOf = (plan: Plan | string): string => (typeof plan === 'string' ? plan : plan.digest)
        expect(digestOf(await planOrRefusal(backwards(document)))).toBe(digestOf(await planOrRefusal(document)))
      }),
      options,
    )
  })

  test('no secret stands in a plan or a report', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (wanted) => {
        reset()
        const plan = await planOrRefusal(wanted)
        if (typeof plan === 'string' || plan.changes.length === 0) return
        const report = await live.apply(plan).catch((error: unknown) => error)
        expect(JSON.stringify([plan, report])).not.toContain('value-of-smtp')
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })
})
