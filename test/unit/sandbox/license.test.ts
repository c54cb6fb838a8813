/** The licence over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, exceptions, openSandbox, password, send } from './visitor.js'

const path = '/rest/api/latest/admin/license'
const parse = (answer: Answer): Readonly<Record<string, unknown>> => JSON.parse(answer.text)

/** Written here again, in another order than the sandbox writes it: who sells licences writes them as they like. */
function encode(fields: object): string {
  return Buffer.from(JSON.stringify(fields, null, 2)).toString('base64')
}

function termsOf({ state }: Sandbox): object {
  return {
    expiryDate: Date.UTC(2040, 0, 1),
    maximumNumberOfUsers: 50,
    supportEntitlementNumber: 'SEN-7',
    serverId: state.instance.serverId,
  }
}

describe('the licence', () => {
  it('is there from the start', async () => {
    const sandbox = await openSandbox()
    const { serverId } = sandbox.state.instance
    const shown = parse(await send(sandbox, 'GET', path))
    expect(shown).toMatchObject({ serverId, supportEntitlementNumber: 'SEN-1000000', maximumNumberOfUsers: 2000 })
    // All accounts but that of the trainee, who is not licensed.
    expect(shown['status']).toEqual({ serverId, currentNumberOfUsers: Object.keys(sandbox.state.users).length - 1 })
    expect(parse(await send(sandbox, 'POST', path, { body: { license: shown['license'] } }))).toEqual(shown)
  })

  it('is taken however its lines are broken, and shown broken at 76', async () => {
    const sandbox = await openSandbox()
    const text = encode(termsOf(sandbox))
    const license = ` ${text.replaceAll(/.{7}/gu, (line) => `${line}\r\n\t`)}\n`
    const set = parse(await send(sandbox, 'POST', path, { body: { license } }))
    expect(set).toMatchObject(termsOf(sandbox))
    expect(parse(await send(sandbox, 'GET', path))).toEqual(set)
    const lines = String(set['license']).split('\n')
    expect(lines.join('')).toBe(text)
    expect(new Set(lines.slice(0, -1).map((line) => line.length))).toEqual(new Set([76]))
    expect(lines.at(-1)?.length).toBeLessThanOrEqual(76)
  })

  it.each([
    ['empty', () => '', 400],
    ['blank', () => ' \n', 400],
    ['missing', () => undefined, 400],
    ['no text', () => 7, 400],
    ['no base64', () => 'AAAB*', 409],
    ['no licence', () => 'nonsense', 409],
    ['incomplete', (terms: object) => encode({ ...terms, supportEntitlementNumber: undefined }), 409],
    ['without seats', (terms: object) => encode({ ...terms, maximumNumberOfUsers: 'many' }), 409],
    ['of another server', (terms: object) => encode({ ...terms, serverId: 'OTHER' }), 409],
    ['over', (terms: object) => encode({ ...terms, expiryDate: Date.UTC(2020, 0, 1) }), 409],
  ])('that is %s is refused, and the old one stays', async (_what, make, status) => {
    const sandbox = await openSandbox()
    const before = parse(await send(sandbox, 'GET', path))
    const refused = await send(sandbox, 'POST', path, { body: { license: make(termsOf(sandbox)) } })
    expect([refused.status, refused.json.errors]).toEqual([status, [expect.any(Object)]])
    expect(parse(await send(sandbox, 'GET', path))).toEqual(before)
  })

  it('may be missing, and cannot be taken away', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'DELETE', path)).status).toBe(405)
    sandbox.state.instance.license = null
    expect(exceptions(await send(sandbox, 'GET', path))).toEqual(['NoSuchEntityException'])
  })

  it('is read by administrators and set by system administrators', async () => {
    const sandbox = await openSandbox()
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const body = { license: encode(termsOf(sandbox)) }
    const carol = password(sandbox, 'carol')
    expect((await send(sandbox, 'GET', path, { as: carol })).status).toBe(200)
    expect((await send(sandbox, 'POST', path, { as: carol, body })).status).toBe(401)
    expect((await send(sandbox, 'GET', path, { as: password(sandbox, 'alice') })).status).toBe(401)
    expect(parse(await send(sandbox, 'GET', path))['supportEntitlementNumber']).toBe('SEN-1000000')
  })
})
