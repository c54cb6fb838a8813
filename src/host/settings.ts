/**
 * The options of one run, wherever they were given: on the command line, else as an environment variable.
 */
import { UsageError } from '../model/errors.js'
import { type Option, variableOf } from './options.js'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the command line or an Action's inputs gave, by option name, not yet completed. */
export type Given = Readonly<Record<string, unknown>>

/** Options by name; asking for an unknown one is a defect. */
export class Settings {
  readonly environment: Environment
  readonly #given: Given
  readonly #options: readonly Option[]
  readonly #fallback: Given

  constructor(given: Given, options: readonly Option[], environment: Environment, fallback: Given = {}) {
    this.#given = given
    this.#options = options
    this.environment = environment
    this.#fallback = fallback
  }

  /** The same settings with values for what neither the command line, the environment nor an earlier fallback gives. */
  withFallback(fallback: Given): Settings {
    return new Settings(this.#given, this.#options, this.environment, { ...fallback, ...this.#fallback })
  }

  /** A text, or its default; `undefined` where neither is there. */
  text(name: string): string | undefined {
    const value = this.#value(name)
    return value === undefined ? undefined : String(value)
  }

  /** All values of a repeatable option; as a variable, one a line. */
  list(name: string): readonly string[] {
    const value = this.#value(name)
    if (Array.isArray(value)) return value.map(String)
    return value === undefined ? [] : String(value).split('\n').filter(Boolean)
  }

  /** A number, or its default. */
  number(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const number = Number(value)
    const minimum = this.#find(name)?.minimum ?? Number.NEGATIVE_INFINITY
    if (value === '' || !Number.isFinite(number) || number < minimum) {
      const least = Number.isFinite(minimum) ? ` of at least ${minimum}` : ''
      throw new UsageError(`--${name} must be a number${least}`, { hint: `It is ${JSON.stringify(value)}.` })
    }
    return number
  }

  /** Whether a switch is on. */
  flag(name: string): boolean {
    return this.choice(name) ?? false
  }

  /** A switch that may be left open. */
  choice(name: string): boolean | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value as boolean | undefined
    if (/^(?:1|true|yes|on)$/iu.test(String(value))) return true
    if (/^(?:0|false|no|off|)$/iu.test(String(value))) return false
    throw new UsageError(`${this.#describe(name)} must be true or false`)
  }

  #value(name: string): unknown {
    const option = this.#find(name)
    if (option === undefined) return undefined
    const given = this.#given[name]
    if (given !== undefined) return given
    const variable = variableOf(option)
    const set = variable === undefined ? undefined : this.environment[variable]
    if (set !== undefined && set !== '') return set
    return this.#fallback[name] ?? option.default
  }

  #find(name: string): Option | undefined {
    return this.#options.find((option) => option.name === name)
  }

  #describe(name: string): string {
    const option = this.#find(name)
    return option === undefined ? `--${name}` : `--${name} (${variableOf(option) ?? 'no variable'})`
  }
}
