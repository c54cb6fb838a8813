/** Joins the sign-in to this machine: options, profile, browser or pasted redirect. */
import { resolve } from 'node:path'
import { signIn } from '../app/sign-in.js'
import { AuthError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { SignInStatus } from '../model/sign-in.js'
import { type Connection, findConnection, openStoredToken } from './connection.js'
import { readAllowances } from './plan-options.js'
import { readProfiles, saveProfile } from './profile.js'
import { ask } from './prompt.js'
import { nameRecovery } from './recovery.js'
import type { Settings } from './settings.js'
import { beginSignIn, describeRun, systemClock, type Token } from './token.js'
import type { World } from './world.js'

/** Opens the token that the `auth` commands look after. */
export async function openAuth(
  world: World,
  given: Settings,
  command: string,
  listen: Listener,
): Promise<{ readonly token: Token; readonly connection: Connection; close(): Promise<void> }> {
  const connection = await findConnection(world, given, undefined, listen)
  const token = await openStoredToken(world, connection, command, listen)
  return { token, connection, close: () => connection.transport.close() }
}

/** Signs in and remembers the server in the user's profile. */
export async function signInHere(
  world: World,
  given: Settings,
  listen: Listener,
  show: (text: string) => void,
): Promise<SignInStatus> {
  const { token, connection, close } = await openAuth(world, given, 'auth login', listen)
  const { settings, baseUrl } = connection
  const clientId = connection.clientId ?? ''
  const redirectUri = settings.text('redirect-uri') ?? ''
  const request = { baseUrl, clientId, redirectUri, scope: settings.text('scope') ?? 'SYSTEM_ADMIN' }
  const allowsNamelessServer = readAllowances(settings.list('allow')).allows('no-identity-header')
  const isPasted = settings.flag('paste')
  try {
    const status = await signIn({
      approveServer: () => approveServer(world, connection),
      prepare: () => token.prepare(),
      begin: () =>
        beginSignIn(request, {
          signal: world.signal,
          ...(isPasted
            ? { paste: () => ask('\nPaste the whole address that the browser ended at: ', world.signal) }
            : {}),
          ...callbackTls(world, settings),
        }),
      show: (url) => show(`Sign in to ${baseUrl} and allow access:\n\n  ${url}\n`),
      keep: (grant) => token.keep(request, grant, { allowsNamelessServer }),
      ...(settings.flag('browser') && !isPasted ? { openBrowser: (url: string) => world.openBrowser(url) } : {}),
    })
    await remember(world, connection, redirectUri)
    return status
  } finally {
    await close()
  }
}

/** A server that this user never signed in to gets the client secret only if somebody says so. */
async function approveServer(world: World, { baseUrl }: Connection): Promise<void> {
  const { config } = await world.directories()
  const isKnown = (await readProfiles(config)).some((profile) => profile.baseUrl === baseUrl)
  const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/u.test(baseUrl)
  if (isKnown || isLocal) return
  if (!world.isInteractive) {
    throw new AuthError('AUTH_ORIGIN', `Nobody has signed in to ${baseUrl} on this machine before`, {
      hint: 'The first sign-in to a server asks at a terminal whether it is the right one.',
    })
  }
  const answer = await ask(`\nSign in to ${baseUrl} for the first time? Only 'yes' is accepted: `, world.signal)
  if (answer.trim() !== 'yes') throw new AuthError('AUTH_ORIGIN', `The sign-in to ${baseUrl} was not approved`)
}

function callbackTls(world: World, settings: Settings): { tls?: { cert: string; key: string } } {
  const [cert, key] = [settings.text('callback-cert'), settings.text('callback-key')]
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined) {
    throw new UsageError('--callback-cert and --callback-key belong together: one of them is missing')
  }
  return { tls: { cert: world.readFile(cert, '--callback-cert'), key: world.readFile(key, '--callback-key') } }
}

async function remember(world: World, connection: Connection, redirectUri: string): Promise<void> {
  const { baseUrl, clientId = '', settings } = connection
  const { config } = await world.directories()
  const caFile = settings.text('ca-file')
  const given = settings.text('token-store') === undefined ? {} : connection.store
  const recovery = nameRecovery(connection)
  const profile = {
    baseUrl,
    clientId,
    redirectUri,
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
    ...given,
    ...(recovery.key === undefined ? {} : { recoveryKey: recovery.key, recoverySink: recovery.sink }),
  }
  await saveProfile(config, profile, describeRun('auth login', world.environment), systemClock)
}
