/**
 * The face of the command line: stdout holds the result alone, stderr everything else.
 *
 * Every byte that leaves goes through the scrubber, which knows the secret values of the run.
 */
import type { Environment } from '../host/settings.js'
import { InternalError } from '../model/errors.js'
import type { Event, Listener } from '../model/event.js'
import type { Scrubber } from '../model/secret.js'
import { toBbstateError } from '../model/thrown.js'
import { formatJsonError } from '../report/json.js'
import type { ColourLevel, TerminalReport } from '../report/terminal.js'
import { escapeText, guardLines } from '../report/words.js'

/** A stream of text, and whether a person looks at it. */
export interface TextStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** How the run wants to talk. */
export interface FaceOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** `--color`, `--no-color`; `undefined` where neither is given. */
  readonly colour: boolean | undefined
}

/** Decides colour for one stream: option, `NO_COLOR`, `FORCE_COLOR`, a terminal; in this order. */
export function colourLevel(colour: boolean | undefined, environment: Environment, stream: TextStream): ColourLevel {
  if (colour !== undefined) return colour ? 1 : 0
  if ((environment['NO_COLOR'] ?? '') !== '') return 0
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined) return forced === '0' || forced === 'false' ? 0 : 1
  return stream.isTTY === true && environment['TERM'] !== 'dumb' ? 1 : 0
}

/** Prints results, progress, warnings and errors of one run. */
export class Face {
  readonly options: FaceOptions
  readonly #stdout: TextStream
  readonly #stderr: TextStream
  readonly #scrubber: Scrubber
  readonly #environment: Environment
  #status = ''

  constructor(
    options: FaceOptions,
    streams: { stdout: TextStream; stderr: TextStream },
    scrubber: Scrubber,
    environment: Environment,
  ) {
    this.options = options
    this.#stdout = streams.stdout
    this.#stderr = streams.stderr
    this.#scrubber = scrubber
    this.#environment = environment
  }

  /** Renders for stdout. chalk is loaded only where something is rendered. */
  async result(render: (report: TerminalReport) => string): Promise<void> {
    const { createTerminalReport } = await import('../report/terminal.js')
    const level = colourLevel(this.options.colour, this.#environment, this.#stdout)
    this.print(guardLines(render(createTerminalReport(level))))
  }

  /** A text without the secret values of the run. */
  scrub(text: string): string {
    return this.#scrubber.scrub(text)
  }

  /** Text to stdout. */
  print(text: string): void {
    this.#clearStatus()
    this.#stdout.write(this.#scrubber.scrub(text))
  }

  /** Text to stderr. */
  note(text: string): void {
    this.#clearStatus()
    this.#stderr.write(guardLines(this.#scrubber.scrub(text)))
  }

  /** A warning on stderr. */
  async warn(message: string): Promise<void> {
    const { createTerminalReport } = await import('../report/terminal.js')
    const level = colourLevel(this.options.colour, this.#environment, this.#stderr)
    this.note(createTerminalReport(level).warning(message))
  }

  /** An error: JSON on stdout with `--json`, else words on stderr. Answers the exit code. */
  async fail(thrown: unknown): Promise<number> {
    const error = toBbstateError(thrown)
    if (this.options.json) this.print(formatJsonError(error))
    else {
      const { createTerminalReport } = await import('../report/terminal.js')
      const level = colourLevel(this.options.colour, this.#environment, this.#stderr)
      this.note(createTerminalReport(level).error(error))
    }
    if (this.options.verbose && error instanceof InternalError) {
      this.note(`${(error.stack ?? '').split('\n').map(escapeText).join('\n')}\n`)
    }
    return error.exitCode
  }

  /** A listener that shows progress: one line that is rewritten in a terminal, plain lines for what matters elsewhere. */
  async listener(): Promise<Listener> {
    const { createTerminalReport } = await import('../report/terminal.js')
    const report = createTerminalReport(colourLevel(this.options.colour, this.#environment, this.#stderr))
    return (event) => this.#show(event, report)
  }

  #show(event: Event, report: TerminalReport): void {
    if (event.type === 'request') {
      if (this.options.verbose) this.note(`${report.request(event)}\n`)
      return
    }
    const line = report.progress(event)
    if (line === undefined) return
    // A token that no store took is printed whatever else is not wanted: nobody else has it.
    if (event.type === 'warning' || event.type === 'handed-out') this.note(`${line}\n`)
    else if (this.options.quiet) return
    else if (event.type === 'waiting' || event.type === 'applied') this.note(`${line}\n`)
    else if (this.#stderr.isTTY === true) this.#showStatus(line, report)
    else if (event.type === 'proving') this.note(`${line}\n`)
  }

  #showStatus(line: string, report: TerminalReport): void {
    const scrubbed = this.#scrubber.scrub(line)
    this.#status = scrubbed
    this.#stderr.write(`\r\u001b[2K${report.fit(scrubbed, Math.max(20, (this.#stderr.columns ?? 80) - 1))}`)
  }

  #clearStatus(): void {
    if (this.#status === '') return
    this.#status = ''
    this.#stderr.write('\r\u001b[2K')
  }
}
