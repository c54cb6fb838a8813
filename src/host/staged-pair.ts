/** A pair that a run has fetched and not committed, because it was stopped in between. */
import { existsSync } from 'node:fs'
import type { Listener } from '../model/event.js'
import type { SignInStatus } from '../model/sign-in.js'
import { findConnection, stageDirectory } from './connection.js'
import type { Settings } from './settings.js'
import { openAuth } from './sign-in.js'
import { stagePathIn } from './token.js'
import type { World } from './world.js'

/**
 * Where the run would stage a pair; `undefined`: it uses no stored sign-in. Nothing is sent.
 * @throws BbstateError as the run itself will
 */
export async function findStagePath(world: World, settings: Settings): Promise<string | undefined> {
  const { environment } = world
  if (environment['BBSTATE_TOKEN'] || environment['BBSTATE_PASSWORD']) return undefined
  const { baseUrl, clientId, store } = await findConnection(world, settings)
  return clientId === undefined ? undefined : stagePathIn(await stageDirectory(world, store), baseUrl, clientId)
}

/** Seconds to wait for the lock of a run that was killed: one that ends by time lives for two minutes. */
const patience = 150

/**
 * Commits the pair that lies at a path; `null`: there is none, or the store is past it.
 * @throws BbstateError where it cannot be committed; it stays where it is.
 */
export async function commitStagedPair(
  world: World,
  settings: Settings,
  path: string,
  listen: Listener,
): Promise<SignInStatus | null> {
  if (!existsSync(path)) return null
  const given = settings.withFallback({ 'lock-timeout': patience })
  const { token, close } = await openAuth(world, given, 'auth recover', listen)
  try {
    return await token.vault.recover(false)
  } finally {
    await close()
  }
}
