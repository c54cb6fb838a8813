/** Which part of a configuration differs from an earlier one, on configurations as YAML would give them. */
import { expect, test } from 'vitest'
import { changedScope } from '../../../src/app/changed-scope.js'
import { desire } from '../../live.js'

const stand = { ref: 'main', commit: 'c0ffee' }
const groups = { a: { members: ['alice'] }, b: {} }
const branch = { defaultBranch: 'main' }

interface Case {
  readonly name: string
  readonly base: unknown
  readonly here: unknown
  readonly items: readonly string[]
  readonly collections?: readonly string[]
  readonly gone?: readonly string[]
}

const all = ['instance.defaultBranch', 'instance.groups[a]', 'instance.groups[a].members[alice]', 'instance.groups[b]']
const policed = (policy: unknown) => ({ instance: { ...branch, groups }, policy })

const cases: readonly Case[] = [
  { name: 'nothing', base: { instance: branch }, here: { instance: branch }, items: [] },
  {
    name: 'a value',
    base: { instance: { ...branch, groups } },
    here: { instance: { defaultBranch: 'trunk', groups } },
    items: ['instance.defaultBranch'],
  },
  {
    name: 'the order of names',
    base: { instance: { groups: { a: {}, b: {} } } },
    here: { instance: { groups: { b: {}, a: {} } } },
    items: [],
  },
  { name: 'a new item', base: {}, here: { instance: branch }, items: ['instance.defaultBranch'] },
  {
    name: 'an item that must not exist any more',
    base: { instance: { groups: { a: {} } } },
    here: { instance: { groups: { a: null } } },
    items: ['instance.groups[a]'],
  },
  {
    name: 'an item that is declared no longer',
    base: { instance: { ...branch, groups: { a: {}, b: {} } } },
    here: { instance: { ...branch, groups: { b: {} } } },
    items: [],
    gone: ['instance.groups[a]'],
  },
  {
    name: 'a null that is declared no longer is nothing to miss',
    base: { instance: { ...branch, groups: { a: null } } },
    here: { instance: branch },
    items: [],
  },
  {
    name: 'a collection that is pruned, whole',
    base: { instance: { groups: { a: {}, b: {} } }, policy: { prune: ['instance.groups'] } },
    here: { instance: { groups: { b: {} } }, policy: { prune: ['instance.groups'] } },
    items: ['instance.groups[b]'],
    collections: ['instance.groups'],
  },
  {
    name: 'a limit, which is about everything',
    base: policed({}),
    here: policed({ limits: { deletes: 5 } }),
    items: all,
    collections: ['instance.groups', 'instance.groups[a].members'],
  },
  {
    name: 'a protection, which is about what it covers',
    base: policed({}),
    here: policed({ protect: ['instance.groups[b]'] }),
    items: ['instance.groups[b]'],
  },
  {
    name: 'a waiver that went',
    base: policed({ ignore: [{ address: 'instance.defaultBranch', until: '2099-01-01', reason: 'known' }] }),
    here: policed({}),
    items: ['instance.defaultBranch'],
  },
]

test.each(cases)('$name', ({ base, here, items, collections = [], gone = [] }) => {
  const scope = changedScope(desire(base), desire(here), stand)
  expect([...scope.items].toSorted()).toEqual(items)
  expect([...scope.collections].toSorted()).toEqual(collections)
  expect(scope.warnings.map(({ code, address }) => [code, address])).toEqual(
    gone.map((address) => ['NO_LONGER_DECLARED', address]),
  )
  expect(scope).toMatchObject(stand)
})
