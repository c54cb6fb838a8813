import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nameNetworkFileSystem, prepareDirectory, recordFiles } from '../../../src/host/record-file.js'
import { failureOf } from '../../token.js'

let home = ''
let path = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-files-'))
  path = join(home, 'token.json')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('private files', () => {
  it('are replaced in one step, for this user alone, whatever the umask and the file before', async () => {
    expect(await recordFiles.read(path)).toBeNull()
    const umask = process.umask(0)
    try {
      await recordFiles.replace(path, 'one')
    } finally {
      process.umask(umask)
    }
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const before = statSync(path).ino
    chmodSync(path, 0o644)
    await recordFiles.replace(path, 'two')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(path).ino).not.toBe(before)
    expect(await recordFiles.read(path)).toBe('two')
    expect(readdirSync(home)).toEqual(['token.json'])
  })

  it('take over what a killed run left beside', async () => {
    writeFileSync(`${path}.new`, 'half', { mode: 0o644 })
    await recordFiles.replace(path, 'whole')
    expect(await recordFiles.read(path)).toBe('whole')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(home)).toEqual(['token.json'])
  })

  it.each([0o640, 0o604, 0o660, 0o666])('are refused with the rights %o', async (mode) => {
    writeFileSync(path, 'CANARY')
    chmodSync(path, mode)
    const error = await failureOf(recordFiles.read(path))
    expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
    expect(error.message + (error.hint ?? '')).toContain(`chmod 600 ${path}`)
  })

  it('are refused behind a link and where something else stands', async () => {
    writeFileSync(join(home, 'real'), 'x', { mode: 0o600 })
    symlinkSync(join(home, 'real'), path)
    expect((await failureOf(recordFiles.read(path))).message).toContain('symbolic link')
    const directory = join(home, 'directory')
    mkdirSync(directory, { mode: 0o700 })
    expect((await failureOf(recordFiles.read(directory))).message).toContain('not a regular file')
  })

  it('do not replace the target of a link', async () => {
    writeFileSync(join(home, 'real'), 'kept', { mode: 0o600 })
    symlinkSync(join(home, 'real'), path)
    await recordFiles.replace(path, 'new')
    expect(readFileSync(join(home, 'real'), 'utf8')).toBe('kept')
    expect(await recordFiles.read(path)).toBe('new')
  })

  it('say whether there was something to remove', async () => {
    await recordFiles.replace(path, 'x')
    expect(await recordFiles.remove(path)).toBe(true)
    expect(await recordFiles.remove(path)).toBe(false)
  })

  it('that cannot be written are an error of the store, and leave nothing behind', async () => {
    const error = await failureOf(recordFiles.replace(join(home, 'no', 'token.json'), 'CANARY'))
    expect(error).toMatchObject({ code: 'AUTH_STORE' })
    expect(error.message).toContain('ENOENT')
    expect(JSON.stringify(error)).not.toContain('CANARY')
  })
})

describe('their directory', () => {
  const local = { allowsNetwork: false }
  it('is made for this user alone', async () => {
    const directory = join(home, 'a', 'b')
    await prepareDirectory(directory, local)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    await prepareDirectory(directory, local)
  })
  it('is refused where others may write, and where it is a file', async () => {
    const open = join(home, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    expect((await failureOf(prepareDirectory(open, local))).message).toContain('can be written by other users')
    writeFileSync(path, '')
    expect(await failureOf(prepareDirectory(path, local))).toMatchObject({ code: 'AUTH_STORE' })
  })
  it('is recognised on network file systems by the number that statfs gives, sign-extended or not', () => {
    expect(nameNetworkFileSystem(0x6969)).toBe('NFS')
    expect(nameNetworkFileSystem(0xff534d42)).toBe('CIFS')
    expect(nameNetworkFileSystem(0xff534d42 | 0)).toBe('CIFS')
    expect(nameNetworkFileSystem(0xef53)).toBeUndefined()
    expect(nameNetworkFileSystem(0x01021994)).toBeUndefined()
  })
})
