/** Everything that the face lets out, with hostile names in it: no control of a terminal, no command for a log. */
import { describe, expect, test } from 'vitest'
import { Face } from '../../../src/cli/face.js'
import { ConfigError, type Finding, PlanError, UsageError } from '../../../src/model/errors.js'
import type { Event } from '../../../src/model/event.js'
import { ApplyError } from '../../../src/model/outcome.js'
import { Scrubber } from '../../../src/model/secret.js'
import { formatJson } from '../../../src/report/json.js'
import { change, hostilePlan, hostileReport, hostileTexts } from '../../plans.js'

function faceWith(options: { json?: boolean; quiet?: boolean; isTTY?: boolean; columns?: number } = {}): {
  face: Face
  out: () => string
  err: () => string
} {
  let [out, err] = ['', '']
  const { json = false, quiet = false, isTTY = false, columns } = options
  const stdout = { write: (text: string) => (out += text), isTTY }
  const stderr = { write: (text: string) => (err += text), isTTY, columns }
  const faceOptions = { json, quiet, verbose: true, colour: undefined }
  return { face: new Face(faceOptions, { stdout, stderr }, new Scrubber(), {}), out: () => out, err: () => err }
}

function expectHarmless(text: string): void {
  expect(text).not.toBe('')
  expect(text).not.toMatch(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u,
  )
  expect(text).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/mu)
}

const finding = (text: string): Finding => ({
  code: 'API_SERVER',
  message: text,
  hint: text,
  address: text,
  source: { file: text, line: 1, column: 1 },
  requestId: text,
})

describe('nothing that leaves can deceive', () => {
  test('plans and reports', async () => {
    const { face, out } = faceWith()
    await face.result((report) => report.document(hostilePlan()))
    await face.result((report) => report.document(hostileReport()))
    expectHarmless(out())
    expect(out()).toContain('山田 太郎 ❤️ é')
  })

  test('every event', async () => {
    const { face, err } = faceWith()
    const listen = await face.listener()
    for (const text of hostileTexts) {
      const outcome = {
        address: text,
        action: 'update',
        outcome: 'failed',
        error: finding(text),
        milliseconds: 1,
      } as const
      const events: readonly Event[] = [
        { type: 'reading', done: 1, total: 2, what: text },
        { type: 'applying', change: change({ address: text, action: 'update' }) },
        { type: 'applied', outcome, done: 1, total: 2 },
        { type: 'proving', total: 2 },
        { type: 'waiting', reason: text, seconds: 1 },
        { type: 'warning', warning: { code: text, message: text, address: text } },
        { type: 'request', method: text, path: text, status: 200, milliseconds: 1, requestId: text },
      ]
      for (const event of events) listen(event)
    }
    expectHarmless(err())
    expect(err().split('\n').length).toBeGreaterThan(5 * hostileTexts.length)
  })

  test('errors of every class, warnings and defects', async () => {
    for (const text of hostileTexts) {
      const { face, err } = faceWith()
      await face.fail(new UsageError(text, { hint: text, requestId: text, address: text }))
      await face.fail(new ConfigError([finding(text), finding(text)]))
      await face.fail(new PlanError('PLAN_UNSAFE', text, { findings: [finding(text)] }))
      await face.fail(new ApplyError('APPLY_PARTIAL', text, hostileReport()))
      await face.fail(new Error(text))
      await face.warn(text)
      face.note(`${text.includes('\u001b') ? '' : text.replaceAll(/[\p{C}\n]/gu, '')}\n`)
      expectHarmless(err())
    }
  })

  test('JSON keeps every value and shows none of it raw', async () => {
    const document = { plan: hostilePlan(), report: hostileReport() }
    expectHarmless(formatJson(document))
    expect(JSON.parse(formatJson(document))).toEqual(document)
    const { face, out } = faceWith({ json: true })
    await face.fail(new PlanError('PLAN_UNSAFE', hostileTexts.join(' '), { findings: hostileTexts.map(finding) }))
    expectHarmless(out())
  })
})

test('the line of progress is cut by columns, not by letters, and leaves no colour behind', async () => {
  const { face, err } = faceWith({ isTTY: true, columns: 31 })
  const listen = await face.listener()
  listen({ type: 'reading', done: 1, total: 2, what: '山田太郎'.repeat(10) })
  const shown = err().replace('\r\u001b[2K', '')
  expect(shown.endsWith('\u001b[0m')).toBe(true)
  expect(shown.replaceAll(/\u001b\[\d*m/gu, '')).toBe('Reading 1/2  山田太郎山田太郎')
})

test.each([{}, { quiet: true }, { json: true }, { isTTY: true, columns: 40 }])(
  'a token that no store took is printed whole, whatever else is wanted: %j',
  async (options) => {
    const { face, err } = faceWith(options)
    const line = `bbstate-recovery-1.${'Az09+/'.repeat(200)}==`
    ;(await face.listener())({ type: 'handed-out', line })
    expect(err()).toBe(`${line}\n`)
  },
)
