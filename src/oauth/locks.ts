/** The two locks of a token as somebody sees them who holds neither, and how they are freed by force. */
import type { LockWords } from '../model/sign-in.js'
import type { RotationTools } from './rotation-tools.js'
import type { LockView } from './store.js'

type Tools = Pick<RotationTools, 'store' | 'lease'>

function viewsOf({ store, lease }: Tools): readonly (readonly [LockWords['name'], LockView])[] {
  return [
    ...(store.lockView === undefined ? [] : [['rotation lock', store.lockView] as const]),
    ...(lease?.view === undefined ? [] : [['use lease', lease.view] as const]),
  ]
}

/** Who holds which; a lock that a store does not have is left out. */
export async function inspectLocks(tools: Tools): Promise<readonly LockWords[]> {
  const locks: LockWords[] = []
  for (const [name, view] of viewsOf(tools)) {
    locks.push({ name, holder: await view.holder(), isForcible: view.free !== undefined })
  }
  return locks
}

/** Frees what is held and can be freed. Answers what was held before. */
export async function forceLocks(tools: Tools): Promise<readonly LockWords[]> {
  const before = await inspectLocks(tools)
  for (const [name, view] of viewsOf(tools)) {
    if (before.find((lock) => lock.name === name)?.holder !== null) await view.free?.()
  }
  return before
}
