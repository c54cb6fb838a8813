/** Rotates the stored token of a run, so that a sign-in that is seldom used does not end. */
import { refreshSignIn } from '../app/sign-in.js'
import { UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { SignInStatus } from '../model/sign-in.js'
import type { Settings } from './settings.js'
import { openAuth } from './sign-in.js'
import type { World } from './world.js'

/**
 * Rotates now, or where `--if-older-than` says that it is time.
 * @throws UsageError for an age that is none; like a rotation
 */
export async function refreshToken(
  world: World,
  settings: Settings,
  listen: Listener,
): Promise<{ readonly status: SignInStatus; readonly isRefreshed: boolean }> {
  const age = settings.text('if-older-than')
  const due = age === undefined ? undefined : { older: readAge(age), now: world.clock.now() }
  const auth = await openAuth(world, settings, 'auth refresh', listen)
  try {
    return await refreshSignIn(auth.token.vault, auth.connection.baseUrl, due)
  } finally {
    await auth.close()
  }
}

const units = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const

/** Milliseconds in `7d`, `12h`, `30m`. */
function readAge(text: string): number {
  const [, count, unit] = /^(\d{1,4})([dhm])$/u.exec(text) ?? []
  if (count === undefined) {
    throw new UsageError(`--if-older-than ${text} is no age`, { hint: 'Write 7d, 12h or 30m.' })
  }
  return Number(count) * units[unit as keyof typeof units]
}
