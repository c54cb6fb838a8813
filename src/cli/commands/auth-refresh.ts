/** `bbstate auth refresh`: rotates the token now, or where it is old enough. */
import { refreshSignIn } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { UsageError } from '../../model/errors.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const age = settings.text('if-older-than')
  const due = age === undefined ? undefined : { older: readAge(age), now: world.clock.now() }
  const auth = await openAuth(world, settings, 'auth refresh', await face.listener())
  try {
    const { status, isRefreshed } = await refreshSignIn(auth.token.vault, auth.connection.baseUrl, due)
    if (face.options.json) face.print(formatJson({ ...status, isRefreshed }))
    else if (isRefreshed) {
      face.print(`Refreshed: generation ${status.generation}. Tokens of earlier generations are dead.\n`)
    } else face.print(`Nothing to do: the last refresh was less than ${age ?? ''} ago.\n`)
    return 0
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
