/** The whole sign-in against a sandbox: browser, consent, redirect to the listener, exchange, probe, store. */
import { afterEach, describe, expect, it } from 'vitest'
import { type SignInPorts, signIn } from '../../../src/app/sign-in.js'
import { beginSignIn } from '../../../src/host/token.js'
import { AuthError } from '../../../src/model/errors.js'
import type { Grant } from '../../../src/oauth/authorize.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../../token.js'

// Below the range from which the system takes ports for connections.
let port = 23_100
let bench: TokenBench
afterEach(() => bench.close())

interface Trace {
  readonly ports: SignInPorts<Grant>
  readonly steps: string[]
}

async function begin(change: Partial<SignInPorts<Grant>> = {}, signal = new AbortController().signal): Promise<Trace> {
  const redirectUri = `http://localhost:${port++}/`
  bench = await startTokenBench({ redirectUri })
  const { clientId, url: baseUrl } = bench.sandbox
  const token = await bench.open()
  const request = { baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
  const steps: string[] = []
  const note = async <T>(name: string, done: Promise<T>): Promise<T> => {
    steps.push(name)
    return done
  }
  const ports: SignInPorts<Grant> = {
    approveServer: () => note('approve', Promise.resolve()),
    prepare: () => note('prepare', token.prepare()),
    begin: async () => {
      const attempt = await note('begin', beginSignIn(request, { signal }))
      return { ...attempt, close: () => note('close', attempt.close()) }
    },
    show: () => steps.push('show'),
    openBrowser: (url) => {
      steps.push('browser')
      // A browser follows the redirect, here to the listener; nobody waits for it.
      void fetch(url).catch(() => undefined)
      return Promise.resolve()
    },
    keep: (grant) => note('keep', token.keep(request, grant, { allowsNamelessServer: false })),
    ...change,
  }
  return { ports, steps }
}

describe('signing in', () => {
  it('takes each step once, in this order, and the token works', async () => {
    const { ports, steps } = await begin()
    expect(await signIn(ports)).toMatchObject({ account: 'admin', generation: 1, scopes: ['SYSTEM_ADMIN'] })
    expect(steps).toEqual(['approve', 'prepare', 'begin', 'show', 'browser', 'keep', 'close'])
    expect(await whoIs(bench, await (await bench.open()).session.authorize())).toBe('admin')
  })

  it('goes on where no browser opens, since the address was shown', async () => {
    let shown = ''
    const { ports } = await begin({
      show: (url) => {
        shown = url
      },
      openBrowser: () => {
        void fetch(shown).catch(() => undefined)
        return Promise.reject(new Error('There is no browser'))
      },
    })
    expect((await signIn(ports)).account).toBe('admin')
  })

  it('shows nobody anything before the server is approved and the store is ready', async () => {
    const refused = new AuthError('AUTH_ORIGIN', 'not approved')
    const first = await begin({ approveServer: () => Promise.reject(refused) })
    expect(await failureOf(signIn(first.ports))).toBe(refused)
    expect(first.steps).toEqual([])
    await bench.close()
    const second = await begin({ prepare: () => Promise.reject(refused) })
    expect(await failureOf(signIn(second.ports))).toBe(refused)
    expect(second.steps).toEqual(['approve'])
    expect(bench.sandbox.requests).toEqual([])
  })

  it('stops listening and stores nothing where the person denies, or the run is stopped', async () => {
    const denied = await begin({
      openBrowser: (url) => {
        const { searchParams } = new URL(url)
        const query = new URLSearchParams({ error: 'access_denied', state: searchParams.get('state') ?? '' })
        void fetch(`${searchParams.get('redirect_uri')}?${query}`).catch(() => undefined)
        return Promise.resolve()
      },
    })
    expect(await failureOf(signIn(denied.ports))).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
    expect(denied.steps.at(-1)).toBe('close')
    expect(await (await bench.open()).vault.read()).toBeNull()
    await bench.close()
    const controller = new AbortController()
    const stop = (): Promise<void> => Promise.resolve(controller.abort())
    const stopped = await begin({ openBrowser: stop }, controller.signal)
    expect(await failureOf(signIn(stopped.ports))).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    expect(stopped.steps.at(-1)).toBe('close')
    const { clientId, redirectUri, url: baseUrl } = bench.sandbox
    const request = { baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
    const pasting = await beginSignIn(request, { signal: controller.signal, paste: () => Promise.resolve('') })
    expect(await failureOf(pasting.waitForGrant())).toMatchObject({ code: 'INTERRUPTED' })
  })
})
