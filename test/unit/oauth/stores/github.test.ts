/** The GitHub store over real HTTP and real sealed boxes. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/host/crypto.js'
import { acquireLock } from '../../../../src/host/lock.js'
import { recordFiles } from '../../../../src/host/record-file.js'
import { makeSealedBox } from '../../../../src/host/sealed-box.js'
import { Secret } from '../../../../src/model/secret.js'
import type { TokenRecord } from '../../../../src/oauth/record.js'
import { createSealer } from '../../../../src/oauth/seal.js'
import type { TokenStore } from '../../../../src/oauth/store.js'
import { createGithubStore, type GithubSecrets } from '../../../../src/oauth/stores/github.js'
import { createGithubSecrets } from '../../../../src/github/secrets.js'
import { createTransport, type Transport } from '../../../../src/transport.js'
import { type GithubServer, startGithub } from '../../../github.js'
import { failureOf, makeClock, type TestClock } from '../../../token.js'

const keys = { current: new Uint8Array(randomBytes(32)) }
const owner = { baseUrl: 'https://git.example.com', clientId: 'id' }
const run = { holder: 'bbstate test', host: 'this-host', ephemeral: true }
const base: TokenRecord = {
  version: 1,
  lineage: 'lineage-1',
  ...owner,
  redirectUri: 'http://localhost:34106/',
  scopes: ['SYSTEM_ADMIN'],
  account: 'bot',
  generation: 1,
  accessToken: new Secret('CANARY-access'),
  accessExpiresAt: 1,
  refreshToken: new Secret('CANARY-refresh'),
  authorizedAt: 1,
  rotatedAt: 1,
  pending: null,
  last: null,
}
const generation = (number: number): TokenRecord => ({ ...base, generation: number })
const pending = {
  ...base,
  pending: { attempt: 'a', ...run, startedAt: 1, refreshDigest: 'd', replayed: false, refused: false },
}

let github: GithubServer
let transport: Transport
let clock: TestClock
let home = ''
beforeEach(async () => {
  github = await startGithub()
  transport = createTransport({ baseUrl: github.url, connections: 2 })
  clock = makeClock()
  home = mkdtempSync(join(tmpdir(), 'bbstate-github-'))
})
afterEach(async () => {
  await transport.close()
  await github.close()
  rmSync(home, { recursive: true, force: true })
})

function openSecrets(more: { token?: string; environment?: string } = {}): GithubSecrets {
  const { token = github.token, environment = 'prod/eu' } = more
  const place = { owner: 'acme', repository: 'settings', environment }
  return createGithubSecrets({ ...place, transport, token: new Secret(token), makeSealedBox, clock })
}

/** The store as a step of a job sees it; `given` is what GitHub put into the variable when the job started. */
function openStore(given: string | null, job: string | null = 'job', secrets = openSecrets()): TokenStore {
  const path = join(home, `${job}.json`)
  return createGithubStore({
    ...owner,
    location: 'the secret TOKEN',
    secrets,
    secretName: 'TOKEN',
    given,
    job:
      job === null
        ? null
        : { path, files: recordFiles, lock: (timeout) => acquireLock(`${path}.lock`, timeout, run, clock) },
    crypto: nodeCrypto,
    sealer: createSealer({ ...owner, location: 'github:TOKEN' }, keys, nodeCrypto),
  })
}

async function write(store: TokenStore, record: TokenRecord): Promise<void> {
  const locked = await store.lock(0)
  await locked.overwrite(record)
  await locked.unlock()
}
const secret = (): string => github.secrets.get('TOKEN') ?? ''
const puts = (): number =>
  github.requests.filter((each) => each.endsWith('PUT /repos/acme/settings/environments/prod%2Feu/secrets/TOKEN'))
    .length

