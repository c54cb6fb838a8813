import { expect, test } from 'vitest'
import { diffLines } from '../../../src/report/line-diff.js'

const show = (before: string, after: string): readonly string[] =>
  diffLines(before, after).map(({ change, line }) => `${{ kept: ' ', added: '+', removed: '-' }[change]}${line}`)

test('keeps what both texts have, in order', () => {
  expect(show('#!/bin/sh\nset -e\nexit 0\n', '#!/bin/sh\nset -eu\necho hi\nexit 0\n')).toEqual([
    ' #!/bin/sh',
    '-set -e',
    '+set -eu',
    '+echo hi',
    ' exit 0',
  ])
})

test('an absent text is all removed or all added', () => {
  expect(show('', 'a\nb')).toEqual(['+a', '+b'])
  expect(show('a\nb\n', '')).toEqual(['-a', '-b'])
})
