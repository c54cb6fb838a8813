import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { refreshSignIn, readSignIn, signOut } from '../../../src/app/sign-in.js'
import { Scrubber, Secret } from '../../../src/model/secret.js'
import { basic, staticBearer } from '../../../src/oauth/static-credentials.js'
import type { SandboxOptions } from '../../../src/sandbox/server.js'
import { createTransport } from '../../../src/transport.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../../token.js'

let bench: TokenBench
afterEach(() => bench.close())
async function begin(options: SandboxOptions = {}): Promise<TokenBench> {
  bench = await startTokenBench(options)
  await bench.signIn()
  bench.sandbox.forgetRequests()
  return bench
}

describe('a stored sign-in', () => {
  it('is used without a request or a lock while its access token lives', async () => {
    const { sandbox, open } = await begin()
    // The lock is in other hands all the while.
    const held = await bench.open()
    const lock = join(bench.home, 'tokens')
    const { acquireLock } = await import('../../../src/host/lock.js')
    const name = Object.keys(bench.files()).find((each) => each.endsWith('.lock')) ?? ''
    const other = await acquireLock(join(lock, name), 0, { holder: 'x', host: 'h', ephemeral: false }, bench.clock)
    const headers = await Promise.all(
      [held, await open()].flatMap(({ session }) => [session.authorize(), session.authorize()]),
    )
    await other.release()
    expect(new Set(headers.map((header) => header.reveal())).size).toBe(1)
    expect(sandbox.requests).toEqual([])
    expect(await whoIs(bench, headers[0] ?? new Secret(''))).toBe('admin')
  })

  it('is renewed before it expires, by one request, however many ask', async () => {
    await begin()
    const { session } = await bench.open()
    const old = await session.authorize()
    bench.clock.advance(3_600_000 - 180_001)
    expect((await session.authorize()).reveal()).toBe(old.reveal())
    bench.clock.advance(2)
    const headers = await Promise.all(Array.from({ length: 20 }, () => session.authorize()))
    expect(new Set(headers.map((header) => header.reveal())).size).toBe(1)
    expect(headers[0]?.reveal()).not.toBe(old.reveal())
    expect(bench.tokenRequests()).toBe(1)
    // One look at the server before, and one at the new token after.
    expect(bench.sandbox.requests).toHaveLength(3)
    expect(await whoIs(bench, headers[0] ?? old)).toBe('admin')
    expect(await whoIs(bench, old)).toBeNull()
  })

  it('is renewed once where the server rejects it, however many say so', async () => {
    await begin()
    const { session } = await bench.open()
    const old = await session.authorize()
    bench.sandbox.killAccessTokens()
    expect(await Promise.all(Array.from({ length: 20 }, () => session.renew(old)))).toEqual(Array(20).fill(true))
    expect(await session.renew(old)).toBe(true)
    expect(bench.tokenRequests()).toBe(1)
    expect(await whoIs(bench, await session.authorize())).toBe('admin')
  })

  it('adopts what another run has renewed, without a request', async () => {
    await begin()
    const [one, two] = [await bench.open(), await bench.open()]
    const old = await two.session.authorize()
    await one.session.rotate()
    bench.sandbox.forgetRequests()
    expect(await two.session.renew(old)).toBe(true)
    expect((await two.session.authorize()).reveal()).toBe((await one.session.authorize()).reveal())
    expect(bench.sandbox.requests).toEqual([])
  })

  it('works with tokens of two seconds', async () => {
    await begin({ accessTokenSeconds: 2 })
    const { session } = await bench.open()
    const first = await session.authorize()
    expect(bench.tokenRequests()).toBe(0)
    bench.clock.advance(1100)
    expect((await session.authorize()).reveal()).not.toBe(first.reveal())
    expect(bench.tokenRequests()).toBe(1)
  })

  it('keeps lineage, redirect URL and history through rotations, and is described without its tokens', async () => {
    await begin()
    const { vault } = await bench.open()
    const before = await readSignIn(vault, bench.sandbox.url)
    bench.clock.advance(1000)
    const { url } = bench.sandbox
    await refreshSignIn(vault, url)
    const { status: after } = await refreshSignIn(vault, url)
    expect(after).toMatchObject({
      generation: 3,
      account: 'admin',
      scopes: ['SYSTEM_ADMIN'],
      redirectUri: bench.sandbox.redirectUri,
      authorizedAt: before.authorizedAt,
      pending: null,
      isSealed: true,
    })
    expect(after.rotatedAt).toBeGreaterThan(before.rotatedAt)
    expect(await vault.read()).toEqual(after)
    const texts = Object.values(bench.files()).join('') + inspect([before, after], { depth: 9 }) + JSON.stringify(after)
    for (const { accessToken, refreshToken } of bench.sandbox.state.tokens) {
      expect(texts).not.toContain(accessToken)
      expect(texts).not.toContain(refreshToken)
    }
    expect(Object.keys(bench.files()).filter((name) => /stage|new$/u.test(name))).toEqual([])
  })

  it('is refreshed only where it is old enough, and an unfinished refresh is never too young', async () => {
    await begin()
    const { vault } = await bench.open()
    const { url } = bench.sandbox
    const week = { older: 7 * 86_400_000, now: bench.clock.now() }
    expect(await refreshSignIn(vault, url, week)).toMatchObject({ isRefreshed: false, status: { generation: 1 } })
    expect(bench.tokenRequests()).toBe(0)
    bench.clock.advance(week.older + 1)
    const later = { ...week, now: bench.clock.now() }
    expect(await refreshSignIn(vault, url, later)).toMatchObject({ isRefreshed: true, status: { generation: 2 } })
    expect(await vault.recover(false)).toBeNull()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    expect(await failureOf(refreshSignIn(vault, url))).toMatchObject({ code: 'AUTH_UNCERTAIN' })
    expect(await vault.recover(false)).toMatchObject({ generation: 3, pending: null })
    expect(await vault.recover(false)).toBeNull()
  })

  it('is forgotten on request, and signing in again begins another lineage', async () => {
    await begin()
    const { vault, session } = await bench.open()
    const first = bench.files()
    await bench.signIn()
    expect(bench.files()).not.toEqual(first)
    expect(await signOut(vault)).toEqual({ wasSignedIn: true, revocation: 'not-offered' })
    expect(await signOut(vault)).toEqual({ wasSignedIn: false, revocation: 'none' })
    expect(Object.keys(bench.files()).filter((name) => name.endsWith('.json'))).toEqual([])
    expect(await failureOf(readSignIn(vault, bench.sandbox.url))).toMatchObject({
      code: 'AUTH_SIGN_IN_REQUIRED',
      exitCode: 6,
    })
    const error = await failureOf(session.authorize())
    expect(error).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
    expect(error.hint).toContain(`bbstate auth login --url ${bench.sandbox.url}`)
  })
})