describe('the GitHub store', () => {
  it('writes a sealed record into a sealed box, which the next job opens', async () => {
    await write(openStore(null), base)
    expect(github.requests).toEqual([
      'GET /repos/acme/settings/environments/prod%2Feu/secrets/public-key',
      'PUT /repos/acme/settings/environments/prod%2Feu/secrets/TOKEN_CANARY',
      'PUT /repos/acme/settings/environments/prod%2Feu/secrets/TOKEN',
    ])
    expect(secret()).toContain('bbstate-sealed-1')
    expect(github.bodies.join('')).not.toContain('bbstate-sealed-1')
    expect(secret() + github.bodies.join('')).not.toContain('CANARY-')
    const next = await openStore(secret(), 'next job').read()
    expect(next).toMatchObject({ record: { generation: 1 }, isSealed: true })
    expect(next?.record.refreshToken.reveal()).toBe('CANARY-refresh')
  })

  it('lets a later step of the job see what an earlier one wrote, although its variable is old', async () => {
    await write(openStore(null, 'before'), base)
    const given = secret()
    const locked = await openStore(given).lock(0)
    const stored = await openStore(given).read()
    expect(await locked.compareAndSet('other', generation(2))).toBeNull()
    expect(await locked.compareAndSet(stored?.revision ?? null, generation(2))).not.toBeNull()
    await locked.unlock()
    expect((await openStore(given).read())?.record.generation).toBe(2)
    expect((await openStore(given, 'a job elsewhere').read())?.record.generation).toBe(1)
    expect(statSync(join(home, 'job.json')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(home, 'job.json'), 'utf8')).not.toContain('CANARY')
  })

  it('takes the newer of an old job’s file and a new job’s variable', async () => {
    await write(openStore(null), generation(2))
    const second = secret()
    await write(openStore(second, 'other'), generation(3))
    expect((await openStore(secret()).read())?.record.generation).toBe(3)
    await write(openStore(null, 'third'), generation(1))
    expect((await openStore(secret()).read())?.record.generation).toBe(2)
    const login = { ...base, lineage: 'lineage-2', authorizedAt: 2 }
    await write(openStore(null, 'login'), login)
    expect((await openStore(secret()).read())?.record.lineage).toBe('lineage-2')
  })

  it('can be signed in to anew over a record that does not open', async () => {
    await write(openStore('rubbish'), base)
    expect((await openStore('rubbish').read())?.record.generation).toBe(1)
  })

  it('forgets, also for later steps whose variable still holds the record', async () => {
    await write(openStore(null, 'before'), base)
    const given = secret()
    const locked = await openStore(given).lock(0)
    expect(await locked.discard()).toBe(true)
    expect(await locked.discard()).toBe(false)
    await locked.unlock()
    expect([...github.secrets.keys()]).toEqual([])
    expect(await openStore(given).read()).toBeNull()
  })

  it('keeps nothing outside of a job, where a copy would go stale', async () => {
    const store = openStore(null, null)
    await write(store, base)
    expect((await store.read())?.record.generation).toBe(1)
    expect(await openStore(null, null).read()).toBeNull()
  })

  it('keeps two processes of one job apart', async () => {
    const locked = await openStore(null).lock(0)
    expect(await locked.remaining()).toBe(Number.POSITIVE_INFINITY)
    expect(await failureOf(openStore(null).lock(0))).toMatchObject({ code: 'BUSY_LOCK' })
    await locked.unlock()
    expect(await locked.remaining()).toBe(0)
    await (await openStore(null).lock(0)).unlock()
  })
})

describe('before anything is at stake', () => {
  it.each([
    [
      'no permission',
      () => github.permit(false),
      {},
      /may not write secrets of the environment prod\/eu of acme\/settings \(403\)/u,
    ],
    ['another token', () => undefined, { token: 'expired' }, /does not accept BBSTATE_GITHUB_TOKEN \(401\)/u],
    ['no such environment', () => undefined, { environment: 'prod' }, /knows no secrets of the environment prod /u],
    ['a spent rate limit', () => github.fail(/PUT/u, 'primary-limit'), {}, /limits the rate/u],
    ['a renamed repository', () => github.fail(/GET/u, 'moved'), {}, /renamed or moved \(301\)/u],
    ['a dead proxy', () => github.fail(/GET/u, 'cut', 'cut', 'cut', 'cut'), {}, /not known/u],
  ])('%s is found out, and the real secret is not touched', async (_, prepare, more, message) => {
    prepare()
    const error = await failureOf(openStore(null, 'job', openSecrets(more)).lock(0))
    expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
    expect(error.message).toMatch(message)
    expect(error.hint).toContain('the token is still good')
    expect(error.message + (error.hint ?? '')).not.toContain('CANARY-token')
    expect(puts()).toBe(0)
    await (await acquireLock(join(home, 'job.json.lock'), 0, run, clock)).release()
  })
})

describe('a secret that is written', () => {
  it('is sealed anew where the key of the environment has changed meanwhile', async () => {
    const locked = await openStore(null).lock(0)
    github.rotateKey()
    await locked.overwrite(base)
    expect(puts()).toBe(2)
    expect((await openStore(secret(), 'next').read())?.record.generation).toBe(1)
    await locked.unlock()
  })

  it('waits for a rate limit that soon ends', async () => {
    const locked = await openStore(null).lock(0)
    github.fail(/PUT/u, 'secondary-limit')
    await locked.overwrite(base)
    expect(clock.slept).toEqual([7000])
    await locked.unlock()
  })

  it('is sent again where the answer to a commit is lost', async () => {
    const locked = await openStore(null).lock(0)
    github.fail(/PUT/u, 'lose-answer', 'bad-gateway', 'cut')
    expect(await locked.compareAndSet(null, base)).not.toBeNull()
    expect(puts()).toBe(4)
    await locked.unlock()
  })

  it.each(['lose-answer', 'bad-gateway', 'cut'] as const)(
    'is sent once while a token is about to be presented: %s',
    async (fault) => {
      const locked = await openStore(null).lock(0)
      github.fail(/PUT/u, fault)
      expect(await failureOf(locked.compareAndSet(null, pending))).toMatchObject({ code: 'AUTH_STORE' })
      expect(puts()).toBe(1)
      await locked.unlock()
    },
  )

  it('is refused where it is larger than a secret may be', async () => {
    const locked = await openStore(null).lock(0)
    const error = await failureOf(locked.overwrite({ ...base, scopes: ['x'.repeat(50_000)] }))
    expect(error.message).toContain('a GitHub secret holds 49152')
    expect(puts()).toBe(0)
    await locked.unlock()
  })
})
