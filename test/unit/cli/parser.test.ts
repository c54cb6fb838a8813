import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/host/options.js'
import { readAllowances } from '../../../src/host/plan-options.js'
import { type ParsedCall, parseCall } from '../../../src/cli/parser.js'

function parse(...argv: string[]): Promise<ParsedCall | undefined> {
  return parseCall('1.2.3', argv)
}

describe('the command line', () => {
  test('both spellings of a long option work, as in Terraform', async () => {
    for (const dashes of ['-', '--']) {
      const call = await parse('plan', `${dashes}out=plan.json`, `${dashes}detailed-exitcode`)
      expect(call?.name).toBe('plan')
      expect(call?.given).toMatchObject({ out: 'plan.json', 'detailed-exitcode': true })
    }
  })

  test('a repeatable option takes one value each and leaves the argument alone', async () => {
    const call = await parse('apply', '--target', 'a', '--target', 'b', 'plan.json')
    expect(call?.given['target']).toEqual(['a', 'b'])
    expect(call?.argument).toBe('plan.json')
  })

  test('a plain option given twice is refused', async () => {
    await expect(parse('plan', '--url', 'https://a', '--url', 'https://b')).rejects.toThrow('--url is given 2 times')
  })

  test('--no-color and commands of two words', async () => {
    expect((await parse('auth', 'login', '--no-browser', '--no-color'))?.given).toMatchObject({
      browser: false,
      color: false,
    })
  })

  test('--allow reaches every command that signs in', async () => {
    for (const command of commands.filter(({ options }) => options.some(({ name }) => name === 'client-id'))) {
      const needed = command.usage?.startsWith('<') === true ? ['file.json'] : []
      const call = await parse(...command.name.split(' '), ...needed, '--allow', 'network-file-system')
      expect(call?.given['allow'], command.name).toEqual(['network-file-system'])
      expect(command.options.filter(({ name }) => name === 'allow')).toHaveLength(1)
    }
    expect(readAllowances(['network-file-system']).allows('network-file-system')).toBe(true)
  })

  test('unknown commands and options are errors, with the nearest command', async () => {
    await expect(parse('aply')).rejects.toThrow('Did you mean apply?')
    await expect(parse('plan', '--tarjet', 'x')).rejects.toThrow('Unknown argument')
    await expect(parse('auth')).rejects.toThrow('bbstate auth <command>')
  })

  test('unknown BBSTATE_ variables do not disturb', async () => {
    process.env['BBSTATE_SOMETHING_ELSE'] = '1'
    try {
      expect((await parse('validate'))?.name).toBe('validate')
    } finally {
      delete process.env['BBSTATE_SOMETHING_ELSE']
    }
  })
})
