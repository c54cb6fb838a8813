/**
 * The commit: a staged pair becomes the record of the store, is read back, and only then is the stage removed.
 */
import { AuthError, BbstateError } from '../model/errors.js'
import { probeToken } from './probe.js'
import { digestToken, type Stage, type TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import type { LockedStore } from './store.js'

/** Attempts at a store that fails, and at a revision that moves. */
const attempts = 5

/**
 * Commits a pair over the revision that its `pending` was written as.
 *
 * @returns the record that stands in the store afterwards
 * @throws AuthError `AUTH_RECOVERABLE` where the pair is safe in the stage but not in the store; `AUTH_SIGN_IN_REQUIRED`
 * where it is in neither.
 */
export async function commitStage(
  tools: RotationTools,
  locked: LockedStore,
  expected: string | null,
  stage: Stage,
): Promise<TokenRecord> {
  const { lineage, generation, accessToken, refreshToken } = stage.record
  for (const token of [accessToken, refreshToken]) tools.scrubber.add(token.reveal())
  const committed = await writeUntilDone(tools, locked, expected, stage)
  if (committed !== stage.record) return committed
  await readBack(tools, locked, stage)
  await tools.mark.write(lineage, generation).catch(() => undefined)
  // Left behind, it is harmless: it names an attempt that no record waits for.
  await tools.stage.remove().catch(() => undefined)
  return committed
}

async function writeUntilDone(
  tools: RotationTools,
  locked: LockedStore,
  expected: string | null,
  stage: Stage,
): Promise<TokenRecord> {
  let revision = expected
  let failure: unknown
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      if ((await locked.compareAndSet(revision, stage.record)) !== null) return stage.record
      const found = await locked.read()
      if (found !== null && isSamePair(tools, found.record, stage.record)) return stage.record
      if (found === null || !isPredecessor(found.record, stage.record)) {
        return await yieldToWinner(tools, found?.record ?? null, stage)
      }
      // The same token is still there under another revision: whoever wrote it did not rotate.
      revision = found.revision
    } catch (thrown) {
      if (thrown instanceof AuthError && thrown.code === 'AUTH_RECOVERABLE') throw thrown
      failure = thrown
      if (attempt < attempts) await tools.clock.sleep(200 * attempt)
    }
  }
  throw await describeFailure(tools, stage, failure)
}

/** Another pair of the record's lineage, or another lineage, stands there. It is kept; ours too until theirs is proved. */
async function yieldToWinner(tools: RotationTools, winner: TokenRecord | null, stage: Stage): Promise<TokenRecord> {
  if (winner !== null) {
    const result = await probeToken(tools.transport, winner.accessToken).catch(() => null)
    if (result?.type === 'accepted') {
      await tools.stage.remove()
      return winner
    }
  }
  const what = winner === null ? 'was removed' : 'was replaced by one that Bitbucket does not accept'
  throw new AuthError(
    'AUTH_RECOVERABLE',
    `The record in ${tools.store.location} ${what} while the token was refreshed`,
    {
      hint: `The new token (generation ${stage.record.generation}) is kept in ${tools.stage.location}. If nobody signed in anew, keep that file; else run bbstate auth login.`,
    },
  )
}

/** That the write landed is seen, not believed. */
async function readBack(tools: RotationTools, locked: LockedStore, stage: Stage): Promise<void> {
  const found = await locked.read()
  if (found !== null && isSamePair(tools, found.record, stage.record)) return
  throw await describeFailure(tools, stage, new AuthError('AUTH_STORE', 'it holds something else than was written'))
}

async function describeFailure(tools: RotationTools, stage: Stage, failure: unknown): Promise<AuthError> {
  const reason = failure instanceof BbstateError ? failure.message : 'it could not be written'
  const staged = await tools.stage.read().catch(() => null)
  const isStaged = staged?.attempt === stage.attempt
  if (isStaged) {
    return new AuthError('AUTH_RECOVERABLE', `The refreshed token is not in ${tools.store.location}: ${reason}`, {
      hint: `It is safe in ${tools.stage.location}. Mend the store, then run the same command again on this machine: it takes the token from there.`,
    })
  }
  return new AuthError(
    'AUTH_SIGN_IN_REQUIRED',
    `The refreshed token could be written nowhere, and is lost: ${reason}`,
    {
      hint: 'Mend the store, then run bbstate auth login.',
    },
  )
}

function isPredecessor(found: TokenRecord, next: TokenRecord): boolean {
  return found.lineage === next.lineage && found.generation === next.generation - 1
}

function isSamePair(tools: RotationTools, found: TokenRecord, next: TokenRecord): boolean {
  const digest = (record: TokenRecord): string => digestToken(record.lineage, record.refreshToken, tools.crypto)
  return found.lineage === next.lineage && found.generation === next.generation && digest(found) === digest(next)
}
