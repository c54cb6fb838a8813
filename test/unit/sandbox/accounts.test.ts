/** Users of the internal directory over real HTTP: creation, change, rename, deletion, and what goes with them. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, bearer, exceptions, openSandbox, password, send } from './visitor.js'

const users = '/rest/api/latest/admin/users'

const create = (sandbox: Sandbox, fields: Readonly<Record<string, string>>, as?: string): Promise<Answer> => {
  const given = { name: 'bot', displayName: 'Bot', emailAddress: 'bot@example.com', password: 'x', ...fields }
  const query = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ''))
  return send(sandbox, 'POST', `${users}?${query}`, as === undefined ? {} : { as })
}

const change = (sandbox: Sandbox, body: unknown, as?: string): Promise<Answer> =>
  send(sandbox, 'PUT', users, { body, ...(as === undefined ? {} : { as }) })

const rename = (sandbox: Sandbox, name: string, newName: unknown, as?: string): Promise<Answer> =>
  send(sandbox, 'POST', `${users}/rename`, { body: { name, newName }, ...(as === undefined ? {} : { as }) })

async function shown(sandbox: Sandbox, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { json } = await send(sandbox, 'GET', `${users}?limit=1000`)
  return json.values.find((user) => user['name'] === name)
}

const contexts = ({ json }: Answer): unknown[] => json.errors.map(({ context }) => context)

/** Carol is an ADMIN: stronger than most, weaker than the administrator. */
async function openWithAdmin(): Promise<Sandbox> {
  const sandbox = await openSandbox()
  sandbox.state.userPermissions['carol'] = 'ADMIN'
  return sandbox
}

describe('a new user', () => {
  it('joins the default group unless told otherwise', async () => {
    const sandbox = await openSandbox()
    expect([(await create(sandbox, {})).status, (await create(sandbox, {})).text.length > 0]).toEqual([204, true])
    expect(sandbox.state.groups['stash-users']?.members).toContain('bot')
    const other = { name: 'B.Two', emailAddress: 'two@example.com', addToDefaultGroup: 'false' }
    expect((await create(sandbox, other)).status).toBe(204)
    expect(sandbox.state.groups['stash-users']?.members).not.toContain('b.two')
    expect(await shown(sandbox, 'B.Two')).toMatchObject({ slug: 'b.two', active: true, mutableDetails: true })
  })

  it('signs in with the password of its creation, once it is licensed', async () => {
    const sandbox = await openSandbox()
    await create(sandbox, { password: 'first' })
    const as = `Basic ${Buffer.from('bot:first').toString('base64')}`
    expect((await send(sandbox, 'GET', users, { as })).status).toBe(200)
  })

  it.each([
    ['no name', { name: '' }, 'name'],
    ['no display name', { displayName: '' }, 'displayName'],
    ['no address', { emailAddress: '' }, 'emailAddress'],
    ['no address at all', { emailAddress: 'bot' }, 'emailAddress'],
    ['no password', { password: '' }, 'password'],
    ['no password, and notify=false', { password: '', notify: 'false' }, 'password'],
    ['a message, and no mail server', { password: '', notify: 'true' }, 'notify'],
  ])('with %s is refused', async (_what, fields, field) => {
    const sandbox = await openSandbox()
    const refused = await create(sandbox, fields)
    expect([refused.status, contexts(refused)]).toEqual([400, [field]])
    expect(await shown(sandbox, 'bot')).toBeUndefined()
  })

  it('needs no password where a mail server can send one', async () => {
    const sandbox = await openSandbox()
    sandbox.state.mailServer = { hostname: 'smtp.example.com' }
    expect((await create(sandbox, { password: '', notify: 'true' })).status).toBe(204)
    expect(sandbox.state.users['bot']?.password).toBeUndefined()
  })

  it('has a name and an address of its own, in any case', async () => {
    const sandbox = await openSandbox()
    const byName = await create(sandbox, { name: 'ALICE' })
    expect([byName.status, exceptions(byName)]).toEqual([409, ['IntegrityException']])
    expect((await create(sandbox, { emailAddress: 'Alice@Example.com' })).status).toBe(409)
  })

  it('needs a seat of the licence only in the default group', async () => {
    const sandbox = await openSandbox()
    const { license } = sandbox.state.instance
    // All but the trainee have one.
    if (license !== null) license.maximumNumberOfUsers = Object.keys(sandbox.state.users).length - 1
    expect((await create(sandbox, {})).status).toBe(403)
    expect((await create(sandbox, { addToDefaultGroup: 'false' })).status).toBe(204)
  })
})

