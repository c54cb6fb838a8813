import { describe, expect, it } from 'vitest'
import { canonicalBaseUrl, isLoopbackHost, requireSameOrigin } from '../../../src/model/base-url.js'
import { BbstateError } from '../../../src/model/errors.js'

function failureOf(run: () => unknown): BbstateError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof BbstateError) return thrown
  }
  throw new Error('nothing was thrown')
}

describe('canonicalBaseUrl', () => {
  it.each([
    ['https://Git.Example.COM', 'https://git.example.com'],
    ['HTTPS://git.example.com:443/', 'https://git.example.com'],
    ['https://git.example.com:8443/bitbucket///', 'https://git.example.com:8443/bitbucket'],
    [' https://git.example.com/Bitbucket ', 'https://git.example.com/Bitbucket'],
    ['http://localhost:7990/', 'http://localhost:7990'],
    ['http://127.1:7990', 'http://127.0.0.1:7990'],
    ['http://[0:0:0:0:0:0:0:1]:7990/bb', 'http://[::1]:7990/bb'],
    ['http://localhost:80', 'http://localhost'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalBaseUrl(text)).toBe(canonical)
    expect(canonicalBaseUrl(canonical)).toBe(canonical)
  })

  it.each([
    ['https://bot:pa55word@git.example.com', 'AUTH_ORIGIN'],
    ['https://bot@git.example.com', 'AUTH_ORIGIN'],
    ['http://git.example.com', 'AUTH_ORIGIN'],
    ['http://127.0.0.1.example.com', 'AUTH_ORIGIN'],
    ['http://localhost.', 'AUTH_ORIGIN'],
    ['http://localhost.example.com', 'AUTH_ORIGIN'],
    ['http://[::ffff:127.0.0.1]', 'AUTH_ORIGIN'],
    ['https://git.example.com/?', 'USAGE'],
    ['https://git.example.com/?a=b', 'USAGE'],
    ['https://git.example.com/#a', 'USAGE'],
    ['git.example.com', 'USAGE'],
    ['ftp://git.example.com', 'USAGE'],
    ['https://', 'USAGE'],
    ['', 'USAGE'],
  ])('refuses %j with %s', (text, code) => {
    const error = failureOf(() => canonicalBaseUrl(text))
    expect(error.code).toBe(code)
    expect(error.message + (error.hint ?? '')).not.toContain('pa55word')
  })
})

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '[::1]', '::1'])('%s is', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })
  it.each(['localhost.', 'localhost.lan', '128.0.0.1', '127.0.0.1.nip.io', '[::2]', '0.0.0.0', ''])(
    '%s is not',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false)
    },
  )
})

describe('requireSameOrigin', () => {
  it('lets another spelling of the same server pass', () => {
    expect(() => requireSameOrigin('https://git.example.com', 'https://GIT.example.com:443/', '--url')).not.toThrow()
  })
  it.each([
    'https://git.example.org',
    'https://git.example.com/bitbucket',
    'https://git.example.com:8443',
    'https://git.example.com.evil.org',
  ])('refuses %s and names both', (asked) => {
    const error = failureOf(() => requireSameOrigin('https://git.example.com', asked, '--url'))
    expect(error).toMatchObject({ code: 'AUTH_ORIGIN', exitCode: 6 })
    expect(error.message).toContain(`--url names ${asked}`)
    expect(error.message).toContain('belong to https://git.example.com')
  })
})
