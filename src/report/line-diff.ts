/**
 * The lines of two texts, as a reader compares them: the longest common sequence kept, the rest removed and added.
 * Of what is kept, only the lines near a change are shown.
 */

/** One line; `skipped` stands for so many kept lines that are not shown. */
export type DiffLine =
  | { readonly change: 'kept' | 'added' | 'removed'; readonly line: string }
  | { readonly change: 'skipped'; readonly count: number }

type Shown = Exclude<DiffLine, { readonly change: 'skipped' }>

const context = 3

/** Texts with more pairs of different lines than this are shown one after the other: a table of them costs too much. */
const mostPairs = 1_000_000

const withoutEnd = '(no line end here)'

/** The lines of both texts in order. A missing line end at the end is a line of its own where only one text lacks it. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const marksEnd = before !== '' && after !== '' && before.endsWith('\n') !== after.endsWith('\n')
  const [from, to] = [linesOf(before, marksEnd), linesOf(after, marksEnd)]
  let head = 0
  while (head < from.length && head < to.length && from[head] === to[head]) head++
  let tail = 0
  while (tail < from.length - head && tail < to.length - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++
  const kept = (lines: readonly string[]): readonly Shown[] => lines.map((line) => ({ change: 'kept', line }))
  return shorten([
    ...kept(from.slice(0, head)),
    ...diffMiddle(from.slice(head, from.length - tail), to.slice(head, to.length - tail)),
    ...kept(from.slice(from.length - tail)),
  ])
}

function diffMiddle(from: readonly string[], to: readonly string[]): readonly Shown[] {
  if (from.length * to.length > mostPairs) {
    const side = (change: 'removed' | 'added', lines: readonly string[]): readonly Shown[] =>
      lines.map((line) => ({ change, line }))
    return [...side('removed', from), ...side('added', to)]
  }
  const lengths = commonLengths(from, to)
  const lengthAt = (row: number, column: number): number => lengths[row]?.[column] ?? 0
  const result: Shown[] = []
  let [row, column] = [0, 0]
  while (row < from.length || column < to.length) {
    const [left, right] = [from[row], to[column]]
    if (left !== undefined && left === right) {
      result.push({ change: 'kept', line: left })
      row++
      column++
    } else if (left !== undefined && lengthAt(row + 1, column) >= lengthAt(row, column + 1)) {
      result.push({ change: 'removed', line: left })
      row++
    } else if (right !== undefined) {
      result.push({ change: 'added', line: right })
      column++
    } else if (left !== undefined) {
      result.push({ change: 'removed', line: left })
      row++
    }
  }
  return result
}

/** Leaves out kept lines that are far from every change. */
function shorten(lines: readonly Shown[]): readonly DiffLine[] {
  const isNear = new Array<boolean>(lines.length).fill(false)
  lines.forEach(({ change }, index) => {
    if (change !== 'kept') isNear.fill(true, Math.max(0, index - context), index + context + 1)
  })
  const result: DiffLine[] = []
  let start = 0
  while (start < lines.length) {
    let end = start
    while (end < lines.length && isNear[end] === isNear[start]) end++
    if (isNear[start] === true || end - start < 2) result.push(...lines.slice(start, end))
    else result.push({ change: 'skipped', count: end - start })
    start = end
  }
  return result
}

function linesOf(text: string, marksEnd: boolean): readonly string[] {
  if (text === '') return []
  if (text.endsWith('\n')) return text.slice(0, -1).split('\n')
  return [...text.split('\n'), ...(marksEnd ? [withoutEnd] : [])]
}

/** How long the common sequence of what follows each pair of positions is. */
function commonLengths(from: readonly string[], to: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: from.length + 1 }, () => new Array<number>(to.length + 1).fill(0))
  for (let row = from.length - 1; row >= 0; row--) {
    for (let column = to.length - 1; column >= 0; column--) {
      const [here, below] = [lengths[row], lengths[row + 1]]
      if (here === undefined || below === undefined) continue
      const isSame = from[row] === to[column]
      here[column] = isSame ? 1 + (below[column + 1] ?? 0) : Math.max(below[column] ?? 0, here[column + 1] ?? 0)
    }
  }
  return lengths
}