describe('a user', () => {
  it('is changed by name; what is left out stays, and active cannot be written', async () => {
    const sandbox = await openSandbox()
    expect((await change(sandbox, { name: 'ALICE', displayName: 'A. Archer', active: false })).status).toBe(200)
    const alice = { displayName: 'A. Archer', emailAddress: 'alice@example.com', active: true }
    expect(await shown(sandbox, 'alice')).toMatchObject(alice)
    const wrong = await change(sandbox, { name: 'alice', email: 'nowhere' })
    expect([wrong.status, contexts(wrong)]).toEqual([400, ['email']])
    expect((await change(sandbox, {})).status).toBe(400)
  })

  it('of a read-only directory stays as it is', async () => {
    const sandbox = await openSandbox()
    const body = { name: 'lena', password: 'a', passwordConfirm: 'a' }
    const before = structuredClone(sandbox.state.users['lena'])
    expect((await change(sandbox, { name: 'lena', displayName: 'L' })).status).toBe(400)
    expect((await rename(sandbox, 'lena', 'magda')).status).toBe(400)
    expect((await send(sandbox, 'PUT', `${users}/credentials`, { body })).status).toBe(400)
    expect((await send(sandbox, 'DELETE', `${users}?name=lena`)).status).toBe(400)
    expect(sandbox.state.users['lena']).toEqual(before)
  })

  it('who is stronger than the caller is refused: 401 for changes, 403 for the deletion', async () => {
    const sandbox = await openWithAdmin()
    const as = password(sandbox, 'carol')
    const body = { name: 'admin', password: 'a', passwordConfirm: 'a' }
    const refused = await change(sandbox, { name: 'admin', displayName: 'x' }, as)
    expect([refused.status, exceptions(refused)]).toEqual([401, ['AuthorisationException']])
    expect((await rename(sandbox, 'admin', 'root', as)).status).toBe(401)
    expect((await send(sandbox, 'PUT', `${users}/credentials`, { body, as })).status).toBe(401)
    expect((await send(sandbox, 'DELETE', `${users}?name=admin`, { as })).status).toBe(403)
    expect((await change(sandbox, { name: 'alice', displayName: 'x' }, as)).status).toBe(200)
  })

  it('shows when it was made from 9.6 on, and when it last signed in if ever', async () => {
    const [old, young] = [await openSandbox({ bitbucket: '9.4' }), await openSandbox({ bitbucket: '10.2' })]
    await create(young, {})
    expect(await shown(old, 'alice')).not.toHaveProperty('createdTimestamp')
    expect(await shown(old, 'alice')).toHaveProperty('lastAuthenticationTimestamp')
    expect(await shown(young, 'alice')).toHaveProperty('createdTimestamp', Date.UTC(2026, 0, 1))
    expect(await shown(young, 'bot')).not.toHaveProperty('lastAuthenticationTimestamp')
  })
})

describe('a password', () => {
  const set = (sandbox: Sandbox, fields: object): Promise<Answer> =>
    send(sandbox, 'PUT', `${users}/credentials`, { body: { name: 'alice', ...fields } })

  it('is replaced, and the tokens of its user stay', async () => {
    const sandbox = await openSandbox()
    const { accessToken } = sandbox.issueTokens({ user: 'alice' })
    expect((await set(sandbox, { password: 'new', passwordConfirm: 'new' })).status).toBe(204)
    expect((await send(sandbox, 'GET', users, { as: password(sandbox, 'alice') })).status).toBe(401)
    expect((await send(sandbox, 'GET', users, { as: bearer(accessToken) })).status).toBe(200)
  })

  it('is given twice, and is not empty', async () => {
    const sandbox = await openSandbox()
    const refused = await set(sandbox, { password: 'new', passwordConfirm: 'old' })
    expect([refused.status, contexts(refused)]).toEqual([400, ['passwordConfirm']])
    expect((await set(sandbox, { password: '', passwordConfirm: '' })).status).toBe(400)
    expect((await send(sandbox, 'GET', users, { as: password(sandbox, 'alice') })).status).toBe(200)
  })
})

