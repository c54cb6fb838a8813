/** What rotation, recovery and commit share: server, store, machine. */
import type { Listener } from '../model/event.js'
import type { Scrubber } from '../model/secret.js'
import type { Transport } from '../transport.js'
import type { CryptoPort, Run, TokenClock } from './ports.js'
import type { RescueSink } from './rescue.js'
import type { HighWaterMark, LeaseArea, StageArea, TokenStore } from './store.js'
import type { TokenEndpoint } from './token-endpoint.js'

/** What a rotation works with. */
export interface RotationTools {
  readonly transport: Transport
  readonly endpoint: TokenEndpoint
  readonly store: TokenStore
  readonly stage: StageArea
  readonly mark: HighWaterMark
  readonly crypto: CryptoPort
  readonly clock: TokenClock
  readonly run: Run
  readonly scrubber: Scrubber
  /** Keeps others from refreshing while a run uses the token. Absent: the store leaves that to its surroundings. */
  readonly lease?: LeaseArea
  /** Takes a new pair that the store does not. Absent: no recovery key is given. */
  readonly rescue?: RescueSink
  readonly lockTimeoutMilliseconds: number
  /** How long a request of a dead run may still be on its way to the server. Default 60 s. */
  readonly quarantineMilliseconds?: number
  /** Present an old token once more although another machine may hold the pair: a person said that it does not. */
  readonly allowsReplay?: boolean
  /** Once aborted, no new refresh token is presented. */
  readonly signal?: AbortSignal
  readonly listen?: Listener
}
