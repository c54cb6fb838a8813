/**
 * Sentences that every format shares: words of bbstate, and names that come from elsewhere.
 *
 * A name may hold anything: markup, commands for a log, marks that turn text around. A sentence keeps the two apart, so
 * that each format writes names its own harmless way, and none can forget one.
 */

/** A name or a value from a server, a file or a person. */
export interface Name {
  readonly name: string
}

/** Parts in order. */
export type Sentence = readonly (string | Name)[]

/** `` say`${group} loses ${permission}` ``: what is put in is a name, unless it is a number or a sentence itself. */
export function say(words: readonly string[], ...parts: readonly (string | number | Sentence)[]): Sentence {
  return words.flatMap((word, index): Sentence => {
    const part = parts[index]
    if (part === undefined) return [word]
    if (typeof part === 'string') return [word, { name: part }]
    return typeof part === 'number' ? [word, groupDigits(part)] : [word, ...part]
  })
}

/** Names with a comma between them. */
export function listNames(names: readonly string[]): Sentence {
  return joinSentences(
    names.map((name) => say`${name}`),
    ', ',
  )
}

/** Sentences with a text between them. */
export function joinSentences(sentences: readonly Sentence[], between: string): Sentence {
  return sentences.flatMap((sentence, index) => (index === 0 ? sentence : [between, ...sentence]))
}

/** A sentence as text, with names as a format writes them. */
export function writeSentence(sentence: Sentence, writeName: (name: string) => string): string {
  return sentence.map((part) => (typeof part === 'string' ? part : writeName(part.name))).join('')
}

/** `12,345`. */
export function groupDigits(count: number): string {
  // Not toLocaleString: its first call loads the tables of every language, which takes longer than a whole plan.
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',')
}
