/** The reference of the exec store holds: its examples and the real traffic are what the schema says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/host/crypto.js'
import { cleanEnvironment, runProgram } from '../../src/host/program.js'
import { systemClock } from '../../src/host/token.js'
import { Scrubber } from '../../src/model/secret.js'
import { checkHelper, listChecks } from '../../src/oauth/stores/exec-check.js'

const schema = JSON.parse(readFileSync('schemas/exec-store.schema.json', 'utf8')) as object
const page = readFileSync('docs/reference/exec-store.md', 'utf8')
const ajv = new Ajv2020({ discriminator: true, allErrors: true, strictTypes: false, strictRequired: false })
ajv.addSchema(schema, 'exec-store')
const validatorOf = (name: string): ValidateFunction =>
  ajv.getSchema(`exec-store#/$defs/${name}`) ?? expect.unreachable(name)

function operationOf(message: unknown): string | undefined {
  return (message as { readonly operation?: string }).operation
}

describe('the page', () => {
  const examples = [...page.matchAll(/## (\w+)\n|```json\n(.*?)```/gsu)]
  const messages = examples.flatMap(([, section, text], index) => {
    if (section !== undefined || text === undefined) return []
    const heading = examples.slice(0, index).findLast(([, name]) => name !== undefined)?.[1] ?? ''
    return [{ heading, text: text.trim(), message: JSON.parse(text) as unknown }]
  })

  test.each(messages)('$heading: $text', ({ heading, message }) => {
    const kind = operationOf(message) === undefined ? 'Answer' : 'Request'
    const validate = validatorOf(`${heading}${kind}`)
    validate(message)
    expect(validate.errors ?? []).toEqual([])
  })

  test('shows both sides of every operation, and names every check', () => {
    const shown = new Set(messages.map(({ heading, message }) => `${heading} ${operationOf(message) === undefined}`))
    expect(shown.size).toBe(10)
    const rows = [...page.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gmu)].map(([, name]) => name?.trim())
    expect(rows.slice(rows.indexOf('check') + 1).filter((name) => !/^-+$/u.test(name ?? ''))).toEqual(listChecks())
  })
})

test('what bbstate asks and the example answers is what the schema says', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bbstate-schema-'))
  const seen = new Map<string, number>()
  try {
    await checkHelper(
      {
        path: resolve('examples/exec-store/helper.mjs'),
        args: [join(home, 'store')],
        environment: cleanEnvironment(process.env, []),
        scrubber: new Scrubber(),
        run: async (request) => {
          const result = await runProgram(request)
          const message = JSON.parse(request.input) as unknown
          const operation = operationOf(message) ?? ''
          if (operation === 'no-such-operation') return result
          const checked = [[validatorOf(`${operation}Request`), message] as const]
          if (result.type === 'ended') checked.push([validatorOf(`${operation}Answer`), JSON.parse(result.stdout)])
          for (const [validate, data] of checked) expect([validate(data), validate.errors]).toEqual([true, null])
          seen.set(operation, (seen.get(operation) ?? 0) + 1)
          return result
        },
      },
      { crypto: nodeCrypto, clock: systemClock },
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
  expect([...seen.keys()].sort()).toEqual(['capabilities', 'lock', 'read', 'unlock', 'write'])
})
