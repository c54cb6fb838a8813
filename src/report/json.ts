/** The machine's form of results and errors: one JSON document on stdout. */
import { ApplyError } from '../model/outcome.js'
import { type BbstateError, ConfigError, type Finding, PlanError } from '../model/errors.js'

/** A document, indented by two spaces, with a line end. */
export function formatJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

/** `{error: {code, message, hint, address, source, requestId, findings?}, report?}` */
export function formatJsonError(error: BbstateError): string {
  const findings = findingsOf(error)
  return formatJson({
    error: { ...error.toFinding(), ...(findings.length > 0 ? { findings } : {}) },
    ...(error instanceof ApplyError ? { report: error.report } : {}),
  })
}

/** Every finding of an error that carries several. */
export function findingsOf(error: BbstateError): readonly Finding[] {
  if (error instanceof ConfigError || error instanceof PlanError) return error.findings
  return []
}
