import { describe, expect, test } from 'vitest'
import { readExport } from '../../../src/app/export.js'
import { onlyFile } from '../../../src/config/files.js'
import { loadDesired } from '../../../src/config/load.js'
import { compileValidator } from '../../../src/config/validator.js'
import { writeConfiguration } from '../../../src/config/write.js'
import type { Desired } from '../../../src/model/desired.js'
import { ToyServer, toys } from '../../contract/toys.js'
import { apply, lines, plan } from '../app/desires.js'

const validate = compileValidator(toys)
const load = (text: string): Desired =>
  loadDesired(
    { paths: [], overlays: [], variables: () => undefined },
    { files: onlyFile('toys.yaml', text), registry: toys, validate, digest: () => 'digest' },
  )

const everyNotation = `
instance:
  door: { open: true }
  shelves:                            # a map
    A:
      colour: blue
      tags: [y, x]
      labels: { l: on the shelf }     # a map of scalars, under the first parent
      rules:                          # a list: two naming properties
        - { type: keep, scope: { box: b }, shelf: a }
        - { type: drop, scope: { pattern: "x*" }, absent: true }
      boxes:
        b:
          size: 1
          labels: { "odd name, [1]": on the box }   # the same kind under the second parent
          keepers: [Ann, ben]         # names
          light: { level: 3 }
    gone: null
`

describe('the language drives the engine', () => {
  test('all four notations, three parents deep, converge in one apply', async () => {
    const server = new ToyServer()
    server.tree.set('/shelves/gone', { name: 'gone', colour: 'red' })
    const made = await plan(server, load(everyNotation))
    expect(lines(made)).toEqual([
      'update instance.door',
      'create instance.shelves[a]',
      'create instance.shelves[a].boxes[b]',
      'create instance.shelves[a].rules[keep,box=b]',
      'create instance.shelves[a].boxes[b].keepers[ann]',
      'create instance.shelves[a].boxes[b].keepers[ben]',
      'create instance.shelves[a].boxes[b].labels["odd name, [1]"]',
      'create instance.shelves[a].boxes[b].light',
      'create instance.shelves[a].labels[l]',
      'delete instance.shelves[gone]',
    ])
    expect((await apply(server, made)).converged).toBe(true)
    expect(lines(await plan(server, load(everyNotation)))).toEqual([])
  })

  test('names may be a map too, with null for who must not be there', async () => {
    const server = new ToyServer()
    await apply(server, await plan(server, load(everyNotation)))
    const fewer = everyNotation.replace('keepers: [Ann, ben]', 'keepers: { ann: {}, BEN: null }')
    expect(lines(await plan(server, load(fewer)))).toEqual(['delete instance.shelves[a].boxes[b].keepers[ben]'])
  })

  test('every planned field knows its line', async () => {
    const made = await plan(new ToyServer(), load(everyNotation))
    const at = (address: string) => made.changes.find((change) => change.address === address)?.source?.line
    expect(at('instance.door')).toBe(3)
    expect(at('instance.shelves[a]')).toBe(5)
    expect(at('instance.shelves[a].boxes[b].keepers[ben]')).toBe(16)
    expect(made.changes.find(({ kind }) => kind === 'door')?.fields[0]?.source).toEqual({
      file: 'toys.yaml',
      line: 3,
      column: 11,
    })
  })

  test('an export is a fixed point, and writes the same bytes twice', async () => {
    const server = new ToyServer()
    await apply(server, await plan(server, load(everyNotation)))
    const write = async (): Promise<string> => {
      const live = {
        identity: { url: 'x', version: '1', account: 'a' },
        reading: () => server.reader(),
        requests: () => 0,
        usesPassword: false,
      }
      const exported = await readExport(toys, live, [], () => undefined)
      return writeConfiguration(toys, exported, { omitsDefaults: false, schemaUrl: 's.json' }).text
    }
    const text = await write()
    expect(await write()).toBe(text)
    const again = await plan(server, load(text))
    expect(lines(again)).toEqual([])
    expect(again.summary.unchanged).toBe(9)
    expect(text).toContain('# yaml-language-server: $schema=s.json\n')
  })
})
