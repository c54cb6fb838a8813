import { expect, test } from 'vitest'
import { tellApart } from '../../../src/bitbucket/tell-apart.js'

test('what shares a name is told apart by its number, and nothing else is touched', () => {
  const items = [
    { name: 'ci', id: 7 },
    { name: 'reports', id: 8 },
    { name: 'ci', id: 9 },
  ]
  const names = tellApart(
    items,
    ({ name }) => name,
    ({ id }) => id,
  ).map(({ name }) => name)
  expect(names).toEqual(['ci #7', 'reports', 'ci #9'])
})