describe('what cannot go on', () => {
  it('a refresh token that is dead: the record is kept, and how old it is and who got it is said', async () => {
    await begin()
    bench.sandbox.killRefreshTokens()
    bench.clock.advance(5 * 86_400_000)
    const { session, vault } = await bench.open()
    const before = await vault.read()
    const error = await failureOf(session.authorize())
    expect(error).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED', exitCode: 6 })
    expect(error.hint).toContain('(5 days ago; 90 is the default limit) to the sign-in')
    expect(error.hint).toContain('bbstate auth login')
    expect(await vault.read()).toEqual(before)
  })

  it('a wrong client secret: nothing is used up, and the right one goes on', async () => {
    await begin()
    const wrong = await bench.open({ clientSecret: new Secret('CANARY-secret') })
    const error = await failureOf(wrong.session.rotate())
    expect(error).toMatchObject({ code: 'AUTH_CLIENT' })
    expect(inspect(error)).not.toContain('CANARY')
    const { session } = await bench.open()
    expect((await session.rotate()).generation).toBe(2)
  })

  it('no client secret: said before anything is locked or sent', async () => {
    await begin()
    const { clientSecret: _, ...options } = bench.options()
    const { openToken } = await import('../../../src/host/token.js')
    const { session } = await openToken(options)
    expect(await failureOf(session.rotate())).toMatchObject({ code: 'AUTH_CLIENT' })
    expect(bench.sandbox.requests).toEqual([])
    expect(await whoIs(bench, await session.authorize())).toBe('admin')
  })

  it('a server that is starting, unreachable or behind a login page: nothing is presented', async () => {
    await begin()
    for (const fault of [
      { kind: 'status', status: 503 },
      { kind: 'html' },
      { kind: 'redirect', location: '/login' },
      { kind: 'drop-before' },
    ] as const) {
      bench.sandbox.addFault({ ...fault, path: 'application-properties' })
      const { session } = await bench.open()
      expect((await failureOf(session.rotate())).code, JSON.stringify(fault)).toMatch(/^API_/u)
    }
    expect(bench.tokenRequests()).toBe(0)
    const { session } = await bench.open()
    expect((await session.rotate()).generation).toBe(2)
  })

  it('a lock in other hands: busy, with the holder', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'delay', milliseconds: 300, path: '/token$' })
    const [one, two] = [
      await bench.open({ run: { holder: 'bbstate apply', host: 'h1', ephemeral: false } }),
      await bench.open({ lockTimeoutMilliseconds: 0 }),
    ]
    const rotating = one.session.rotate()
    while (bench.sandbox.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const error = await failureOf(two.session.rotate())
    expect(error).toMatchObject({ code: 'BUSY_LOCK', exitCode: 7 })
    expect(error.message).toContain('bbstate apply on h1')
    expect((await rotating).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
  })

  it('a record that was put back from a backup is not presented', async () => {
    await begin()
    const [path] = Object.keys(bench.files()).filter((name) => name.endsWith('.json'))
    const file = join(bench.home, 'tokens', path ?? '')
    copyFileSync(file, join(bench.home, 'backup'))
    await (await bench.open()).session.rotate()
    copyFileSync(join(bench.home, 'backup'), file)
    chmodSync(file, 0o600)
    bench.sandbox.forgetRequests()
    const error = await failureOf((await bench.open()).session.rotate())
    expect(error).toMatchObject({ code: 'AUTH_STORE' })
    expect(error.message).toContain('generation 1; 2 was seen here')
    expect(bench.sandbox.requests).toEqual([])
  })

  it('a record of another server or client does not open, nor without its key', async () => {
    await begin()
    const [path] = Object.keys(bench.files()).filter((name) => name.endsWith('.json'))
    const file = join(bench.home, 'tokens', path ?? '')
    const other = createTransport({ baseUrl: 'http://127.0.0.1:9', connections: 1 })
    const stranger = await bench.open({ transport: other })
    expect(await failureOf(stranger.session.authorize())).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
    const theirs = (await stranger.vault.read().catch(() => null)) === null
    expect(theirs).toBe(true)
    const target = (await failureOf(stranger.session.authorize())).hint?.match(/token file (\S+\.json)/u)?.[1] ?? ''
    copyFileSync(file, target)
    expect(await failureOf(stranger.session.authorize())).toMatchObject({ code: 'AUTH_STORE' })
    expect(await failureOf((await bench.open({ keys: null })).session.authorize())).toMatchObject({
      code: 'AUTH_STORE',
    })
    const wrong = { current: new Uint8Array(32) }
    expect(await failureOf((await bench.open({ keys: wrong })).session.authorize())).toMatchObject({
      code: 'AUTH_STORE',
    })
    writeFileSync(file, 'x')
    expect(await failureOf((await bench.open()).session.authorize())).toMatchObject({ code: 'AUTH_STORE' })
    chmodSync(file, 0o644)
    expect((await failureOf((await bench.open()).session.authorize())).message).toContain('other users')
  })

  it('a plain record of another server: AUTH_ORIGIN, before anything is sent', async () => {
    bench = await startTokenBench()
    await bench.signIn({ keys: null })
    const [path] = Object.keys(bench.files()).filter((name) => name.endsWith('.json'))
    const other = createTransport({ baseUrl: 'http://127.0.0.1:9', connections: 1 })
    const stranger = await bench.open({ transport: other, keys: null })
    const target = (await failureOf(stranger.session.authorize())).hint?.match(/token file (\S+\.json)/u)?.[1] ?? ''
    copyFileSync(join(bench.home, 'tokens', path ?? ''), target)
    const error = await failureOf(stranger.session.authorize())
    expect(error).toMatchObject({ code: 'AUTH_ORIGIN', exitCode: 6 })
    expect(error.message).toContain(bench.sandbox.url)
  })
})

