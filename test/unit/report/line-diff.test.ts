import { expect, test } from 'vitest'
import { diffLines } from '../../../src/report/line-diff.js'

const show = (before: string, after: string): readonly string[] =>
  diffLines(before, after).map((line) =>
    line.change === 'skipped'
      ? `…${line.count}`
      : `${{ kept: ' ', added: '+', removed: '-' }[line.change]}${line.line}`,
  )

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

test('far from every change nothing is shown, and it is said how much', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  const changed = lines.with(10, 'new')
  expect(show(lines.join('\n'), changed.join('\n'))).toEqual([
    '…7',
    ' line 7',
    ' line 8',
    ' line 9',
    '-line 10',
    '+new',
    ' line 11',
    ' line 12',
    ' line 13',
    '…6',
  ])
})

test('a line end that comes or goes is a difference too', () => {
  expect(show('a\n', 'a')).toEqual([' a', '+(no line end here)'])
  expect(show('a\nb', 'a\nb\n')).toEqual([' a', ' b', '-(no line end here)'])
})

test('texts that differ everywhere are shown one after the other, whatever their size', () => {
  const long = (word: string): string => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join('\n')
  const lines = diffLines(long('before'), long('after'))
  expect(lines).toHaveLength(10_000)
  expect(lines[0]).toEqual({ change: 'removed', line: 'before 0' })
  expect(lines[9_999]).toEqual({ change: 'added', line: 'after 4999' })
})
