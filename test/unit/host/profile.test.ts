import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findProfile, type Profile, readProfiles, saveProfile } from '../../../src/host/profile.js'
import { askKeychain, type KeychainAnswer } from '../../../src/host/keychain.js'
import { takeStoreKeys } from '../../../src/host/store-keys.js'
import { tlsOptions } from '../../../src/host/trust.js'
import { Scrubber } from '../../../src/model/secret.js'
import { makeAuthority } from '../../certificates.js'
import { failureOf, makeClock } from '../../token.js'

const run = { holder: 'test', host: 'h', ephemeral: false }
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-profile-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const profile = (baseUrl: string, clientId = 'id'): Profile => ({
  baseUrl,
  clientId,
  redirectUri: 'http://localhost:1/',
})

describe('profiles', () => {
  it('are kept one for each server and client, for this user alone', async () => {
    const directory = join(home, 'config')
    expect(await readProfiles(directory)).toEqual([])
    const [a, b, c] = [profile('https://a.example'), profile('https://b.example'), profile('https://a.example', 'id2')]
    await Promise.all([a, b, c].map((each) => saveProfile(directory, each, run, makeClock())))
    await saveProfile(directory, { ...a, caFile: '/etc/ca.pem' }, run, makeClock())
    const profiles = await readProfiles(directory)
    expect(profiles).toHaveLength(3)
    expect(findProfile(profiles, { baseUrl: 'https://a.example', clientId: 'id' })).toEqual({
      ...a,
      caFile: '/etc/ca.pem',
    })
    expect(statSync(join(directory, 'profiles.json')).mode & 0o777).toBe(0o600)
  })

  it('are found by what is given, and never guessed', () => {
    const profiles = [profile('https://a.example'), profile('https://b.example'), profile('https://b.example', 'id2')]
    expect(findProfile(profiles, { baseUrl: 'https://a.example' })).toBe(profiles[0])
    expect(findProfile(profiles, { clientId: 'id2' })).toBe(profiles[2])
    expect(findProfile(profiles, { baseUrl: 'https://c.example' })).toBeUndefined()
    expect(findProfile([], {})).toBeUndefined()
    expect(() => findProfile(profiles, {})).toThrow(/https:\/\/a\.example.*https:\/\/b\.example/u)
    expect(() => findProfile(profiles, { baseUrl: 'https://b.example' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--client-id') as string }),
    )
  })

  it.each([
    '',
    '{',
    '[]',
    '{"version":2,"profiles":[]}',
    '{"version":1,"profiles":[{"baseUrl":"https://A.example"}]}',
    '{"version":1,"profiles":[{"baseUrl":"https://u:CANARY@a.example","clientId":"i","redirectUri":"r"}]}',
  ])('are refused where the file is %j', async (text) => {
    writeFileSync(join(home, 'profiles.json'), text, { mode: 0o600 })
    const error = await failureOf(readProfiles(home))
    expect(error).toMatchObject({ code: 'AUTH_STORE' })
    expect(error.message).not.toContain('CANARY')
  })
})

describe('the key of the store', () => {
  const key = Buffer.alloc(32, 7).toString('base64')
  const policy = (isInteractive: boolean, warnings: string[] = [], keychain: KeychainAnswer = {}) => ({
    isInteractive,
    warn: (text: string) => warnings.push(text),
    askKeychain: () => Promise.resolve(keychain),
  })

  it('is taken out of the environment, and known to the scrubber', async () => {
    const environment: Record<string, string | undefined> = {
      BBSTATE_STORE_KEY: key,
      BBSTATE_STORE_KEY_PREVIOUS: 'ab'.repeat(32),
      CI: 'true',
    }
    const scrubber = new Scrubber()
    const keys = await takeStoreKeys(environment, policy(false), scrubber)
    expect(keys?.current).toEqual(new Uint8Array(32).fill(7))
    expect(keys?.previous).toEqual(new Uint8Array(32).fill(0xab))
    expect(environment).toEqual({ CI: 'true' })
    expect(scrubber.scrub(`key ${key}`)).toBe('key (sensitive)')
  })

  it('may lie in a file', async () => {
    const path = join(home, 'key')
    writeFileSync(path, `${key}\n`)
    expect(
      (await takeStoreKeys({ BBSTATE_STORE_KEY_FILE: path }, policy(false), new Scrubber()))?.current,
    ).toHaveLength(32)
    expect(readFileSync(path, 'utf8')).toBe(`${key}\n`)
    await expect(
      takeStoreKeys({ BBSTATE_STORE_KEY_FILE: join(home, 'no') }, policy(true), new Scrubber()),
    ).rejects.toThrow(/ENOENT/u)
  })

  it('may be missing at a terminal only, with a warning', async () => {
    const warnings: string[] = []
    expect(await takeStoreKeys({}, policy(true, warnings), new Scrubber())).toBeNull()
    expect(await takeStoreKeys({ CI: 'false' }, policy(true, warnings), new Scrubber())).toBeNull()
    expect(warnings).toHaveLength(2)
    for (const [environment, isInteractive] of [
      [{ CI: 'true' }, true],
      [{ CI: '1' }, true],
      [{}, false],
      [{ BBSTATE_STORE_KEY: '' }, false],
    ] as const) {
      await expect(takeStoreKeys({ ...environment }, policy(isInteractive), new Scrubber())).rejects.toThrow(
        expect.objectContaining({ code: 'AUTH_STORE', exitCode: 6 }),
      )
    }
  })

  it('that is none is refused without being shown', async () => {
    await expect(takeStoreKeys({ BBSTATE_STORE_KEY: 'CANARY' }, policy(true), new Scrubber())).rejects.toThrow(
      expect.objectContaining({ code: 'AUTH_STORE', message: expect.not.stringContaining('CANARY') as string }),
    )
  })

  it('may lie in the keychain, which is asked last and never in CI', async () => {
    const kept = { key: Buffer.alloc(32, 9).toString('hex') }
    const scrubber = new Scrubber()
    expect((await takeStoreKeys({}, policy(false, [], kept), scrubber))?.current[0]).toBe(9)
    expect(scrubber.scrub(kept.key)).toBe('(sensitive)')
    expect((await takeStoreKeys({ BBSTATE_STORE_KEY: key }, policy(false, [], kept), new Scrubber()))?.current[0]).toBe(
      7,
    )
    await expect(takeStoreKeys({ CI: '1' }, policy(false, [], kept), new Scrubber())).rejects.toThrow(
      /no key is given/u,
    )
    const warnings: string[] = []
    await takeStoreKeys({}, policy(true, warnings, { problem: 'it is locked' }), new Scrubber())
    expect(warnings[0]).toContain('it is locked')
  })

  it.each([
    ['darwin', `echo ${key}`, { key }],
    ['linux', `printf %s ${key}`, { key }],
    ['darwin', 'echo "The specified item could not be found in the keychain." >&2; exit 44', {}],
    ['linux', 'exit 1', {}],
    ['linux', 'echo "Cannot autolaunch D-Bus" >&2; exit 1', { problem: expect.stringContaining('D-Bus') as string }],
    ['darwin', 'exit 51', { problem: expect.stringContaining('exit code 51') as string }],
    ['win32', 'echo x', {}],
  ])('on %s, where the keychain does %j', async (platform, body, answer) => {
    const path = join(home, 'keychain')
    writeFileSync(path, `#!/bin/sh\n[ "$1" = find-generic-password ] || [ "$1" = lookup ] || exit 9\n${body}\n`, {
      mode: 0o755,
    })
    expect(await askKeychain(platform, process.env, path)).toEqual(answer)
  })

  it('is not looked for where there is no keychain', async () => {
    expect(await askKeychain('linux', {}, join(home, 'missing'))).toEqual({})
  })
})

describe('whom a connection trusts', () => {
  const { cert, key } = makeAuthority('Some Authority')
  it('is the system, what NODE_EXTRA_CA_CERTS names, and what the option names', () => {
    const path = join(home, 'extra.pem')
    writeFileSync(path, cert)
    expect(tlsOptions({}, {})).toEqual({ environment: {} })
    const options = tlsOptions({ ca: cert }, { NODE_EXTRA_CA_CERTS: path })
    expect(options.systemCa?.length).toBeGreaterThan(50)
    expect(options.systemCa?.at(-1)).toBe(cert)
    expect(tlsOptions({ ca: cert }, { NODE_EXTRA_CA_CERTS: join(home, 'no') }).systemCa?.length).toBeGreaterThan(50)
  })
  it('is refused where something is missing or no PEM', () => {
    expect(tlsOptions({ cert, key }, {})).toMatchObject({ cert, key })
    expect(() => tlsOptions({ cert }, {})).toThrow(/--key/u)
    expect(() => tlsOptions({ ca: 'CANARY' }, {})).toThrow(/--ca-file/u)
  })
})
