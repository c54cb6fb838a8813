/** Forms with files: read strictly, part by part, and only from whoever is no page of another site. */
import { describe, expect, it } from 'vitest'
import { parseForm } from '../../../src/sandbox/form.js'
import { openSandbox, password, send } from './visitor.js'

const type = 'multipart/form-data; boundary=b'
const part = (name: string, content: string): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`
const parse = (body: string, contentType = type) => parseForm(contentType, Buffer.from(body))

describe('a form', () => {
  it.each([
    ['no part', '', {}],
    ['an empty part', part('a', ''), { a: '' }],
    ['line ends', part('a', '\r\n\nx\r\n') + part('b', 'ü'), { a: '\r\n\nx\r\n', b: 'ü' }],
    ['what looks like a boundary', part('a', 'x\r\n--bb\r\n--b-\r\n--'), { a: 'x\r\n--bb\r\n--b-\r\n--' }],
    ['a byte order mark', part('a', '\uFEFFx'), { a: '\uFEFFx' }],
    ['a name like a prototype', part('__proto__', 'x'), JSON.parse('{"__proto__":"x"}')],
  ])('keeps %s', (_what, parts, fields) => {
    expect(parse(`${parts}--b--\r\n`)).toEqual(fields)
    expect(parse(`${parts}--b--`)).toEqual(fields)
  })

  it('is read as the platform reads it', async () => {
    const given = new FormData()
    given.append('name', 'ü "quoted" --b')
    given.append('content', new Blob(['#!/bin/sh\r\n--\r\nexit 0\n']), 'hook; name=other.sh')
    const response = new Response(given)
    const body = Buffer.from(await response.arrayBuffer())
    expect(parseForm(response.headers.get('content-type') ?? '', body)).toEqual({
      name: 'ü "quoted" --b',
      content: '#!/bin/sh\r\n--\r\nexit 0\n',
    })
  })

  it.each([
    ['without a boundary', `${part('a', 'x')}--b--`, 'multipart/form-data'],
    ['of another type', `${part('a', 'x')}--b--`, 'application/json; boundary=b'],
    ['with another boundary', `${part('a', 'x')}--b--`, 'multipart/form-data; boundary=c'],
    ['cut off', part('a', 'x'), type],
    ['that begins with something else', `x\r\n${part('a', 'x')}--b--`, type],
    ['with a part without a name', '--b\r\ncontent-disposition: form-data; filename="a"\r\n\r\nx\r\n--b--', type],
    ['with a part without an end of its head', '--b\r\ncontent-disposition: form-data; name="a"\r\nx\r\n--b--', type],
    ['with two parts of one name', `${part('a', 'x')}${part('a', 'y')}--b--`, type],
  ])('%s is none', (_what, body, contentType) => {
    expect(parse(body, contentType)).toBeUndefined()
  })

  it('that is not in UTF-8 is none, rather than another text', () => {
    const latin = Buffer.from(`${part('a', 'ü')}--b--`, 'latin1')
    expect(parseForm(type, latin)).toBeUndefined()
  })

  it('quotes its boundary or not, among other parameters', () => {
    const body = `${part('a', 'x').replace('--b', '--b=+.')}--b=+.--`
    expect(parse(body, 'multipart/form-data; charset=utf-8; boundary="b=+."')).toEqual({ a: 'x' })
    expect(parse(body, 'Multipart/Form-Data;boundary=b=+.')).toEqual({ a: 'x' })
  })
})

describe('a request with a form', () => {
  const path = '/rest/api/latest/hook-scripts'
  const body = `${part('name', 'a')}${part('type', 'PRE')}${part('content', 'x')}--b--\r\n`
  const unseen = { 'x-atlassian-token': 'no-check' }

  it.each([
    ['is taken', path, { ...unseen, 'content-type': type }, 200],
    ['without the header is refused as a page’s', path, { 'content-type': type }, 403],
    ['with another value of it, too', path, { 'x-atlassian-token': 'nocheck', 'content-type': type }, 403],
    ['wherever it goes', '/rest/api/latest/system-signing/configuration', { 'content-type': type }, 403],
    ['is no JSON', '/rest/api/latest/system-signing/configuration', { ...unseen, 'content-type': type }, 415],
    ['is not replaced by JSON', path, { ...unseen, 'content-type': 'application/json' }, 415],
    ['is not replaced by fields', path, { ...unseen, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['must be one', path, { ...unseen, 'content-type': 'multipart/form-data; boundary=c' }, 400],
  ])('%s', async (_what, where, headers, status) => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'POST', where, { body, headers })).status).toBe(status)
    expect(sandbox.state.instance.hookScripts).toHaveLength(status === 200 ? 1 : 0)
  })

  it('is refused to whoever may not send it, before it is read', async () => {
    const sandbox = await openSandbox()
    const headers = { ...unseen, 'content-type': 'multipart/form-data; boundary=c' }
    expect((await send(sandbox, 'POST', path, { body, headers, as: password(sandbox, 'alice') })).status).toBe(401)
  })
})
