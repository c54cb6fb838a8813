/** A large server: its size, its names, what it takes to have one. */
import { expect, it } from 'vitest'
import { addEstate } from '../../../src/sandbox/estate.js'
import { makeState, type SandboxState } from '../../../src/sandbox/state.js'

const size = { projects: 100, repositories: 2000, groups: 300, users: 1000, memberships: 3000 }

function grow(seed?: number): SandboxState {
  const state = makeState('http://localhost/')
  addEstate(state, { ...size, ...(seed === undefined ? {} : { seed }) })
  return state
}

const contents = ({ users, groups, code, instance }: SandboxState) => ({
  names: Object.keys(users),
  groups: Object.values(groups),
  projects: code.projects,
  repositories: instance.repositories,
})

it('has the size that was asked for and is the same for a seed', () => {
  const [empty, first] = [contents(makeState('http://localhost/')), contents(grow())]
  const members = (all: typeof first): number => all.groups.reduce((sum, group) => sum + group.members.length, 0)
  expect(first.names.length - empty.names.length).toBe(1000)
  expect(first.groups.length - empty.groups.length).toBe(300)
  expect(members(first) - members(empty)).toBe(3000)
  expect(first.projects.length - empty.projects.length).toBe(100)
  expect(first.repositories.length - empty.repositories.length).toBe(2000)
  expect(contents(grow())).toEqual(first)
  expect(contents(grow(2))).not.toEqual(first)
})

it('has names as people make them, none twice, and two that share all but the number of their slug', () => {
  const { users, code, instance } = grow()
  const names = Object.values(users).map(({ name }) => name)
  for (const pattern of [/^[a-z]+\.[a-z]+\d*$/u, /^[A-Z]\w+\.[A-Z]/u, /@example\.com$/u, /[^\x20-\x7e]/u]) {
    expect(names.filter((name) => pattern.test(name)).length).toBeGreaterThan(10)
  }
  const slugs = Object.values(users).map(({ slug }) => slug)
  expect(new Set(slugs).size).toBe(slugs.length)
  expect(slugs).toEqual(expect.arrayContaining(['anna.li_example.com', 'anna.li_example.com2']))
  expect(code.projects.filter(({ owner }) => owner !== undefined)).toHaveLength(10)
  expect(new Set(code.projects.map(({ key }) => key)).size).toBe(code.projects.length)
  expect(instance.repositories.filter(({ archived }) => archived)).toHaveLength(200)
  expect(new Set(instance.repositories.map((one) => `${one.project}/${one.slug}`)).size).toBe(
    instance.repositories.length,
  )
})

it('is small', () => {
  // The whole of it, as it is kept: what lies in memory is of that order, far below 300 MB.
  expect(JSON.stringify(grow()).length).toBeLessThan(1_500_000)
})
