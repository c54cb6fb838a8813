/** No plan locks the administrators or bbstate itself out, and every plan says who gains and loses what. */
import { afterEach, describe, expect, test } from 'vitest'
import type { PlanError } from '../../src/model/errors.js'
import type { Allowances } from '../../src/model/guard.js'
import type { Plan } from '../../src/model/plan.js'
import { accessWords, plain } from '../../src/report/words.js'
import type { SandboxState } from '../../src/sandbox/state.js'
import { type LiveRun, lines, startLive } from '../live.js'

const strict: Allowances = { allows: () => false, allowsPath: () => false }
const allowing = (...names: readonly string[]): Allowances => ({
  allows: (name) => names.includes(name),
  allowsPath: () => false,
})

let live: LiveRun
afterEach(() => live.close())

async function start(change: (state: SandboxState) => void = () => undefined, account?: string): Promise<void> {
  live = await startLive({}, undefined, account)
  change(live.sandbox.state)
}

const plan = (instance: unknown, policy: unknown = {}, allow = strict): Promise<Plan> =>
  live.plan({ instance, policy }, { allow })

const words = ({ access }: Plan): string | undefined => access && plain(accessWords(access))

/** A group that makes people administrators, beside the permission that the first account has itself. */
function addAdministrators(state: SandboxState, ...members: readonly string[]): void {
  state.groups['admins'] = { name: 'admins', deletable: true, members: [...members] }
  state.groupPermissions['admins'] = 'SYS_ADMIN'
}

describe("bbstate's own account", () => {
  test('cannot lose its permission', async () => {
    await start((state) => addAdministrators(state, 'bob'))
    await expect(plan({ userPermissions: { admin: null } })).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: "bbstate's own account admin would lose SYS_ADMIN",
    })
  })

  test('cannot be lowered, not even with every allowance', async () => {
    await start((state) => addAdministrators(state, 'bob'))
    const lowered = plan({ userPermissions: { admin: 'ADMIN' } }, {}, allowing('unknown-administrators'))
    await expect(lowered).rejects.toMatchObject({ message: "bbstate's own account admin would lose SYS_ADMIN" })
  })

  test.each([
    ['its membership goes', { groups: { admins: { members: { admin: null } } } }],
    ['the permission of its group goes', { groupPermissions: { admins: null } }],
    ['its group is deleted', { groups: { admins: null } }],
  ])('cannot be locked out through a group: %s', async (_what, instance) => {
    await start((state) => {
      addAdministrators(state, 'admin', 'bob')
      state.userPermissions = { bob: 'SYS_ADMIN' }
    })
    await expect(plan(instance)).rejects.toMatchObject({
      message: "bbstate's own account admin would lose SYS_ADMIN (through the group admins)",
    })
  })

  test('cannot be locked out by pruning', async () => {
    await start((state) => addAdministrators(state, 'bob'))
    const pruning = plan({ userPermissions: { bob: 'SYS_ADMIN' } }, { prune: ['instance.userPermissions'] })
    await expect(pruning).rejects.toMatchObject({ message: "bbstate's own account admin would lose SYS_ADMIN" })
  })

  test('may change the way it holds its permission, and that comes last', async () => {
    await start()
    const moved = await plan({
      groups: { admins: { members: ['admin', 'bob'] } },
      groupPermissions: { admins: 'SYS_ADMIN' },
      userPermissions: { admin: null },
      banner: { message: 'Hello' },
    })
    const own = moved.changes.filter(({ last }) => last === true).map(({ address }) => address)
    expect(own).toEqual([
      'instance.groupPermissions[admins]',
      'instance.groups[admins].members[admin]',
      'instance.userPermissions[admin]',
    ])
    expect(lines(moved).at(-1)).toBe('delete instance.userPermissions[admin]')
    await live.apply(moved)
    expect(live.sandbox.state.userPermissions['admin']).toBeUndefined()
    expect(live.sandbox.state.groupPermissions['admins']).toBe('SYS_ADMIN')
  })
})

