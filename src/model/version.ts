/** Versions of the product. */

/**
 * Compares product versions such as `9.4.2`, number by number; what follows the numbers (`-rc1`) does not count, and a
 * missing number is 0. Negative where `a` is older.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbersOf(version: string): readonly number[] {
  const [numbers = ''] = /^\d+(?:\.\d+)*/u.exec(version) ?? []
  return numbers === '' ? [] : numbers.split('.').map(Number)
}
