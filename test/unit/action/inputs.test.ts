import { expect, test } from 'vitest'
import { listInputs, readInputs, secretInputs, variableOfInput } from '../../../src/action/inputs.js'
import { commands } from '../../../src/host/options.js'

test('every option of the commands is an input, but those that a workflow says in another way', () => {
  const inputs = new Set(listInputs().map(({ name }) => name))
  const apply = commands.find(({ name }) => name === 'apply')?.options ?? []
  const missing = apply.map(({ name }) => name).filter((name) => !inputs.has(name))
  const forTerminals = ['json', 'color', 'quiet', 'verbose', 'chdir', 'expect-digest', 'replan']
  expect(missing.filter((name) => !forTerminals.includes(name))).toEqual([])
  expect(listInputs()).toHaveLength(inputs.size)
})

test('lists are lines, empty inputs are not given, and secrets leave the variables that children inherit', () => {
  const environment: Record<string, string | undefined> = {
    INPUT_COMMAND: 'apply',
    INPUT_FILE: ' a.yaml \n\n b.yaml',
    INPUT_URL: '',
    INPUT_ALLOW: 'drop-secrets',
    'INPUT_CLIENT-SECRET': ' s3cret ',
    'INPUT_STORE-KEY': 'key',
    'INPUT_GITHUB-TOKEN': 'ghs',
    BBSTATE_URL: 'https://bitbucket.example.com',
  }
  const { command, settings, isOn } = readInputs(environment)
  expect(command).toBe('apply')
  expect(settings.list('file')).toEqual(['a.yaml', 'b.yaml'])
  expect(settings.list('allow')).toEqual(['drop-secrets'])
  expect(settings.text('url')).toBe('https://bitbucket.example.com')
  expect(environment).toMatchObject({ BBSTATE_CLIENT_SECRET: 's3cret', BBSTATE_STORE_KEY: 'key' })
  for (const name of secretInputs) expect(environment[variableOfInput(name)]).toBeUndefined()
  expect(isOn('comment')).toBe(false)
})

test('a wrong command or switch is said', () => {
  expect(() => readInputs({ INPUT_COMMAND: 'aply' })).toThrow('command: "aply" is not known')
  expect(() => readInputs({ INPUT_COMMENT: 'yes' }).isOn('comment')).toThrow('comment must be true or false')
})
