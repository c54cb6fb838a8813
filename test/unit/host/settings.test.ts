import { describe, expect, test } from 'vitest'
import { commands, type Option, variableOf } from '../../../src/host/options.js'
import { Settings } from '../../../src/host/settings.js'

const options: readonly Option[] = [
  { name: 'file', type: 'list', description: 'Files' },
  { name: 'parallelism', type: 'number', description: 'Parallelism', default: 10, minimum: 1 },
  { name: 'json', type: 'boolean', description: 'JSON' },
  { name: 'auto-approve', type: 'boolean', description: 'Approve', isApproval: true },
]
const read = (given: Record<string, unknown>, environment: Record<string, string> = {}): Settings =>
  new Settings(given, options, environment)

describe('Settings', () => {
  test('the command line wins over the environment, the environment over the default', () => {
    expect(read({ parallelism: '3' }, { BBSTATE_PARALLELISM: '5' }).number('parallelism')).toBe(3)
    expect(read({}, { BBSTATE_PARALLELISM: '5' }).number('parallelism')).toBe(5)
    expect(read({}).number('parallelism')).toBe(10)
  })

  test('a list stands one value a line in the environment', () => {
    expect(read({}, { BBSTATE_FILE: 'a.yaml\nb, c.yaml\n' }).list('file')).toEqual(['a.yaml', 'b, c.yaml'])
  })

  test.each(['abc', '0', '', 'NaN', 'Infinity'])('%j is no parallelism', (value) => {
    expect(() => read({ parallelism: value }).number('parallelism')).toThrow(
      '--parallelism must be a number of at least 1',
    )
  })

  test('switches are true or false in the environment, nothing else', () => {
    expect(read({}, { BBSTATE_JSON: 'true' }).flag('json')).toBe(true)
    expect(read({}, { BBSTATE_JSON: '0' }).flag('json')).toBe(false)
    expect(() => read({}, { BBSTATE_JSON: 'maybe' }).flag('json')).toThrow('must be true or false')
  })

  test('no variable can approve', () => {
    expect(read({}, { BBSTATE_AUTO_APPROVE: 'true' }).flag('auto-approve')).toBe(false)
  })
})

describe('the options table', () => {
  const all = commands.flatMap((command) => command.options)

  test('one name means one thing', () => {
    const byName = new Map<string, string>()
    for (const { name, type, alias } of all) {
      const shape = `${type} ${alias ?? ''}`
      expect(byName.get(name) ?? shape, name).toBe(shape)
      byName.set(name, shape)
    }
  })

  test('no option takes a secret: an argument can be seen by every user of the machine', () => {
    expect(all.filter(({ name }) => /secret$|token$|password/u.test(name))).toEqual([])
  })

  test('approvals have no variable', () => {
    const approvals = all.filter(({ isApproval }) => isApproval === true).map(({ name }) => name)
    expect(new Set(approvals)).toEqual(new Set(['allow', 'auto-approve', 'force', 'replay']))
    expect(
      all.filter(({ isApproval }) => isApproval === true).every((option) => variableOf(option) === undefined),
    ).toBe(true)
  })
})
