/** The lines of two texts, as a reader compares them: the longest common sequence kept, the rest removed and added. */

/** One line. */
export interface DiffLine {
  readonly change: 'kept' | 'added' | 'removed'
  readonly line: string
}

/** All lines of both texts in order. Texts are scripts and messages: small enough for the plain table. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [from, to] = [linesOf(before), linesOf(after)]
  const lengths = commonLengths(from, to)
  const lengthAt = (row: number, column: number): number => lengths[row]?.[column] ?? 0
  const result: DiffLine[] = []
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

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/u, '').split('\n')
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
