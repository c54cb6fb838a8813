/**
 * Secrets in memory, and the names of the variables that they come from.
 *
 * A `Secret` prints as `(sensitive)` however it is printed; its value is reached through `reveal` alone, at the last
 * moment. As the last net, a `Scrubber` knows every value that was revealed and removes it, in plain and in the usual
 * encodings, from each byte that leaves the process.
 */

const hidden = '(sensitive)'

/** A value that must not be printed. `String`, `JSON.stringify` and `util.inspect` all show `(sensitive)`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Call it where the value is sent, nowhere else. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden
  }
}

/** The environment variable that holds the value of a secret. */
export function secretVariable(name: string): string {
  return `BBSTATE_SECRET_${environmentName(name)}`
}

/** The environment variable that limits where a secret may be used, by an address pattern. */
export function secretScopeVariable(name: string): string {
  return `BBSTATE_SECRET_SCOPE_${environmentName(name)}`
}

/** The environment variable that holds the value of `${var:name}`. */
export function variableVariable(name: string): string {
  return `BBSTATE_VAR_${environmentName(name)}`
}

function environmentName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

/** Removes known secret values from text. Values shorter than four characters are not scrubbed: they are everywhere. */
export class Scrubber {
  readonly #forms = new Set<string>()
  readonly #tell: ((form: string) => void) | undefined

  /** @param tell is told each spelling before anybody can use the value, once */
  constructor(tell?: (form: string) => void) {
    this.#tell = tell
  }

  /** Registers a value, with its JSON, URL, form and Base64 spellings. */
  add(value: string): void {
    if (value.length < 4) return
    const url = encodeURIComponent(value)
    const forms = [value, url, url.replaceAll('%20', '+'), JSON.stringify(value).slice(1, -1), encodeBase64(value)]
    for (const form of forms) {
      if (this.#forms.has(form)) continue
      this.#forms.add(form)
      this.#tell?.(form)
    }
  }

  /** The text with every known value replaced by `(sensitive)`. */
  scrub(text: string): string {
    const forms = [...this.#forms].sort((a, b) => b.length - a.length)
    return forms.reduce((scrubbed, form) => scrubbed.replaceAll(form, hidden), text)
  }
}

function encodeBase64(value: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(value)))
}