describe('signing in', () => {
  it('keeps the pair although the account cannot be asked for', async () => {
    bench = await startTokenBench()
    bench.sandbox.addFault({ kind: 'status', status: 503, path: 'application-properties' })
    expect(await failureOf(bench.signIn())).toMatchObject({ code: 'API_SERVER' })
    const { vault, session } = await bench.open()
    expect(await vault.read()).toMatchObject({ account: null, generation: 1 })
    expect(await whoIs(bench, await session.authorize())).toBe('admin')
  })

  it('is refused where the server does not name the account, unless that is allowed', async () => {
    bench = await startTokenBench()
    bench.sandbox.addFault({ kind: 'anonymous', path: 'application-properties' })
    const error = await failureOf(bench.signIn())
    expect(error.hint).toContain('--allow no-identity-header')
    bench.sandbox.addFault({ kind: 'anonymous', path: 'application-properties' })
    const token = await bench.open()
    const { clientId, redirectUri, url: baseUrl } = bench.sandbox
    const request = { baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
    const status = await token.keep(request, await bench.consent(), { allowsNamelessServer: true })
    expect(status.account).toBeNull()
  })

  it('hands every secret to the scrubber', async () => {
    bench = await startTokenBench()
    const scrubber = new Scrubber()
    const grant = await bench.consent()
    const { clientId, clientSecret, redirectUri, url: baseUrl } = bench.sandbox
    const token = await bench.open({ scrubber })
    await token.keep({ baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }, grant, { allowsNamelessServer: false })
    await token.session.rotate()
    const pairs = bench.sandbox.state.tokens.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
    expect(pairs).toHaveLength(4)
    for (const secret of [clientSecret, grant.code.reveal(), grant.verifier.reveal(), ...pairs]) {
      expect(scrubber.scrub(`x ${secret} y`)).toBe('x (sensitive) y')
    }
  })
})

describe('static credentials', () => {
  it('are what was given, cannot be renewed, and do not show themselves', async () => {
    bench = await startTokenBench()
    const { sandbox } = bench
    const password = basic(sandbox.username, new Secret(sandbox.password))
    expect(await whoIs(bench, await password.authorize())).toBe('admin')
    expect(await password.renew(await password.authorize())).toBe(false)
    const bearer = staticBearer(new Secret(sandbox.httpAccessToken))
    expect(await whoIs(bench, await bearer.authorize())).toBe('admin')
    expect(await bearer.renew(await bearer.authorize())).toBe(false)
    expect((await basic('j\u00fcrgen', new Secret('p:\u00e4')).authorize()).reveal()).toBe(
      `Basic ${Buffer.from('j\u00fcrgen:p:\u00e4').toString('base64')}`,
    )
    expect(inspect([password, bearer, await bearer.authorize()], { depth: 9 })).not.toContain(sandbox.httpAccessToken)
  })
})
