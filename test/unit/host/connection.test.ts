/** What a run knows of its server beside what it is told: the authority that the sign-in named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findConnection } from '../../../src/host/connection.js'
import { connectionOptions } from '../../../src/host/options.js'
import { saveProfile } from '../../../src/host/profile.js'
import { Settings } from '../../../src/host/settings.js'
import { systemClock } from '../../../src/host/token.js'
import { createWorld } from '../../../src/host/world.js'
import { makeAuthority } from '../../certificates.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-connection-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('trusts the authority that the sign-in named, for the store as well, unless another one is named', async () => {
  const { cert } = makeAuthority('a company')
  const [kept, given] = ['kept.pem', 'given.pem'].map((name) => join(home, name))
  for (const path of [kept, given]) writeFileSync(path ?? '', cert)
  const baseUrl = 'https://git.example.com'
  const profile = { baseUrl, clientId: 'id', redirectUri: 'http://localhost:34106/', caFile: kept ?? '' }
  const run = { holder: 'a test', host: 'this-host', ephemeral: false }
  await saveProfile(join(home, 'config'), profile, run, systemClock)
  const world = createWorld({ BBSTATE_HOME: home }, new AbortController().signal, '0.1.0', false)
  const caOf = async (options: Readonly<Record<string, unknown>>): Promise<string | undefined> => {
    const { settings, transport } = await findConnection(world, new Settings(options, connectionOptions, {}))
    await transport.close()
    return settings.text('ca-file')
  }
  expect(await caOf({})).toBe(kept)
  expect(await caOf({ 'ca-file': given })).toBe(given)
  const file = join(home, 'connection.json')
  writeFileSync(file, JSON.stringify({ url: baseUrl, 'ca-file': given }))
  expect(await caOf({ connection: file })).toBe(given)
})