describe('the administrators', () => {
  test('of the policy cannot lose SYS_ADMIN', async () => {
    await start((state) => addAdministrators(state, 'bob', 'alice'))
    const gone = plan({ groups: { admins: { members: { bob: null } } } }, { administrators: { users: ['Bob'] } })
    await expect(gone).rejects.toMatchObject({
      message: 'bob of policy.administrators would lose SYS_ADMIN (through the group admins)',
    })
  })

  test('are as many as the policy says', async () => {
    await start((state) => addAdministrators(state, 'bob', 'alice'))
    const fewer = { groups: { admins: { members: { bob: null } } } }
    await expect(plan(fewer, { administrators: { atLeast: 3 } })).rejects.toMatchObject({
      message: 'Only 2 people would still be known to hold SYS_ADMIN; 3 must (policy.administrators.atLeast)',
    })
    expect(lines(await plan(fewer, { administrators: { atLeast: 2 } }))).toHaveLength(1)
  })

  test('who are deactivated do not count', async () => {
    await start((state) => addAdministrators(state, 'bob', 'eve'))
    const fewer = { groups: { admins: { members: { bob: null } } } }
    await expect(plan(fewer, { administrators: { atLeast: 2 } })).rejects.toMatchObject({
      message: 'Only 1 person would still be known to hold SYS_ADMIN; 2 must (policy.administrators.atLeast)',
    })
  })

  test('whom nobody can see are not assumed', async () => {
    await start((state) => {
      addAdministrators(state)
      state.groupPermissions['ops'] = 'ADMIN'
      state.groups['ops'] = { name: 'ops', deletable: true, members: ['carol'] }
    })
    const gone = { groupPermissions: { admins: null } }
    const two = { administrators: { atLeast: 2 } }
    await expect(plan(gone, two)).rejects.toMatchObject({
      hint: expect.stringContaining('Members of admins cannot be seen: Look who remains') as unknown,
    })
    expect(lines(await plan(gone, two, allowing('unknown-administrators')))).toHaveLength(1)
  })

  test('are not taken away while it cannot be seen where the own rights come from', async () => {
    await start((state) => {
      addAdministrators(state, 'bob', 'alice')
      state.groups['nested'] = { name: 'nested', deletable: true, members: ['admin'] }
      state.groupPermissions['nested'] = 'SYS_ADMIN'
      delete state.userPermissions['admin']
    })
    // As if the account were in a group inside of this one.
    const nobody = { values: [], size: 0, limit: 1000, start: 0, isLastPage: true }
    live.sandbox.addFault({ kind: 'body', path: 'context=nested', body: nobody, count: Infinity })
    const fewer = { groups: { admins: { members: { bob: null } } } }
    await expect(plan(fewer)).rejects.toMatchObject({
      message: expect.stringContaining("where bbstate's own account admin has its own from cannot be seen") as unknown,
    })
    expect(lines(await plan(fewer, {}, allowing('unknown-administrators')))).toHaveLength(1)
  })

  test('are not looked for where a plan touches no permission, and else with one list each and the strong groups', async () => {
    await start((state) => addAdministrators(state, 'bob'))
    live.sandbox.forgetRequests()
    await plan({ banner: { message: 'Hello' } })
    expect(live.sandbox.requests.map(({ path }) => path)).toEqual(['/rest/api/latest/admin/banner'])
    live.sandbox.forgetRequests()
    await plan({ userPermissions: { alice: 'PROJECT_CREATE' } })
    const paths = live.sandbox.requests.map(({ path }) => path.split('?')[0]).sort()
    expect(paths).toEqual([
      '/rest/api/latest/admin/groups/more-members',
      '/rest/api/latest/admin/permissions/groups',
      '/rest/api/latest/admin/permissions/users',
      '/rest/api/latest/admin/users',
    ])
  })
})

describe('the access line', () => {
  test('counts people and names the way, losses first', async () => {
    await start((state) => addAdministrators(state, 'bob', 'carol'))
    const made = await plan({
      groups: { admins: { members: { bob: null, carol: null } } },
      userPermissions: { alice: 'ADMIN' },
    })
    expect(words(made)).toBe('Access: 2 lose SYS_ADMIN through admins (bob, carol); 1 gains ADMIN (alice)')
  })

  test('names who loses what a group gave, and nobody who holds as much another way', async () => {
    await start()
    const made = await plan({ groupPermissions: { contractors: null, developers: 'LICENSED_USER' } })
    expect(words(made)).toBe('Access: 5 lose PROJECT_CREATE through developers (alice, bob, carol, dave, j.doe)')
  })

  test('says where another group may give the same', async () => {
    await start((state) => {
      state.userPermissions['alice'] = 'PROJECT_CREATE'
    })
    const made = await plan({ userPermissions: { alice: null } })
    expect(words(made)).toBe('Access: 1 loses PROJECT_CREATE (alice), unless another group gives it')
  })

  test('is absent where nobody is concerned', async () => {
    await start()
    expect((await plan({ banner: { message: 'Hello' } })).access).toBeUndefined()
  })
})

