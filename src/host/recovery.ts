/**
 * The recovery key of this machine: the public half, to which a token is encrypted that no store takes, and the private
 * half, which lies elsewhere and brings it back.
 */
import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AuthError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { decodeBase64, encodeBase64 } from '../model/base64.js'
import { openLine, type OpenedLine, type RescueSink } from '../oauth/rescue.js'
import type { Profile, StoreWords } from './profile.js'
import { recordFiles } from './record-file.js'
import { makeBoxKeys, makeSealedBox, openSealedBox } from './sealed-box.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

const publicWord = 'bbstate-recovery-public-1'
const privateWord = 'bbstate-recovery-secret-1'
const keyLength = 32

/** The connection that a token is refreshed for. */
export interface RefreshedConnection {
  readonly settings: Settings
  readonly profile: Profile | undefined
  readonly baseUrl: string
  readonly clientId: string | undefined
  readonly store: StoreWords
}

/** Where recovery key and sink are, as options or the profile name them. */
export interface RecoveryWords {
  readonly key: string | undefined
  /** A path, or `-` for stderr. */
  readonly sink: string
}

export function nameRecovery({ settings, profile }: Pick<RefreshedConnection, 'settings' | 'profile'>): RecoveryWords {
  const key = settings.text('recovery-key') ?? profile?.recoveryKey
  const sink = settings.text('recovery-sink') ?? profile?.recoverySink
  return { key: key === undefined ? undefined : resolve(key), sink: anchorSink(sink ?? '-') }
}

/** A sink as a profile keeps it. */
export function anchorSink(sink: string): string {
  return sink === '-' ? sink : resolve(sink)
}

function readPublicKey(world: World, path: string): string {
  try {
    return world.readFile(path, '--recovery-key')
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown
    throw new UsageError(thrown.message, {
      cause: thrown,
      hint: 'Put the public half back there, or make a pair: bbstate auth recovery-key --out FILE, then --recovery-key FILE.pub.',
    })
  }
}

/**
 * The sink of a connection; `undefined` where no recovery key is given.
 * @throws UsageError where the key is none, or a sink is named without a key.
 */
export async function openRescue(
  world: World,
  connection: RefreshedConnection,
  listen: Listener | undefined,
): Promise<RescueSink | undefined> {
  const { key, sink } = nameRecovery(connection)
  if (key === undefined) {
    if (sink === '-') return undefined
    throw new UsageError('--recovery-sink is of no use without --recovery-key', {
      hint: 'Make a key pair with bbstate auth recovery-key --out FILE, and give --recovery-key FILE.pub.',
    })
  }
  const publicKey = parseKey(readPublicKey(world, key), publicWord, '--recovery-key')
  return {
    seal: (plain) => makeSealedBox(plain, publicKey),
    async hand(line) {
      const isKept =
        sink !== '-' &&
        (await recordFiles.replace(sink, `${line}\n`).then(
          () => true,
          () => false,
        ))
      if (isKept) return { where: sink, command: describeCommand(connection, sink) }
      if (listen === undefined) throw new AuthError('AUTH_STORE', 'There is nowhere to hand the token out to')
      listen({ type: 'handed-out', line })
      const where = 'stderr, as the line that begins with bbstate-recovery-1 (save it in a file)'
      return { where, command: describeCommand(connection, 'FILE') }
    },
  }
}

function describeCommand({ baseUrl, clientId, store }: RefreshedConnection, file: string): string {
  const words = [
    ...['bbstate', 'auth', 'recover', file, '--recovery-secret-file', 'PRIVATE-KEY-FILE'],
    ...['--url', baseUrl, '--client-id', clientId ?? ''],
    // A file store lies on one machine; there, its default is the right one.
    ...(store.tokenStore === 'file' ? [] : ['--token-store', store.tokenStore]),
    ...store.storeArguments.flatMap((value) => ['--store-argument', value]),
    ...store.storeVariables.flatMap((value) => ['--store-variable', value]),
  ]
  return words.map(quote).join(' ')
}

/** For a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Opens the line in a file with the private key that an option names. */
export async function readLine(world: World, settings: Settings, file: string): Promise<OpenedLine> {
  const path = settings.text('recovery-secret-file')
  if (path === undefined) {
    throw new UsageError('The private recovery key is needed, and none is given', {
      hint: 'Name it with --recovery-secret-file FILE: the file that bbstate auth recovery-key --out made.',
    })
  }
  const privateKey = parseKey(world.readFile(path, '--recovery-secret-file'), privateWord, '--recovery-secret-file')
  return openLine(world.readFile(file, 'auth recover'), file, (box) => openSealedBox(box, privateKey))
}

/**
 * Makes a key pair: the private half in a file of this user alone, the public one beside it.
 * @throws UsageError where one of the files is there already: what it opens would be lost.
 */
export async function makeRecoveryKey(
  path: string,
): Promise<{ readonly privatePath: string; readonly publicPath: string }> {
  const [privatePath, publicPath] = [resolve(path), `${resolve(path)}.pub`]
  const { publicKey, privateKey } = await makeBoxKeys()
  await writeNew(privatePath, `${privateWord} ${encodeBase64(privateKey)}\n`, 0o600)
  try {
    await writeNew(publicPath, `${publicWord} ${encodeBase64(publicKey)}\n`, 0o644)
  } catch (thrown) {
    await rm(privatePath)
    throw thrown
  }
  return { privatePath, publicPath }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    const what = code === 'EEXIST' ? 'is there already' : `cannot be written (${code})`
    throw new UsageError(`${path} ${what}`, { hint: 'Name another file with --out; keys are never overwritten.' })
  }
}

function parseKey(text: string, word: string, option: string): Uint8Array {
  const [found, value = ''] = text.trim().split(/\s+/u)
  const bytes = decodeBase64(value)
  if (found === word && bytes?.length === keyLength) return bytes
  const isOther = found === publicWord || found === privateWord
  throw new UsageError(
    `${option} names a file that holds no ${word === publicWord ? 'public' : 'private'} recovery key`,
    {
      hint: isOther
        ? 'It holds the other half of the pair. The public key is FILE.pub; the private one stays away from runs.'
        : 'Make a key pair with bbstate auth recovery-key --out FILE.',
    },
  )
}
