/** System signing and X.509 certificates over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, openSandbox, password, send, submit } from './visitor.js'

const signing = '/rest/api/latest/system-signing/configuration'
const certificates = '/rest/api/latest/signing/x509-certificates'

const parse = (answer: Answer): Readonly<Record<string, unknown>> => JSON.parse(answer.text)

/** Made for these tests; its key is gone. */
const example = `-----BEGIN CERTIFICATE-----
MIIBSjCB/aADAgECAhQ7VVbWX6454B7wxkZMO6/jBZJCQDAFBgMrZXAwGjEYMBYG
A1UEAwwPRXhhbXBsZSBTaWduaW5nMCAXDTI2MTEyNDAzNTIwMVoYDzIxMjYxMDMx
MDM1MjAxWjAaMRgwFgYDVQQDDA9FeGFtcGxlIFNpZ25pbmcwKjAFBgMrZXADIQBB
wQzYt1UR+EG3b+HntAXNZACVidbhIhmlrX73xS7bvqNTMFEwHQYDVR0OBBYEFI70
BP3qND/qFasDDclso40hQYQ8MB8GA1UdIwQYMBaAFI70BP3qND/qFasDDclso40h
QYQ8MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA+WX5mAgvM+xZMD0u7ZjHaaD9
8hNIk2zaM5OjceSAwGzQQ6pm/9yF7WY1YxiOieGNfcRCPBfho8XTtjjtGC9iBw==
-----END CERTIFICATE-----
`
/** As `openssl x509 -fingerprint -sha256` prints it, without colons. */
const fingerprint = 'c7afe95b7a48974d9047c73f69b7be1b7fa9705786b4a6a6a2da47d2dacf22c1'

describe('system signing', () => {
  it('is switched on and off, from 8.17 on', async () => {
    const sandbox = await openSandbox({ bitbucket: '8.19' })
    expect(parse(await send(sandbox, 'GET', signing))).toEqual({ enabled: false })
    expect(parse(await send(sandbox, 'POST', signing, { body: { enabled: true } }))).toEqual({ enabled: true })
    expect((await send(sandbox, 'POST', signing, { body: { enabled: 'no' } })).status).toBe(400)
    expect((await send(sandbox, 'PUT', signing, { body: { enabled: false } })).status).toBe(405)
    expect(parse(await send(sandbox, 'GET', signing))).toEqual({ enabled: true })
    expect((await send(await openSandbox({ bitbucket: '7.21' }), 'GET', signing)).status).toBe(404)
  })

  it('is the business of system administrators', async () => {
    const sandbox = await openSandbox()
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const as = password(sandbox, 'carol')
    expect((await send(sandbox, 'GET', signing, { as })).status).toBe(401)
    expect((await send(sandbox, 'POST', signing, { as, body: { enabled: true } })).status).toBe(401)
  })
})

describe('an X.509 certificate', () => {
  const add = (sandbox: Sandbox, certificate: string): Promise<Answer> =>
    submit(sandbox, 'POST', certificates, { certificate })

  it('is known by its fingerprint, in pages, until it is removed', async () => {
    const sandbox = await openSandbox()
    const made = await add(sandbox, example)
    const entry = { id: expect.any(Number), fingerprint }
    expect([made.status, parse(made)]).toEqual([201, entry])
    const listed = await send(sandbox, 'GET', certificates)
    expect(listed.json).toMatchObject({ values: [parse(made)], size: 1, isLastPage: true })
    const one = `${certificates}/${parse(made)['id']}`
    expect((await send(sandbox, 'GET', one)).status).toBe(405)
    expect((await send(sandbox, 'DELETE', one)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', one)).status).toBe(404)
    expect((await send(sandbox, 'GET', certificates)).json.values).toEqual([])
  })

  it('is added once, however its lines end', async () => {
    const sandbox = await openSandbox()
    await add(sandbox, example.replaceAll('\n', '\r\n'))
    const again = await submit(sandbox, 'POST', certificates, { certificate: `\n${example}\n` })
    expect([again.status, sandbox.state.instance.x509Certificates.length]).toEqual([409, 1])
  })

  it.each([
    ['nothing', ''],
    ['words', 'nonsense'],
    ['a damaged one', example.replace('MII', 'MIA')],
    ['a key', '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n'],
  ])('is not %s', async (_what, certificate) => {
    const sandbox = await openSandbox()
    const refused = await add(sandbox, certificate)
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, 'certificate'])
    expect(sandbox.state.instance.x509Certificates).toEqual([])
  })

  it('comes in its own field, and from administrators', async () => {
    const sandbox = await openSandbox()
    expect((await submit(sandbox, 'POST', certificates, { file: example })).status).toBe(400)
    const as = password(sandbox, 'alice')
    expect((await submit(sandbox, 'POST', certificates, { certificate: example }, as)).status).toBe(401)
    expect((await send(sandbox, 'GET', certificates, { as })).status).toBe(401)
    expect((await send(sandbox, 'DELETE', `${certificates}/1`, { as })).status).toBe(401)
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const carol = password(sandbox, 'carol')
    expect((await submit(sandbox, 'POST', certificates, { certificate: example }, carol)).status).toBe(201)
  })
})
