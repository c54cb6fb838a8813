/** Tiny builders: desired state without YAML, and runs against the toy server. */
import { createHash } from 'node:crypto'
import { applyPlan } from '../../../src/app/apply.js'
import type { ApplyInput } from '../../../src/app/apply-input.js'
import { makePlan, type PlanOptions } from '../../../src/app/plan.js'
import type { WritableServer } from '../../../src/app/ports.js'
import { formatKey, itemAddress, joinAddress } from '../../../src/model/address.js'
import type { Desired, DesiredCollection, DesiredItem, Policy } from '../../../src/model/desired.js'
import type { ApplyReport } from '../../../src/model/outcome.js'
import type { Plan } from '../../../src/model/plan.js'
import { type At, resourceOf } from '../../../src/model/resource.js'
import { Secret } from '../../../src/model/secret.js'
import { type ToyServer, toys } from '../../contract/toys.js'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
export const clock = { now: () => Date.parse('2026-11-23T12:00:00Z'), elapsed: () => 0 }

/** `['shelves', {}, { name: 'a' }, { colour: 'red' }]`; children of an item name it in `at`. */
export type Wish = readonly [
  kind: string,
  at: At,
  identity: Record<string, unknown>,
  want: unknown,
  renamedFrom?: string,
]

/** Desired state from wishes; `empty` lists the addresses of collections that are written as empty. */
export function desire(wishes: readonly Wish[], policy: Partial<Policy> = {}, empty: readonly string[] = []): Desired {
  const source = { file: 'toys.yaml', line: 1, column: 1 }
  const items: DesiredItem[] = []
  const collections = new Map<string, DesiredCollection>()
  for (const [kind, at, identity, want, renamedFrom] of wishes) {
    const resource = resourceOf(toys, kind)
    if (resource === undefined || resource.form === 'directory') throw new Error(`No toy ${kind}`)
    const parents = Object.entries(at).reduce(
      (base, [parent, name]) => `${base}.${parent}[${formatKey(['n'], { n: name })}]`,
      'instance',
    )
    const section = joinAddress(parents, resource.key)
    const isSingle = resource.form === 'singleton'
    const address = isSingle ? section : itemAddress(section, formatKey(resource.identity, identity))
    const locate = () => source
    const rename = renamedFrom === undefined ? {} : { renamedFrom }
    items.push({ resource, at, address, section: isSingle ? address : section, identity, want, locate, ...rename })
    if (!isSingle)
      collections.set(section, { resource, at, address: section, isWrittenEmpty: empty.includes(section), locate })
  }
  return {
    items,
    collections: [...collections.values()],
    policy: { prune: [], protect: [], ignore: [], administrators: { users: [], atLeast: 1 }, ...policy },
  }
}

export const pattern = (text: string) => ({ pattern: text, source: { file: 'toys.yaml', line: 9, column: 1 } })

const identity = { url: 'https://toys.example.com', version: '9.4.0', account: 'ann' }

/** The toy server as the engine sees it. */
export function liveOf(server: ToyServer): WritableServer {
  return {
    identity,
    reading: () => server.reader(),
    writer: () => server.writer(),
    requests: () => server.sent.length,
    usesPassword: false,
    holds: async () => true,
  }
}

export function plan(server: ToyServer, desired: Desired, options: PlanOptions = {}): Promise<Plan> {
  return makePlan({
    registry: toys,
    desired,
    server: liveOf(server),
    clock,
    sha256,
    version: '0',
    listen: () => undefined,
    options,
  })
}

export function apply(server: ToyServer, made: Plan, more: Partial<ApplyInput> = {}): Promise<ApplyReport> {
  return applyPlan({
    registry: toys,
    plan: made,
    server: liveOf(server),
    secrets: (name) => new Secret(`value of ${name}`),
    clock,
    sha256,
    listen: () => undefined,
    signal: new AbortController().signal,
    parallelism: 4,
    ...more,
  })
}

/** `create instance.shelves[a]`, one a change, in the plan's order. */
export function lines(made: Plan): readonly string[] {
  return made.changes.map(({ action, address }) => `${action} ${address}`)
}
