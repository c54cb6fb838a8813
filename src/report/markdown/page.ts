/** A text of parts within a limit: what comes first is given room first. */

/** A part as it should be, and as it can be within a budget of characters. */
export interface Part {
  /** Empty: the part is left out. */
  readonly whole: string
  readonly within: (budget: number) => string
}

/** Room kept for each later part, so that it can at least count what it leaves out. */
const reserve = 600

/** The parts with a blank line between them, no longer than the limit. */
export function writeWithin(parts: readonly Part[], limit: number): string {
  const present = parts.filter(({ whole }) => whole !== '')
  const whole = present.map((part) => part.whole).join('\n')
  if (whole.length <= limit) return whole
  // What a part needs for its fences is known only once it is written, so that the first try can be a little too long.
  let target = limit
  for (let attempt = 0; attempt < 8; attempt++) {
    const text = writeOnce(present, target)
    if (text.length <= limit) return text
    target -= text.length - limit
  }
  return `${present[0]?.whole.slice(0, Math.max(0, limit - 100)).replace(/\n.*$/su, '') ?? ''}\n\nThere is no room for more here.\n`
}

function writeOnce(parts: readonly Part[], limit: number): string {
  let room = limit
  const texts = parts.map(({ whole, within }, index) => {
    const later = parts.slice(index + 1)
    const needed = later.reduce((sum, part) => sum + Math.min(reserve, part.whole.length) + 1, 0)
    const text = whole.length <= room - needed ? whole : within(room - needed)
    room -= text.length + 1
    return text
  })
  return texts.join('\n')
}
