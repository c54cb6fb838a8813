#!/usr/bin/env node
/**
 * A token helper for bbstate that keeps records in a directory: helper.mjs DIRECTORY
 *
 * It speaks bbstate-store-1 (docs/reference/exec-store.md) and is meant to be copied and changed. Compare-and-set comes
 * from link(2), which never replaces: revision 7 of a record is a file NAME.7, and of two writers who both follow
 * revision 6 only one can make it. A lock is kept the same way, so it needs no server and survives kill -9. Several
 * machines may share the directory (NFS 3 and later) as long as their clocks agree within seconds.
 */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const protocol = 'bbstate-store-1'
const [directory] = process.argv.slice(2)

/** What a register holds now, and its revision; revision 0 has never been written. */
async function readRegister(name) {
  for (;;) {
    const revision = Math.max(0, ...(await revisionsOf(name)))
    if (revision === 0) return { revision, value: null }
    try {
      return { revision, value: JSON.parse(await readFile(join(directory, `${name}.${revision}`), 'utf8')) }
    } catch (error) {
      // A newer revision was written, and this one cleared away, between the two steps.
      if (error.code !== 'ENOENT') throw error
    }
  }
}

/** Writes the revision after `revision`. `false`: somebody else did. */
async function writeRegister(name, revision, value) {
  const next = revision + 1
  const beside = join(directory, `.new-${randomBytes(8).toString('hex')}`)
  await writeDurably(beside, JSON.stringify(value))
  try {
    await link(beside, join(directory, `${name}.${next}`))
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
  const revisions = await revisionsOf(name)
  if (Math.max(...revisions) > next) {
    // The name was free only because others are further on and have cleared it away.
    await rm(join(directory, `${name}.${next}`), { force: true })
    return false
  }
  await flushDirectory()
  // The one before stays: whoever is listing the directory right now finds it. What was removed leaves nothing.
  const oldest = value === null ? next : revision
  for (const old of revisions) if (old < oldest) await rm(join(directory, `${name}.${old}`), { force: true })
  return true
}

async function revisionsOf(name) {
  const names = await readdir(directory)
  return names
    .filter((each) => each.startsWith(`${name}.`) && /^\d+$/u.test(each.slice(name.length + 1)))
    .map((each) => Number(each.slice(name.length + 1)))
}

async function writeDurably(path, text) {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function flushDirectory() {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const operations = {
  capabilities: () => ({ name: `directory ${directory}`, compareAndSet: true, lock: true }),

  async read({ key }) {
    const { revision, value } = await readRegister(`${key}.record`)
    return value === null ? { revision: null, record: null } : { revision: String(revision), record: value }
  },

  async write({ key, ifRevision, record }) {
    const { revision, value } = await readRegister(`${key}.record`)
    const isExpected = (value === null ? null : String(revision)) === ifRevision
    if (!isExpected || !(await writeRegister(`${key}.record`, revision, record))) return { written: false }
    return { written: true, revision: record === null ? null : String(revision + 1) }
  },

  async lock({ key, token, ttl, holder }) {
    for (;;) {
      const { revision, value } = await readRegister(`${key}.lock`)
      const isFree = value === null || value.token === token || value.until <= Date.now()
      if (!isFree) return { locked: false, holder: value.holder }
      const mine = { token, holder, until: Date.now() + ttl * 1000 }
      if (await writeRegister(`${key}.lock`, revision, mine)) return { locked: true, ttl }
    }
  },

  async unlock({ key, token }) {
    for (;;) {
      const { revision, value } = await readRegister(`${key}.lock`)
      if (value?.token !== token) return { unlocked: false }
      if (await writeRegister(`${key}.lock`, revision, null)) return { unlocked: true }
    }
  },
}

/** Names become parts of file names. */
function requireSafeKey({ key }) {
  if (key !== undefined && !/^[a-z0-9][a-z0-9.-]{0,299}$/u.test(key)) throw new Error('the key is no safe file name')
}

async function removeLeftovers() {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const found = name.startsWith('.new-') ? await stat(path).catch(() => null) : null
    if (found !== null && Date.now() - found.mtimeMs > 3_600_000) await rm(path, { force: true })
  }
}

try {
  if (directory === undefined) throw new Error('name the directory as the first argument')
  let input = ''
  for await (const piece of process.stdin) input += piece
  const request = JSON.parse(input)
  if (request.protocol !== protocol) throw new Error(`only ${protocol} is spoken here`)
  const operation = Object.hasOwn(operations, request.operation) ? operations[request.operation] : undefined
  if (operation === undefined) throw new Error('this operation is not known here')
  requireSafeKey(request)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await removeLeftovers()
  process.stdout.write(`${JSON.stringify({ protocol, ...(await operation(request)) })}\n`)
} catch (error) {
  // For people. Never the request: it holds the record.
  const reason = error instanceof SyntaxError ? 'what was read is not JSON' : error.message
  process.stderr.write(`bbstate token helper: ${reason}\n`)
  process.exitCode = 1
}