describe('names of nobody', () => {
  const typo = { groups: { developers: { members: ['alise'] } }, userPermissions: { alise: 'ADMIN' } }

  test('are refused once each, with every place and the nearest name', async () => {
    await start()
    await expect(plan(typo)).rejects.toMatchObject({
      code: 'CONFIG_REFERENCE',
      message: expect.stringMatching(
        /names alise, which is not among the users of the server\. So do instance\.\S+ \(test\.yaml:1\)/u,
      ) as unknown,
      hint: 'Did you mean alice?',
    })
  })

  test('are left out alone under policy.unknownPrincipals: warn', async () => {
    await start()
    const instance = { groups: { developers: { members: ['alise', 'admin'] } } }
    const made = await plan(instance, { unknownPrincipals: 'warn' })
    expect(lines(made)).toEqual(['create instance.groups[developers].members[admin]'])
    expect(made.warnings.map(({ code }) => code)).toEqual(['UNKNOWN_PRINCIPAL'])
  })

  test('that are deactivated are of no use', async () => {
    await start()
    await expect(plan({ userPermissions: { eve: 'ADMIN' } })).rejects.toMatchObject({
      message: 'instance.userPermissions[eve] names eve, which is of no use: the user is deactivated',
    })
  })
})

describe('read-only directories', () => {
  test.each([
    ['members of their groups', { groups: { 'ldap-staff': { members: ['alice'] } } }, 'instance.groups[ldap-staff]'],
    ['their groups', { groups: { 'ldap-staff': null } }, 'instance.groups[ldap-staff]'],
    ['their users', { users: { lena: { displayName: 'L' } } }, 'instance.users[lena]'],
    ['memberships of their users', { groups: { developers: { members: ['lena'] } } }, 'the groups of lena'],
  ])('are refused while planning: %s', async (_what, instance, name) => {
    await start()
    const error = (await plan(instance).catch((thrown: unknown) => thrown)) as PlanError
    expect(error.code).toBe('PLAN_UNSAFE')
    const messages = error.findings?.map(({ message }) => message) ?? [error.message]
    expect(messages[0]).toContain(name)
    expect(messages[0]).toContain('in a read-only directory')
  })
})

describe('rights', () => {
  test('that are missing are named all at once, before anything is written', async () => {
    await start((state) => {
      state.userPermissions['bob'] = 'ADMIN'
    }, 'bob')
    const made = await plan({
      banner: { message: 'Hello' },
      userPermissions: { alice: 'SYS_ADMIN', carol: 'SYS_ADMIN' },
    })
    await expect(live.apply(made)).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      findings: [
        { address: 'instance.userPermissions[alice]' },
        {
          message:
            'instance.userPermissions[carol] needs the global permission SYS_ADMIN, which bob or its token has not',
        },
      ],
    })
    expect(live.sandbox.state.banner).toBeNull()
  })
})

describe('the limit of people who lose access', () => {
  const goes = { groups: { contractors: null } }

  test('is judged on everybody whom the finished plan takes a permission from', async () => {
    await start()
    const limited = plan(goes, { limits: { accessLosses: 1 } })
    await expect(limited).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: '2 people would lose a global permission; policy.limits.accessLosses is 1',
    })
    expect(lines(await plan(goes, { limits: { accessLosses: 2 } }))).toContain('delete instance.groups[contractors]')
  })

  test('holds where the members cannot be read: nobody is taken for none', async () => {
    await start()
    const path = '/admin/groups/more-members\\?context=contractors'
    live.sandbox.addFault({ path, kind: 'body', status: 403, body: { errors: [] }, count: Infinity })
    await expect(plan({ groupPermissions: { contractors: null } })).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: expect.stringContaining('Everybody in contractors would lose a global permission'),
    })
  })
})
