/**
 * One directory, one sandbox: a kernel lock on a file in it, which the kernel frees with the death of its holder. Two at
 * once would write over each other's state.
 */
import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** Held until it is released. */
export interface DataLock {
  release(): Promise<void>
}

/** Takes a directory, which is made if it is not there. @throws where another sandbox has it. */
export async function lockData(directory: string): Promise<DataLock> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const { tryLock, unlock } = await import('fs-native-extensions')
  const file = await open(join(directory, 'sandbox.lock'), 'a+', 0o600)
  if (!tryLock(file.fd)) {
    const holder = (await file.readFile('utf8')).replaceAll(/\D/gu, '')
    await file.close()
    const who = holder === '' ? 'Another sandbox' : `The sandbox of process ${holder}`
    throw new Error(`${who} keeps its state in ${directory}. Stop it, or give this one another directory.`)
  }
  await file.truncate(0)
  await file.appendFile(String(process.pid))
  let isHeld = true
  return {
    release: async () => {
      if (!isHeld) return
      isHeld = false
      await file.truncate(0)
      unlock(file.fd)
      await file.close()
    },
  }
}
