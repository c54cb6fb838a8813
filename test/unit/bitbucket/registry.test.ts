import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { registry } from '../../../src/bitbucket/registry.js'
import { makeRegistryModule } from '../../../src/generate/registry.js'

const folder = new URL('../../../src/bitbucket/', import.meta.url)

describe('the registry', () => {
  it('is made of the files of the folder, sorted, and of nothing else', () => {
    const text = makeRegistryModule(['users.ts', 'access-token-policy.ts', 'notes.md', '.swp', 'Index.ts', 'users.ts'])
    expect(text.match(/from '\.\/resources\/(.*)\.js'/gu)).toEqual([
      "from './resources/access-token-policy.js'",
      "from './resources/users.js'",
    ])
    expect(text).toContain('import accessTokenPolicy from')
  })

  it('is fresh, and every file is named like its kind', () => {
    const names = readdirSync(new URL('resources/', folder))
    expect(readFileSync(new URL('registry.ts', folder), 'utf8')).toBe(makeRegistryModule(names))
    const kebab = (kind: string): string => `${kind.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}.ts`
    expect(registry.resources.map(({ kind }) => kebab(kind)).sort()).toEqual([...names].sort())
  })
})
