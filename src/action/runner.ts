/**
 * The commands that the runner reads from the log and from its files. They are a dozen lines by hand, because
 * `@actions/core` brings an HTTP client with an undici of its own, which is half of the bundle and of its start.
 *
 * Source: GitHub's "Workflow commands for GitHub Actions".
 */
import { appendToRunner, makeDelimiter } from '../host/runner-files.js'
import type { Environment } from '../host/settings.js'
import type { Scrubber } from '../model/secret.js'
import { guardLines } from '../report/words.js'

/** A line of a file that a remark is about. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column?: number
}

/** How much a remark weighs. */
export type Level = 'notice' | 'warning' | 'error'

/** Remarks of one level that GitHub shows of a step. */
export const annotationsShown = 10

/** What a summary may hold: a step's is cut off by GitHub above a mebibyte. */
export const longestSummary = 250_000

/** Talks to the runner. Everything but a mask goes through the scrubber. */
export class Runner {
  readonly #environment: Environment
  readonly #write: (text: string) => unknown
  readonly #scrubber: Scrubber
  /** Whether a runner really reads the log: anywhere else a mask would be the very line that shows the secret. */
  readonly isReal: boolean
  readonly isDebug: boolean

  constructor(environment: Environment, write: (text: string) => unknown, scrubber: Scrubber) {
    this.#environment = environment
    this.#write = write
    this.#scrubber = scrubber
    this.isReal = isRunner(environment)
    this.isDebug = environment['RUNNER_DEBUG'] === '1' || environment['ACTIONS_STEP_DEBUG'] === 'true'
  }

  /** Text for the log. No line of it is a command. */
  log(text: string): void {
    this.#write(guardLines(this.scrub(text)))
  }

  /** Shown where somebody has switched on the debug log. */
  debug(text: string): void {
    if (this.isDebug) this.#command('debug', {}, text)
  }

  /** A remark, at a line or about the whole run. */
  annotate(level: Level, message: string, title?: string, place?: Place): void {
    const where = place === undefined ? {} : { file: place.file, line: place.line, col: place.column }
    this.#command(level, { ...where, title }, message)
  }

  /** A text without the secret values of the run. */
  scrub(text: string): string {
    return this.#scrubber.scrub(text)
  }

  setOutput(name: string, value: string): void {
    this.#keep('GITHUB_OUTPUT', name, value)
  }

  /** For the step that runs after the job. Holds no secret. */
  saveState(name: string, value: string): void {
    this.#keep('GITHUB_STATE', name, value)
  }

  /** Markdown for the page of the run. */
  summarise(markdown: string): void {
    appendToRunner(this.#environment, 'GITHUB_STEP_SUMMARY', `${this.scrub(markdown)}\n`)
  }

  #keep(variable: string, name: string, value: string): void {
    const delimiter = makeDelimiter()
    appendToRunner(this.#environment, variable, `${name}<<${delimiter}\n${this.scrub(value)}\n${delimiter}\n`)
  }

  #command(name: string, properties: Readonly<Record<string, string | number | undefined>>, message: string): void {
    const given = Object.entries(properties).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${escapeProperty(this.scrub(String(value)))}`],
    )
    this.#write(`::${name}${given.length === 0 ? '' : ` ${given.join(',')}`}::${escapeData(this.scrub(message))}\n`)
  }
}

function isRunner(environment: Environment): boolean {
  return environment['GITHUB_ACTIONS'] === 'true'
}

/** Tells the runner to hide a value, before anything can show it. */
export function maskIn(environment: Environment, write: (text: string) => unknown): (value: string) => void {
  return (value) => {
    if (isRunner(environment)) write(`::add-mask::${escapeData(value)}\n`)
  }
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
