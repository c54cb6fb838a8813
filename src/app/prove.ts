/** The proof after an apply: what was written is read again and must be as planned. */
import { compare } from '../model/compare.js'
import { BbstateError, type Finding } from '../model/errors.js'
import type { Outcome } from '../model/outcome.js'
import type { Change, FieldChange } from '../model/plan.js'
import type { Created, Live } from '../model/resource.js'
import type { ApplyInput } from './apply-input.js'
import { readTouched } from './read-touched.js'
import { showValue } from './stale.js'
import { definitionOf } from './write-changes.js'

/** What a last reading found. */
export interface Proof {
  /** What is not as planned, or could not be looked at. */
  readonly remaining: readonly Finding[]
  /** Live objects by the addresses of the written changes; empty where they could not be read. */
  readonly live: ReadonlyMap<string, Live | null>
}

/** A proof of nothing. */
export const noProof: Proof = { remaining: [], live: new Map() }

/** Reads what was written again. A reading that fails is part of what remains: the outcomes are not lost for it. */
export async function proveConvergence(
  input: ApplyInput,
  outcomes: readonly Outcome[],
  made: ReadonlyMap<string, Created>,
): Promise<Proof> {
  const { registry, plan, server, listen } = input
  const done = new Set(outcomes.filter(({ outcome }) => outcome === 'done').map(({ address }) => address))
  const written = plan.changes.filter(({ address }) => done.has(address))
  if (written.length === 0) return noProof
  listen({ type: 'proving', total: written.length })
  const findable = written.filter(({ address }) => !made.has(address))
  try {
    const live = await readTouched(registry, server, findable, 'after')
    const remaining = written.flatMap((change) =>
      differences(input, change, made.get(change.address)?.live ?? live.get(change.address)),
    )
    return { remaining, live }
  } catch (error) {
    if (!(error instanceof BbstateError)) throw error
    return { ...noProof, remaining: [unread(error)] }
  }
}

function unread(error: BbstateError): Finding {
  return {
    ...error.toFinding(),
    code: 'APPLY_NOT_CONVERGED',
    message: `What was written could not be read again, so that nothing is proved: ${error.message}`,
    hint: 'Run bbstate plan: it shows what is left, if anything.',
  }
}

function differences({ registry }: ApplyInput, change: Change, found: Live | null | undefined): readonly Finding[] {
  const { schema } = definitionOf(registry, change)
  return compare(schema, found?.value, change.after ?? undefined)
    .filter((field) => isPlanned(change, field))
    .map(({ path, before, after }): Finding => ({
      code: 'APPLY_NOT_CONVERGED',
      message: `${change.address}: the server did not keep ${path === '' ? 'the value' : path}: wanted ${showValue(after)}, has ${showValue(before)}`,
      address: change.address,
      hint: `The setting may be overruled elsewhere, or this server treats it in a way that bbstate does not know.`,
    }))
}

/** Whether a plan said anything about a field: what nobody set and nobody cleared, the server may fill in. */
export function isPlanned(change: Pick<Change, 'action' | 'fields'>, { path, after }: FieldChange): boolean {
  if (after !== undefined || change.action === 'delete') return true
  return change.fields.some((field) => field.path === path && field.after === undefined)
}
