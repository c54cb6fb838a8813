/** What every store is made of, and how its secrets come from the environment. */
import type { CryptoPort, Run, TokenClock } from '../oauth/ports.js'
import type { Sealer } from '../oauth/seal.js'
import type { TokenStore } from '../oauth/store.js'
import type { World } from './world.js'

/** What a record of any store is bound to, and what keeps it. */
export interface StoreParts {
  /** Of the record: readable, safe as a file name, the same on every machine. */
  readonly name: string
  readonly baseUrl: string
  readonly clientId: string
  /** @param location what the seal binds beside server and client */
  readonly makeSealer: (location: string) => Sealer
  readonly crypto: CryptoPort
  readonly clock: TokenClock
  readonly run: Run
}

/** Makes a store; where none is given, the file store is made. */
export type MakeStore = (parts: StoreParts) => Promise<TokenStore>

/** A variable, taken out of the environment, so that no child and no later step finds it there; `null`: not set. */
export function takeVariable(world: World, name: string): string | null {
  const environment = world.environment as Record<string, string | undefined>
  const value = environment[name]?.trim()
  delete environment[name]
  if (value === undefined || value === '') return null
  world.scrubber.add(value)
  return value
}
