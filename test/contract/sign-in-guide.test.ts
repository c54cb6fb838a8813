/** The guide to signing in holds every code of an error about credentials. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('has a row with cause and cure for each AUTH code, and for no other', () => {
  const source = readFileSync('src/model/errors.ts', 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '(AUTH_[A-Z_]+)'$/gmu)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(5)
  const guide = readFileSync('docs/guides/sign-in.md', 'utf8')
  const rows = [...guide.matchAll(/^\| `(AUTH_[A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$/gmu)]
  expect(rows.map(([, code]) => code).sort()).toEqual([...codes].sort())
})
