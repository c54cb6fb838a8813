/** Joins a move to this machine: two stores, and the profile that shall point to the new one. */
import { AuthError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { SignInStatus } from '../model/sign-in.js'
import { moveSignIn } from '../oauth/move.js'
import { describeSignIn } from '../oauth/sign-in.js'
import { type Connection, findConnection, openStoredToken } from './connection.js'
import { type Profile, saveProfile, type StoreWords } from './profile.js'
import type { Settings } from './settings.js'
import { describeRun, systemClock } from './token.js'
import { anchorStore } from './token-store.js'
import type { World } from './world.js'

/** What a move did. */
export interface MoveReport {
  readonly status: SignInStatus
  readonly from: string
  readonly to: string
  /** `false`: it had been moved before. */
  readonly isNew: boolean
  /** Whether later runs of this user find it by themselves. */
  readonly isRemembered: boolean
}

/** Moves the token of a connection to the store that `--to` names. */
export async function moveHere(world: World, given: Settings, listen: Listener): Promise<MoveReport> {
  const connection = await findConnection(world, given, undefined, listen)
  try {
    const to = readTarget(connection.settings)
    const from = chooseSource(connection, to)
    if (from === null) return await reportHere(world, connection, to, listen)
    const [source, target] = await openBoth(world, connection, from, to, listen)
    if (source.tools.store.location === target.tools.store.location) {
      return await reportHere(world, { ...connection, store: to }, to, listen)
    }
    const turn = (movedFrom: StoreWords | undefined): Promise<void> => turnProfile(world, connection, to, movedFrom)
    const { stored, isNew } = await moveSignIn(source.tools, target.tools, {
      to: to.tokenStore,
      turn: () => turn(from),
      finish: () => turn(undefined),
    })
    const isRemembered = connection.profile !== undefined
    const status = describeSignIn(stored, target.tools.store)
    return { status, from: source.tools.store.location, to: to.tokenStore, isNew, isRemembered }
  } finally {
    await connection.transport.close()
  }
}

function readTarget(settings: Settings): StoreWords {
  const to = settings.text('to')
  if (to === undefined) {
    throw new UsageError('Where to? --to names the other store', {
      hint: 'It is spelled as for --token-store, such as --to vault:https://vault.example.com:8200/secret/bbstate.',
    })
  }
  return {
    tokenStore: anchorStore(to),
    storeArguments: settings.list('to-argument'),
    storeVariables: settings.list('to-variable'),
  }
}

/** Where the token is now; after a move that was killed at its very end, what is left of it; `null`: in the target. */
function chooseSource({ store, profile, settings }: Connection, to: StoreWords): StoreWords | null {
  const isHere = store.tokenStore === to.tokenStore && settings.text('token-store') === undefined
  const isExec = to.tokenStore.startsWith('exec:')
  if (!isHere || (isExec && store.storeArguments.join('\0') !== to.storeArguments.join('\0'))) return store
  return profile?.movedFrom ?? null
}

/** Nothing is left to move. */
async function reportHere(
  world: World,
  connection: Connection,
  { tokenStore }: StoreWords,
  listen: Listener,
): Promise<MoveReport> {
  const { vault } = await openStoredToken(world, connection, 'auth move', listen)
  const status = await vault.read()
  if (status === null) {
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${connection.baseUrl} in ${tokenStore}`, {
      hint: 'Where the token lies in another store, name that with --token-store; else run bbstate auth login.',
    })
  }
  const isRemembered = connection.profile !== undefined
  return { status, from: status.location, to: tokenStore, isNew: false, isRemembered }
}

type Tokens = readonly [Awaited<ReturnType<typeof openStoredToken>>, Awaited<ReturnType<typeof openStoredToken>>]

/** Secrets leave the environment as they are read, and both stores may need the same ones. */
async function openBoth(
  world: World,
  connection: Connection,
  from: StoreWords,
  to: StoreWords,
  listen: Listener,
): Promise<Tokens> {
  const copy = { ...world.environment }
  const source = await openStoredToken(world, { ...connection, store: from }, 'auth move', listen)
  const second = { ...world, environment: copy }
  const target = await openStoredToken(second, { ...connection, store: to }, 'auth move', () => undefined)
  const environment = world.environment as Record<string, string | undefined>
  for (const name of Object.keys(environment)) if (!Object.hasOwn(copy, name)) delete environment[name]
  return [source, target]
}

async function turnProfile(
  world: World,
  { profile, baseUrl, clientId }: Connection,
  to: StoreWords,
  movedFrom: StoreWords | undefined,
): Promise<void> {
  if (profile === undefined) return
  const { config } = await world.directories()
  const { movedFrom: _, ...rest } = profile
  const turned: Profile = { ...rest, baseUrl, clientId: clientId ?? profile.clientId, ...to }
  const next = movedFrom === undefined ? turned : { ...turned, movedFrom }
  await saveProfile(config, next, describeRun('auth move', world.environment), systemClock)
}
