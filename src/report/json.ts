/** The machine's form of results and errors: one JSON document on stdout. */
import { ApplyError, StoppedError } from '../model/outcome.js'
import { type BbstateError, ConfigError, type Finding, PlanError } from '../model/errors.js'

/**
 * A document, indented by two spaces, with a line end. What the eye cannot see and what a log would take for a command
 * is written as an escape: the same value to every parser.
 */
export function formatJson(document: unknown): string {
  const text = JSON.stringify(document, null, 2)
  return `${text.replaceAll(/[^\P{C}\n]|[\p{Zl}\p{Zp}\p{DI}]|#(?=#\w*\[)/gu, escapeUnits)}\n`
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** `{error: {code, message, hint, address, source, requestId, findings?}, report?}` */
export function formatJsonError(error: BbstateError): string {
  const findings = findingsOf(error)
  return formatJson({
    error: { ...error.toFinding(), ...(findings.length > 0 ? { findings } : {}) },
    ...(error instanceof ApplyError || error instanceof StoppedError ? { report: error.report } : {}),
  })
}

/** Every finding of an error that carries several. */
export function findingsOf(error: BbstateError): readonly Finding[] {
  if (error instanceof ConfigError || error instanceof PlanError) return error.findings
  return []
}
