import { expect, test } from 'vitest'
import { maskIn, Runner } from '../../../src/action/runner.js'
import { Scrubber } from '../../../src/model/secret.js'

function open(environment: Record<string, string>): { runner: Runner; scrubber: Scrubber; text: () => string } {
  const lines: string[] = []
  const write = (text: string): number => lines.push(text)
  const scrubber = new Scrubber(maskIn(environment, write))
  return { runner: new Runner(environment, write, scrubber), scrubber, text: () => lines.join('') }
}

test('a remark is one command, whatever is in it', () => {
  const { runner, text } = open({})
  runner.annotate('error', '100%\n::error::x', 'a,b:c', { file: 'a:b,c.yaml', line: 3, column: 5 })
  expect(text()).toBe('::error file=a%3Ab%2Cc.yaml,line=3,col=5,title=a%2Cb%3Ac::100%25%0A::error::x\n')
})

test('a line of the log is never a command', () => {
  const { runner, text } = open({})
  runner.log('fine\n  ::add-path::/tmp\n##[error]x\n')
  expect(text()).not.toMatch(/^\s*::/mu)
  expect(text()).not.toContain('##[')
})

test('each spelling of a secret is masked once, before it can be shown, and nothing shows it', () => {
  const { runner, scrubber, text } = open({ GITHUB_ACTIONS: 'true', RUNNER_DEBUG: '1' })
  scrubber.add('a secret%\nof two lines')
  scrubber.add('a secret%\nof two lines')
  const masks = text().split('\n').filter(Boolean)
  expect(masks).toContain('::add-mask::a secret%25%0Aof two lines')
  expect(new Set(masks).size).toBe(masks.length)
  expect(masks.every((line) => line.startsWith('::add-mask::'))).toBe(true)
  runner.log('a secret%\nof two lines')
  runner.debug('a secret%\nof two lines')
  runner.annotate('notice', 'a secret%\nof two lines')
  expect(text().split('\n').slice(masks.length).join('\n')).not.toContain('two lines')
})

test('outside of a runner no mask is printed, since it would show the secret', () => {
  const { scrubber, text } = open({})
  scrubber.add('secret-value')
  expect(text()).toBe('')
})
