import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configurationFiles } from '../../../src/host/configuration-files.js'
import { ConfigError, type Finding } from '../../../src/model/errors.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bbstate-files-'))
  mkdirSync(join(root, 'config/teams'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (path: string): string => join(root, path)
const write = (path: string, text: string | Uint8Array = 'instance: {}\n'): void => writeFileSync(at(path), text)
const names = (...paths: readonly string[]): readonly string[] =>
  configurationFiles()
    .expand(paths.map(at))
    .map(({ name }) => name.slice(name.lastIndexOf('/') + 1))

function refused(use: () => unknown): readonly Finding[] {
  try {
    use()
  } catch (error) {
    if (error instanceof ConfigError) return error.findings
    throw error
  }
  throw new Error('Nothing was refused')
}

describe('files of a configuration', () => {
  test('a folder is read recursively and sorted; other files and hidden names are not', () => {
    mkdirSync(at('config/.git'))
    for (const path of ['teams/b.yml', 'teams/a.json', 'z.yaml', 'a.yaml', 'notes.md', '.ci.yml', '.git/x.yaml']) {
      write(`config/${path}`)
    }
    expect(names('config')).toEqual(['a.yaml', 'a.json', 'b.yml', 'z.yaml'])
  })

  test('a file that is named twice is read once', () => {
    write('config/a.yaml')
    write('config/teams/b.yaml')
    expect(names('config/a.yaml', 'config')).toEqual(['a.yaml', 'b.yaml'])
  })

  test('links beside each other work, as Kubernetes mounts them', () => {
    mkdirSync(at('config/..2026'))
    write('config/..2026/bbstate.yaml', 'server: https://bitbucket.example.com\n')
    symlinkSync('..2026', at('config/..data'))
    symlinkSync('..data/bbstate.yaml', at('config/bbstate.yaml'))
    expect(names('config')).toEqual(['bbstate.yaml'])
    expect(configurationFiles().read(at('config/bbstate.yaml')).text).toContain('server')
  })

  test.each([
    ['a link out of the folder', 'config'],
    ['a link out, named by itself', 'config/link.yaml'],
  ])('%s is refused', (_what, path) => {
    write('secret.yaml', 'password: hunter2\n')
    symlinkSync(at('secret.yaml'), at('config/link.yaml'))
    const [finding] = refused(() => names(path))
    expect(finding).toMatchObject({ code: 'CONFIG_FILE', message: expect.stringContaining('leads out') })
    expect(JSON.stringify(finding)).not.toContain('hunter2')
  })

  test('a link out is refused as an overlay too', () => {
    write('secret.yaml')
    symlinkSync(at('secret.yaml'), at('config/link.yaml'))
    expect(refused(() => configurationFiles().read(at('config/link.yaml')))[0]?.message).toContain('leads out')
  })

  test('a linked folder is refused rather than left out: what is not read would be pruned', () => {
    mkdirSync(at('elsewhere'))
    symlinkSync(at('elsewhere'), at('config/more'))
    expect(refused(() => names('config'))[0]?.message).toMatch(/more is a link to a folder/u)
  })

  test('a pipe is refused without waiting for a writer, a device without reading it', () => {
    execFileSync('mkfifo', [at('config/pipe.yaml')])
    expect(refused(() => names('config/pipe.yaml'))[0]?.message).toMatch(/not a regular file/u)
    expect(refused(() => configurationFiles().expand(['/dev/zero']))[0]?.message).toMatch(/not a regular file/u)
  })

  test('a large file is refused by its size', () => {
    write('config/large.yaml')
    truncateSync(at('config/large.yaml'), 10 * 1024 * 1024 + 1)
    expect(refused(() => names('config'))[0]?.message).toMatch(/larger than 10 MB/u)
  })

  test('what is not UTF-8 is refused; a byte order mark is kept for the parser', () => {
    write('config/latin.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xe4]))
    expect(refused(() => names('config'))[0]?.message).toMatch(/not UTF-8/u)
    write('config/latin.yaml', '\ufeffinstance: {}\r\n')
    expect(names('config')).toEqual(['latin.yaml'])
  })

  test('everything that is refused is refused at once', () => {
    write('config/large.yaml')
    truncateSync(at('config/large.yaml'), 11 * 1024 * 1024)
    write('config/latin.yaml', new Uint8Array([0xff]))
    expect(refused(() => names('config'))).toHaveLength(2)
    expect(refused(() => names('nowhere.yaml', 'config/teams', 'config'))).toHaveLength(2)
  })

  test('a dangling link and a missing path are named', () => {
    symlinkSync('gone.yaml', at('config/link.yaml'))
    expect(refused(() => names('config'))[0]?.message).toMatch(/leads nowhere/u)
    expect(refused(() => names('none'))[0]).toMatchObject({ code: 'CONFIG_FILE', hint: expect.any(String) })
  })
})