describe('a renamed user', () => {
  it('keeps rights, memberships, limits, keys and tokens, and gets a new slug', async () => {
    const sandbox = await openSandbox()
    const { state } = sandbox
    const { accessToken } = sandbox.issueTokens({ user: 'bob' })
    state.userPermissions['bob'] = 'PROJECT_CREATE'
    state.rateLimitUsers['bob'] = { whitelisted: true }
    state.httpAccessTokens['BBDC-bob'] = 'bob'
    state.instance.sshKeys.push({ id: 1, user: 'bob', text: 'ssh-ed25519 AAAA' })
    expect((await rename(sandbox, 'bob', 'Bobby Tables')).status).toBe(200)
    expect(await shown(sandbox, 'Bobby Tables')).toMatchObject({ slug: 'bobby_tables', id: 3 })
    const now = 'bobby tables'
    expect([state.users['bob'], state.userPermissions['bob'], state.rateLimitUsers['bob']]).toEqual(
      Array(3).fill(undefined),
    )
    expect([state.userPermissions[now], state.rateLimitUsers[now]]).toEqual(['PROJECT_CREATE', { whitelisted: true }])
    expect(state.groups['developers']?.members).toEqual(['alice', now, 'carol', 'dave', 'j.doe'])
    expect([state.instance.sshKeys[0]?.user, state.httpAccessTokens['BBDC-bob']]).toEqual([now, now])
    expect((await send(sandbox, 'GET', users, { as: bearer(accessToken) })).status).toBe(200)
  })

  it('may change case alone, and takes nobody else’s name', async () => {
    const sandbox = await openSandbox()
    expect((await rename(sandbox, 'bob', 'BOB')).status).toBe(200)
    expect(await shown(sandbox, 'BOB')).toMatchObject({ slug: 'bob' })
    expect((await rename(sandbox, 'bob', 'Alice')).status).toBe(409)
    expect((await rename(sandbox, 'bob', '')).status).toBe(400)
    expect((await rename(sandbox, 'bob', 7)).status).toBe(400)
  })
})

describe('a deleted user', () => {
  it('leaves nothing behind for another one of the same name', async () => {
    const sandbox = await openSandbox()
    const { state } = sandbox
    const { accessToken } = sandbox.issueTokens({ user: 'bob' })
    state.userPermissions['bob'] = 'PROJECT_CREATE'
    state.rateLimitUsers['bob'] = { whitelisted: true }
    state.httpAccessTokens['BBDC-bob'] = 'bob'
    expect((await send(sandbox, 'DELETE', `${users}?name=BOB`)).status).toBe(200)
    expect((await create(sandbox, { name: 'bob', emailAddress: 'bob@example.com' })).status).toBe(204)
    expect([state.userPermissions['bob'], state.rateLimitUsers['bob']]).toEqual([undefined, undefined])
    expect(state.groups['developers']?.members).not.toContain('bob')
    expect((await send(sandbox, 'GET', users, { as: bearer(accessToken) })).status).toBe(401)
    expect(Object.values(state.httpAccessTokens)).not.toContain('bob')
  })

  it('is somebody, and not oneself', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'DELETE', `${users}?name=admin`)).status).toBe(409)
    expect((await send(sandbox, 'DELETE', `${users}?name=stranger`)).status).toBe(404)
    expect((await send(sandbox, 'DELETE', users)).status).toBe(400)
    expect((await send(sandbox, 'DELETE', `${users}?name=bob`, { as: password(sandbox, 'alice') })).status).toBe(401)
  })
})

