/** Whatever is edited in a saved plan, what would be written is the fresh plan or nothing. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSavedDocument, requireIntact } from '../../src/app/plan-file.js'
import { requireSamePlan } from '../../src/app/same-plan.js'
import { digestOfChange, digestOfPlan } from '../../src/model/draft.js'
import { PlanError } from '../../src/model/errors.js'
import { serialise } from '../../src/model/normal.js'
import type { Plan } from '../../src/model/plan.js'
import { ToyServer, toys } from '../contract/toys.js'
import { desire, liveOf, pattern, plan, sha256 } from '../unit/app/desires.js'

async function sample(): Promise<{ readonly server: ToyServer; readonly saved: Plan }> {
  const server = new ToyServer()
  for (const name of ['a', 'x', 'y']) server.tree.set(`/shelves/${name}`, { name, colour: 'red', tags: ['t'] })
  const desired = desire(
    [
      ['door', {}, {}, { open: true }],
      ['shelves', {}, { name: 'a' }, { colour: 'blue' }],
      ['shelves', {}, { name: 'b' }, {}],
    ],
    { prune: [pattern('instance.shelves')] },
  )
  return { server, saved: await plan(server, desired) }
}

type Path = readonly (string | number)[]

/** The paths of every value inside a document. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [...(path.length === 0 ? [] : [path]), ...entries.flatMap(([key, inner]) => pathsIn(inner, [...path, key]))]
}

/** A copy with another value at a path; `undefined` takes it out. */
function edit(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  const copy = structuredClone(document) as Record<string | number, unknown>
  const inner = edit(copy[key], rest, value)
  if (inner === undefined && Array.isArray(copy)) copy.splice(Number(key), 1)
  else if (inner === undefined) delete copy[key]
  else copy[key] = inner
  return copy
}

/** What somebody does who wants an edit to pass: every digest is computed again. */
function forge(document: Plan): Plan {
  const changes = document.changes.map((change) => {
    const renewed = { ...change, precondition: sha256(serialise(change.before)) }
    return { ...renewed, digest: digestOfChange(renewed, sha256) }
  })
  return { ...document, changes, digest: digestOfPlan(document.server.url, changes, document.scope, sha256) }
}

/** What of a plan says what is written. */
const written = ({ server, changes, scope, stand }: Plan): string =>
  serialise({
    url: server.url,
    scope,
    stand,
    changes: changes.map(({ source: _s, digest: _d, last: _l, cause, fields, ...change }) => ({
      ...change,
      cause: cause?.reason === 'pruned' ? 'pruned' : cause,
      fields: fields.map(({ source: _source, ...field }) => field),
    })),
  })

test.each(['as edited', 'with every digest computed again'])(
  'an edited plan, %s, means the same or is refused',
  async (way) => {
    const { server, saved } = await sample()
    const paths = pathsIn(saved)
    const values = fc.oneof(
      fc.constantFrom(undefined, null, '', 'blue', 'delete', 'instance.door', true, false, 0, [], {}),
      fc.string(),
    )
    let refusals = 0
    let passed = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), values, async (path, value) => {
        const edited = edit(saved, path, value)
        const outcome = await attempt(server, saved, edited, way !== 'as edited')
        if (outcome === 'refused') refusals++
        else {
          passed++
          expect(written(outcome)).toBe(written(saved))
        }
      }),
      { numRuns: 2000 },
    )
    expect(refusals).toBeGreaterThan(100)
    expect(passed).toBeGreaterThan(10)
  },
)

/** The plan that passed, or that it was refused; anything but a PlanError is a defect. */
async function attempt(server: ToyServer, fresh: Plan, edited: unknown, isForged: boolean): Promise<Plan | 'refused'> {
  try {
    const document = parseSavedDocument(JSON.stringify(edited), 'plan.json')
    if (document.type !== 'plan') return 'refused'
    const expected = isForged ? forge(document.plan) : document.plan
    requireIntact(expected, 'plan.json', sha256)
    await requireSamePlan({ expected, plan: fresh, registry: toys, server: liveOf(server) })
    return expected
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError)
    return 'refused'
  }
}
