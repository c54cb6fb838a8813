/**
 * Whether `java.util.regex.Pattern` takes an expression: by its grammar, without the few rules that need more (look-behind
 * of unknown length, names of Unicode properties, references to groups by number).
 *
 * What Java writes otherwise than JavaScript, inline flags and possessive quantifiers above all, is common in rules that
 * search for secrets, so that JavaScript's own opinion would refuse half of them.
 */

/**
 * Each atom becomes an `x`, each group a plain one, each sign of quantity a greedy one, and what takes no sign behind it, a
 * counted quantity or a flag, a `|`: JavaScript judges what is left.
 */
export function isJavaRegex(text: string): boolean {
  const names = new Set<string>()
  let rest = text
  let plain = ''
  while (rest !== '') {
    const step = readGroup(rest, names) ?? readQuantifier(rest) ?? readAtom(rest, names)
    if (step === undefined) return false
    plain += step.plain
    rest = rest.slice(step.length)
  }
  try {
    new RegExp(plain, 'u')
    return true
  } catch {
    return false
  }
}

interface Step {
  readonly length: number
  readonly plain: string
}

const step = (length: number, plain: string): Step => ({ length, plain })

/** `undefined`: no group begins here, or none that Java knows. */
function readGroup(rest: string, names: Set<string>): Step | undefined {
  if (rest.startsWith(')') || rest.startsWith('|')) return step(1, rest[0] ?? '')
  if (!rest.startsWith('(')) return undefined
  if (!rest.startsWith('(?')) return step(1, '(?:')
  const flags = /^\(\?[idmsuxU]*(?:-[idmsuxU]*)?([:)])/u.exec(rest)
  if (flags !== null) return step(flags[0].length, flags[1] === ')' ? '|' : '(?:')
  const around = /^\(\?(?:<?[=!]|>)/u.exec(rest)
  if (around !== null) return step(around[0].length, '(?:')
  const named = /^\(\?<([A-Za-z][A-Za-z0-9]*)>/u.exec(rest)
  if (named?.[1] === undefined || names.has(named[1])) return undefined
  names.add(named[1])
  return step(named[0].length, '(?:')
}

/** Greedy, lazy or possessive. */
function readQuantifier(rest: string): Step | undefined {
  const found = /^(?:([*+?])|\{(\d+)(?:,(\d*))?\})[?+]?/u.exec(rest)
  if (found === null) return undefined
  const [{ length }, sign, least, most] = found
  if (sign !== undefined) return step(length, sign)
  return most && Number(least) > Number(most) ? undefined : step(length, '|')
}

function readAtom(rest: string, names: ReadonlySet<string>): Step | undefined {
  if (rest.startsWith('[')) {
    const length = lengthOfClass(rest)
    return length === undefined ? undefined : step(length, 'x')
  }
  if (rest.startsWith('\\')) return readEscape(rest, names)
  // A brace that is no quantifier is an "illegal repetition"; a closing one is itself.
  const isOdd = rest.startsWith('(') || rest.startsWith('{')
  return isOdd ? undefined : step(String.fromCodePoint(rest.codePointAt(0) ?? 0).length, 'x')
}

const anywhere = [
  /^\\[^A-Za-z0-9]/u,
  /^\\[tnrfaedDhHsSvVwW]/u,
  /^\\0(?:[0-3][0-7]{0,2}|[0-7]{1,2})/u,
  /^\\x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})/u,
  /^\\u[0-9A-Fa-f]{4}/u,
  /^\\c[\s\S]/u,
  /^\\N\{[^}]+\}/u,
  /^\\[pP](?:[A-Za-z]|\{[^}]+\})/u,
] as const

const outsideClasses = [/^\\b\{g\}/u, /^\\[bBAGzZRX1-9]/u] as const

function readEscape(rest: string, names: ReadonlySet<string>): Step | undefined {
  const quoted = /^\\Q([\s\S]*?)(?:\\E|$)/u.exec(rest)
  if (quoted !== null) return step(quoted[0].length, quoted[1] === '' ? '' : 'x')
  const name = /^\\k<([A-Za-z][A-Za-z0-9]*)>/u.exec(rest)
  if (name !== null) return names.has(name[1] ?? '') ? step(name[0].length, 'x') : undefined
  const found = matchFirst([...anywhere, ...outsideClasses], rest)
  return found === undefined ? undefined : step(found.length, 'x')
}

function matchFirst(patterns: readonly RegExp[], text: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) return found
  }
  return undefined
}

/** Classes may hold classes, intersections and quotations; a `]` right behind the opening is itself. */
function lengthOfClass(rest: string): number | undefined {
  let at = rest.startsWith('[^') ? 2 : 1
  let isFirst = true
  while (at < rest.length) {
    const tail = rest.slice(at)
    if (tail.startsWith(']') && !isFirst) return at + 1
    const length = tail.startsWith('[') ? lengthOfClass(tail) : lengthOfRange(tail)
    if (length === undefined) return undefined
    at += length
    isFirst = false
  }
  return undefined
}

/** Of one member of a class, or of a range, whose ends must be in order. */
function lengthOfRange(tail: string): number | undefined {
  if (tail.startsWith('&&')) return 2
  const first = lengthOfMember(tail)
  if (first === undefined || !/^-[^\][]/u.test(tail.slice(first))) return first
  const last = lengthOfMember(tail.slice(first + 1))
  if (last === undefined || /^\\[dDhHsSvVwWpP]/u.test(tail.slice(first + 1))) return undefined
  const [low, high] = [tail.slice(0, first), tail.slice(first + 1, first + 1 + last)]
  const isPlain = [low, high].every((one) => !one.startsWith('\\'))
  if (isPlain && (low.codePointAt(0) ?? 0) > (high.codePointAt(0) ?? 0)) return undefined
  return first + 1 + last
}

function lengthOfMember(tail: string): number | undefined {
  if (!tail.startsWith('\\')) return String.fromCodePoint(tail.codePointAt(0) ?? 0).length
  return (/^\\Q[\s\S]*?\\E/u.exec(tail)?.[0] ?? matchFirst(anywhere, tail))?.length
}
