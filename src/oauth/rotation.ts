/**
 * The rotation: one refresh token is presented once, and the pair that comes back is not lost.
 *
 * What is done next is decided by `transitions.ts`, which knows the protocol and no token. Here its effects are carried
 * out, one at a time, under the lock of the store; a run that dies between two of them is taken up by the next one.
 */
import { ApiError, InterruptedError } from '../model/errors.js'
import { encodeHex } from '../model/base64.js'
import { explainBlindness, explainRotation } from './explain-rotation.js'
import { makeStage, probeAccount } from './new-pair.js'
import { probeServer, probeToken } from './probe.js'
import { readAgain } from './read-again.js'
import { digestToken, type Pending, type Stage, type TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import { type HandedOut, handOut, makeRescueKey } from './rescue.js'
import type { LockedStore, Stored } from './store.js'
import type { Circumstances, Effect, Ending, RotationEvent, Snapshot, StagedPair } from './rotation-states.js'
import { advanceRotation, beginRotation } from './transitions.js'

const usualQuarantineMilliseconds = 60_000

/**
 * Rotates the token, unless somebody else has done so since `seen` was read: then theirs is adopted. What an earlier run
 * left unfinished is finished first.
 *
 * @returns a record whose access token differs from that of `seen`
 * @throws AuthError `AUTH_SIGN_IN_REQUIRED`, `AUTH_CLIENT`, `AUTH_UNCERTAIN`, `AUTH_RECOVERABLE`, `AUTH_STORE`; ApiError
 * where the server cannot be asked, nothing being lost; BusyError where the lock is not free in time.
 */
export async function rotateToken(tools: RotationTools, seen: TokenRecord): Promise<TokenRecord> {
  tools.endpoint.requireClientSecret()
  const locked = await tools.store.lock(tools.lockTimeoutMilliseconds)
  const hands = new Hands(tools, locked)
  let next: TokenRecord
  try {
    const ending = await runMachine(tools, hands, seen)
    await hands.handOut(ending)
    next = hands.conclude(ending)
  } catch (thrown) {
    await hands.rescue()
    throw thrown
  } finally {
    await locked.unlock()
  }
  if (hands.hasNewPair) await probeAccount(tools, next)
  return next
}

async function runMachine(tools: RotationTools, hands: Hands, seen: TokenRecord): Promise<Ending> {
  const { run, store, quarantineMilliseconds = usualQuarantineMilliseconds, allowsReplay = false } = tools
  const circumstances: Circumstances = {
    host: run.host,
    lock: store.capabilities.lock,
    quarantineMilliseconds,
    allowsReplay,
  }
  let move = beginRotation(seen)
  while (move.effect.type !== 'end') {
    const event = await hands.carryOut(move.effect)
    move = advanceRotation(move.state, event, circumstances, tools.clock.now())
  }
  return move.effect.ending
}

/** Carries effects out, and holds the tokens that the machine does not see. */
class Hands {
  readonly #tools: RotationTools
  readonly #locked: LockedStore
  /** As read or written last. */
  #stored: Stored | undefined
  #stage: Stage | undefined
  /** As this run wrote it, or found it with a stage of its attempt. */
  #intent: Pending | null = null
  /** Whether the pair is one that this very run was granted. */
  hasNewPair = false
  /** On the monotonic clock. */
  #intendedAt = 0
  #cause: unknown
  #isStaged = false
  #handedOut: HandedOut | null = null

  constructor(tools: RotationTools, locked: LockedStore) {
    this.#tools = tools
    this.#locked = locked
  }

  async carryOut(effect: Exclude<Effect, { readonly type: 'end' }>): Promise<RotationEvent> {
    const { stage } = this.#tools
    switch (effect.type) {
      case 'read':
        return effect.as === 'start' ? this.#readToBegin() : this.#readToCheck()
      case 'read-stage':
        return { type: 'stage-found', staged: await this.#readStage() }
      case 'wait':
        return this.#wait(effect.milliseconds, effect.why)
      case 'probe':
        return { type: 'probed', isAccepted: await this.#probe(effect.as) }
      case 'check-server':
        this.#requireWanted()
        await probeServer(this.#tools.transport)
        return { type: 'done' }
      case 'write-pending':
        return { type: 'pending-written', stored: await this.#writePending(effect.over, effect.isReplay) }
      case 'look-at-lock':
        return this.#lookAtLock()
      case 'present':
        return this.#present()
      case 'withdraw':
        return this.#amend(effect.over.revision, effect.over.pending)
      case 'note-loss':
        return this.#amend(effect.over.revision, { ...effect.lost, replayed: true, refused: true })
      case 'write-stage':
        // A stage that cannot be written is no reason to lose the pair: the commit may still work, and tells if not.
        await this.#writeStage().catch(() => undefined)
        return { type: 'done' }
      case 'commit':
        return this.#commit(effect.over)
      case 'remove-stage':
        // Left behind, it is harmless: it names an attempt that no record waits for.
        await stage.remove().catch(() => undefined)
        return { type: 'done' }
      case 'finish':
        return this.#finish()
    }
  }

  /** A pair that the store did not take goes to the recovery key, where one is given; whether or not it is staged too. */
  async handOut(ending: Ending): Promise<void> {
    const { rescue, crypto } = this.#tools
    if (ending.type !== 'failed' || ending.failure.type !== 'unstored' || rescue === undefined) return
    this.#handedOut = await handOut(this.#requireStage(), this.#intent, rescue, crypto)
  }

  /** @throws BbstateError where there is no token to go on with. */
  conclude(ending: Ending): TokenRecord {
    if (ending.type === 'adopted') return this.#requireStored().record
    if (ending.type === 'committed') return this.#requireStage().record
    throw explainRotation(ending.failure, {
      store: this.#tools.store.location,
      stage: this.#tools.stage.location,
      record: this.#requireStored().record,
      cause: this.#cause,
      handedOut: this.#handedOut,
      now: this.#tools.clock.now(),
    })
  }

  /** Whatever ended the run in between: a pair that is in hand is not given up with it. */
  async rescue(): Promise<void> {
    if (this.hasNewPair && !this.#isStaged) await this.#writeStage().catch(() => undefined)
  }

  async #writeStage(): Promise<void> {
    await this.#tools.stage.write(this.#requireStage())
    this.#isStaged = true
  }

  /** @throws InterruptedError where this run is to stop. */
  #requireWanted(): void {
    if (this.#tools.signal?.aborted === true) throw new InterruptedError('Stopped before the token was refreshed')
  }

  async #wait(milliseconds: number, why: 'quarantine' | 'store'): Promise<RotationEvent> {
    const { clock, signal } = this.#tools
    // A pair in hand is carried into the store, whoever asks to stop; a quarantine is nothing to finish.
    if (why === 'store') await clock.sleep(milliseconds)
    else {
      this.#announceQuarantine(milliseconds)
      await clock.sleep(milliseconds, signal)
      this.#requireWanted()
    }
    return { type: 'done' }
  }

  async #readToBegin(): Promise<RotationEvent> {
    this.#stored = await readAgain(this.#tools, this.#locked)
    return { type: 'found', stored: this.#view(this.#stored) }
  }

  async #readToCheck(): Promise<RotationEvent> {
    try {
      const found = await this.#locked.read()
      if (found === null) return { type: 'found', stored: null }
      this.#stored = found
      return { type: 'found', stored: this.#view(found) }
    } catch (thrown) {
      this.#cause = thrown
      return { type: 'store-failed' }
    }
  }

  async #readStage(): Promise<StagedPair | null> {
    // The disk that was full may have room again, before the pair is called lost.
    await this.rescue()
    const found =
      this.#stage === undefined ? await this.#tools.stage.read() : await this.#tools.stage.read().catch(() => null)
    if (found === null) return null
    if (this.#stage === undefined) {
      this.#takeStage(found)
      this.#intent = this.#requireStored().record.pending
    }
    return this.#viewStage(found)
  }

  #announceQuarantine(milliseconds: number): void {
    const reason = 'a refresh of the token was interrupted; its request may still be on its way'
    this.#tools.listen?.({ type: 'waiting', reason, seconds: Math.ceil(milliseconds / 1000) })
  }

  async #probe(as: 'oracle' | 'winner'): Promise<boolean> {
    const { record } = this.#requireStored()
    if (as === 'winner') {
      const result = await probeToken(this.#tools.transport, record.accessToken).catch(() => null)
      return result?.type === 'accepted'
    }
    try {
      const result = await probeToken(this.#tools.transport, record.accessToken)
      return result.type === 'accepted' && (record.account === null || result.account === record.account)
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || record.pending === null) throw thrown
      throw explainBlindness(record.pending, thrown)
    }
  }

  async #writePending(over: Snapshot, replayed: boolean): Promise<Snapshot | null> {
    const { clock, crypto, run, rescue } = this.#tools
    const { record } = this.#requireStored()
    this.#intendedAt = clock.elapsed()
    const pending: Pending = {
      attempt: encodeHex(crypto.randomBytes(8)),
      ...run,
      startedAt: clock.now(),
      refreshDigest: digestToken(record.lineage, record.refreshToken, crypto),
      replayed,
      refused: false,
      ...(rescue === undefined ? {} : { rescueKey: makeRescueKey(crypto) }),
    }
    this.#intent = pending
    const intended = { ...record, pending }
    const revision = await this.#locked.compareAndSet(over.revision, intended)
    if (revision === null) return null
    this.#stored = { ...this.#requireStored(), revision, record: intended }
    return this.#view(this.#stored)
  }

  async #lookAtLock(): Promise<RotationEvent> {
    // A store that does not tell is one whose lock cannot be relied on.
    const remaining = await this.#locked.remaining().catch(() => 0)
    const { clock, signal } = this.#tools
    return {
      type: 'lock-seen',
      remaining,
      age: clock.elapsed() - this.#intendedAt,
      isStopped: signal?.aborted === true,
    }
  }

  async #present(): Promise<RotationEvent> {
    const { record } = this.#requireStored()
    const { refreshToken, redirectUri } = record
    const outcome = await this.#tools.endpoint.refresh({ refreshToken, redirectUri })
    if (outcome.type === 'granted') {
      this.hasNewPair = true
      return { type: 'granted', staged: this.#takeStage(makeStage(this.#tools, record, outcome.pair)) }
    }
    this.#cause = outcome.error
    return outcome.type === 'refused' ? { type: 'refused', isGrantDead: outcome.isGrantDead } : { type: outcome.type }
  }

  /** Where it fails, the next run finds out the same by itself. */
  async #amend(revision: string, pending: Pending | null): Promise<RotationEvent> {
    const { record } = this.#requireStored()
    await this.#locked.compareAndSet(revision, { ...record, pending }).catch(() => null)
    return { type: 'done' }
  }

  async #commit(over: string): Promise<RotationEvent> {
    try {
      const revision = await this.#locked.compareAndSet(over, this.#requireStage().record)
      return { type: 'written', isOurs: revision !== null }
    } catch (thrown) {
      this.#cause = thrown
      return { type: 'store-failed' }
    }
  }

  async #finish(): Promise<RotationEvent> {
    const { mark, stage } = this.#tools
    const { lineage, generation } = this.#requireStage().record
    await mark.write(lineage, generation).catch(() => undefined)
    // Left behind, it is harmless: it names an attempt that no record waits for.
    await stage.remove().catch(() => undefined)
    return { type: 'done' }
  }

  #takeStage(stage: Stage): StagedPair {
    for (const token of [stage.record.accessToken, stage.record.refreshToken]) {
      this.#tools.scrubber.add(token.reveal())
    }
    this.#stage = stage
    return this.#viewStage(stage)
  }

  #view({ revision, record }: Stored): Snapshot {
    const { lineage, generation, pending } = record
    return { revision, lineage, generation, pair: this.#digest(record), pending }
  }

  #viewStage({ attempt, record }: Stage): StagedPair {
    const { lineage, generation } = record
    return { attempt, lineage, generation, pair: this.#digest(record) }
  }

  #digest({ lineage, refreshToken }: TokenRecord): string {
    return digestToken(lineage, refreshToken, this.#tools.crypto)
  }

  #requireStored(): Stored {
    if (this.#stored === undefined) throw new TypeError('No record was read')
    return this.#stored
  }

  #requireStage(): Stage {
    if (this.#stage === undefined) throw new TypeError('No pair was granted or staged')
    return this.#stage
  }
}
