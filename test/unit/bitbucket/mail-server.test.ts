import { describe, expect, it } from 'vitest'
import mailServer from '../../../src/bitbucket/resources/mail-server.js'
import { change, failure, record } from './recording-server.js'

const after = {
  hostname: 'smtp.example.com',
  useStartTls: true,
  senderAddress: 'git@example.com',
  password: 'not-a-real-password',
}
const camel = { ...after }
const kebab = {
  hostname: 'smtp.example.com',
  'use-start-tls': true,
  'sender-address': 'git@example.com',
  password: 'not-a-real-password',
}

describe('mailServer', () => {
  it.each([
    ['camelCase', { hostname: 'h', port: 25, useStartTls: false, senderAddress: 'a@b' }],
    ['kebab-case', { hostname: 'h', port: 25, 'use-start-tls': false, 'sender-address': 'a@b' }],
    ['both', { hostname: 'h', port: 25, useStartTls: false, 'use-start-tls': true, 'sender-address': 'a@b' }],
  ])('reads %s', async (_title, answer) => {
    const live = await mailServer.read(record(() => answer).api, {})
    expect(live?.value).toEqual({ hostname: 'h', port: 25, useStartTls: false, senderAddress: 'a@b' })
  })

  it('never takes over a password that the server should not have shown', async () => {
    const live = await mailServer.read(record(() => ({ hostname: 'h', password: '********' })).api, {})
    expect(live?.value).toEqual({ hostname: 'h' })
  })

  it.each([
    ['camelCase', { hostname: 'h', senderAddress: 'a@b' }, camel],
    ['kebab-case', { hostname: 'h', 'sender-address': 'a@b' }, kebab],
  ])('writes %s where GET shows it, with one request', async (_title, raw, body) => {
    const { api, sent } = record(() => raw)
    await mailServer.write(api, {}, change(after, raw))
    expect(sent).toEqual([{ method: 'PUT', path: '/api/latest/admin/mail-server', body }])
  })

  it('keeps what it does not know, and drops what was cleared', async () => {
    const raw = { hostname: 'h', username: 'u', authType: 'OAUTH2', tokenId: 'opaque', senderAddress: 'a@b' }
    const { api, sent } = record(() => raw)
    await mailServer.write(api, {}, change({ hostname: 'h' }, raw))
    expect(sent[0]?.body).toEqual({ authType: 'OAUTH2', tokenId: 'opaque', hostname: 'h' })
  })

  it('writes camelCase first where nothing is configured, and is content when it stays', async () => {
    const { api, sent } = record(() => camel)
    await mailServer.write(api, {}, change(after))
    expect(sent.map(({ body }) => body)).toEqual([camel])
  })

  it('writes kebab-case then where the server ignored or rejected camelCase', async () => {
    for (const isRejecting of [false, true]) {
      let stored: unknown = null
      const { api, sent } = record(
        () => stored,
        ({ body }) => {
          const known = Object.entries(body as object).filter(([field]) => field in kebab && field !== 'password')
          if (isRejecting && !('sender-address' in (body as object))) return failure('API_REJECTED')
          stored = Object.fromEntries(known)
          return stored
        },
      )
      await mailServer.write(api, {}, change(after))
      expect(sent.map(({ body }) => body)).toEqual([camel, kebab])
    }
  })

  it('tells the rejection of camelCase where neither will do', async () => {
    const { api, sent } = record(
      () => null,
      () => failure('API_REJECTED'),
    )
    await expect(mailServer.write(api, {}, change(after))).rejects.toMatchObject({ code: 'API_REJECTED' })
    expect(sent).toHaveLength(2)
  })

  it('would lose a password only where somebody signs in', () => {
    expect(mailServer.replacesSecrets({ hostname: 'h', username: 'u' })).toBe(true)
    expect(mailServer.replacesSecrets({ hostname: 'h' })).toBe(false)
  })
})
