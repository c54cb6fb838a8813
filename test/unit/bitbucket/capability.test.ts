import { describe, expect, it } from 'vitest'
import { probeCapabilities } from '../../../src/bitbucket/capability.js'
import { compareVersions } from '../../../src/model/version.js'
import { registry } from '../../../src/bitbucket/registry.js'
import { failure, record } from './recording-server.js'

describe('probeCapabilities', () => {
  it('says of each setting whether the server has it, and why not', async () => {
    const { api } = record((path) => {
      if (path === '/ssh/latest/admin' || path === '/keys/latest/admin' || path === '/admin') return undefined
      if (path.startsWith('/policies')) return undefined
      if (path.endsWith('/mail-server')) return failure('API_FORBIDDEN')
      if (path.endsWith('/rate-limit/settings')) return { enabled: false }
      return path.endsWith('groups') ? [] : null
    })
    const found = new Map((await probeCapabilities(api, registry, '8.5.1')).map((each) => [each.kind, each]))
    expect(found.get('banner')).toEqual({
      kind: 'banner',
      title: 'Announcement banner',
      permission: 'ADMIN',
      state: 'supported',
    })
    expect(found.get('members')?.state).toBe('supported')
    expect(found.get('sshKeyPolicy')).toMatchObject({
      state: 'unsupported',
      because: 'This server is 8.5.1, and the setting came with 8.7',
    })
    expect(found.get('repositoryDeletion')?.because).toContain('no such endpoint, which came with Bitbucket 8.0')
    expect(found.get('mailServer')?.state).toBe('forbidden')
  })
})

describe('compareVersions', () => {
  it.each([
    ['9.4.2', '9.4', 1],
    ['9.4', '9.4.0', 0],
    ['8.19.12', '10.0', -1],
    ['9.10.0', '9.9.9', 1],
    ['10.0.0-rc1', '10.0.0', 0],
    ['', '7.21', -1],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign)
  })
})
