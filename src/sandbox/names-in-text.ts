/** Finds names in a text, each as whole words: as many as a server has people, in the time that reading it takes. */

interface Known {
  /** Lower-case, from its first letter or digit on. */
  readonly text: string
  readonly stand: string
}

export class NamesInText {
  /** By their first word, longest first. */
  readonly #byWord = new Map<string, Known[]>()
  readonly #stands = new Map<string, string>()

  /** What is known already keeps what stands for it. */
  add(name: string, stand: string): void {
    const text = name.toLowerCase().replace(/^[^\p{L}\p{N}]+/u, '')
    const first = /^[\p{L}\p{N}]+/u.exec(text)?.[0]
    if (first === undefined || this.#stands.has(text)) return
    this.#stands.set(text, stand)
    const known = this.#byWord.get(first) ?? []
    known.push({ text, stand })
    this.#byWord.set(
      first,
      known.sort((a, b) => b.text.length - a.text.length),
    )
  }

  /** What stands for exactly this name. */
  standOf(name: string): string | undefined {
    return this.#stands.get(name.toLowerCase())
  }

  /** The text with what stands for them in the place of the names. */
  replace(text: string): string {
    let replaced = ''
    let at = 0
    for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (index < at) continue
      const found = this.#byWord.get(word.toLowerCase())?.find((known) => isAt(text, index, known.text))
      if (found === undefined) continue
      replaced += text.slice(at, index) + found.stand
      at = index + found.text.length
    }
    return replaced + text.slice(at)
  }
}

function isAt(text: string, index: number, name: string): boolean {
  const end = index + name.length
  return text.slice(index, end).toLowerCase() === name && !/^[\p{L}\p{N}]/u.test(text.slice(end, end + 2))
}