describe('what projects and repositories know of somebody', () => {
  const repository = '/rest/api/latest/projects/PLAT/repos/api'
  const own = '/rest/api/latest/projects/~bob'
  const restrictions = '/rest/branch-permissions/latest/projects/PLAT/repos/api/restrictions'
  const requests = `${repository}/pull-requests`

  async function furnish(): Promise<Sandbox> {
    const sandbox = await openSandbox()
    const done: number[] = []
    const act = async (method: string, path: string, body?: unknown, as?: string): Promise<void> => {
      const sending = { ...(body === undefined ? {} : { body }), ...(as === undefined ? {} : { as }) }
      done.push((await send(sandbox, method, path, sending)).status)
    }
    await act('PUT', `${repository}/permissions/users?name=bob&permission=REPO_ADMIN`)
    await act('PUT', `${repository}/permissions/groups?name=contractors&permission=REPO_READ`)
    await act('POST', restrictions, {
      type: 'read-only',
      matcher: { id: 'refs/heads/main', type: { id: 'BRANCH' } },
      users: ['bob', 'carol'],
      groups: ['contractors', 'developers'],
    })
    await act('POST', `${repository}/settings/reviewer-groups`, {
      name: 'team',
      users: [{ id: sandbox.state.users['bob']?.id }, { id: sandbox.state.users['carol']?.id }],
    })
    await act('POST', `${own}/repos`, { name: 'notes' }, password(sandbox, 'bob'))
    await act('POST', `${repository}/branches`, { name: 'work', startPoint: 'main' })
    const ends = { fromRef: { id: 'work' }, toRef: { id: 'main' } }
    await act('POST', requests, { title: 'Work', ...ends, reviewers: [{ user: { name: 'bob' } }] }, password(sandbox))
    await act('POST', `${requests}/1/comments`, { text: 'Mine' }, password(sandbox, 'bob'))
    expect(
      done.filter((status) => status >= 300),
      String(done),
    ).toEqual([])
    return sandbox
  }

  const everything = async (sandbox: Sandbox): Promise<string> => {
    const paths = [
      `${repository}/permissions/users`,
      `${repository}/permissions/groups`,
      restrictions,
      `${repository}/settings/reviewer-groups`,
    ]
    return (await Promise.all(paths.map((path) => send(sandbox, 'GET', path)))).map(({ text }) => text).join('\n')
  }

  it('goes with a user and a group, and does not come back with others of the same name', async () => {
    const sandbox = await furnish()
    const both = [
      await send(sandbox, 'DELETE', `${users}?name=bob`),
      await send(sandbox, 'DELETE', '/rest/api/latest/admin/groups?name=contractors'),
    ]
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    await create(sandbox, { name: 'bob' })
    await send(sandbox, 'POST', '/rest/api/latest/admin/groups?name=contractors')
    const text = await everything(sandbox)
    expect(text).not.toMatch(/"bob"|"contractors"/u)
    expect(text).toMatch(/"carol"/u)
    expect(text).toMatch(/"developers"/u)
  })

  it('is called by the new name', async () => {
    const sandbox = await furnish()
    expect((await rename(sandbox, 'bob', 'Rob')).status).toBe(200)
    const text = await everything(sandbox)
    expect(text).not.toMatch(/"bob"/u)
    expect(text.match(/"name":"Rob"/gu)).toHaveLength(3)
    expect((await send(sandbox, 'GET', `${own}/repos`)).status).toBe(404)
    const moved = await send(sandbox, 'GET', '/rest/api/latest/projects/~rob/repos')
    expect(moved.json.values.map(({ slug }) => slug)).toEqual(['notes'])
    const request = await send(sandbox, 'GET', `${requests}/1/activities`)
    expect(request.text).not.toMatch(/"bob"/u)
    expect(request.text).toMatch(/"name":"Rob"/u)
    expect((await send(sandbox, 'GET', `${requests}/1`)).text).toMatch(/"name":"Rob"/u)
  })
})
