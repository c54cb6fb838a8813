import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Scrubber, Secret } from '../../../src/model/secret.js'

const canary = 'kanarie"n vogel/+='

describe('Secret', () => {
  test('shows itself to nobody but reveal', () => {
    const secret = new Secret(canary)
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }),
    ]
    for (const text of shown) expect(text).not.toContain('vogel')
    expect(secret.reveal()).toBe(canary)
  })
})

describe('Scrubber', () => {
  test('removes a value in every usual spelling', () => {
    const scrubber = new Scrubber()
    scrubber.add(canary)
    const spellings = [
      canary,
      encodeURIComponent(canary),
      new URLSearchParams({ p: canary }).toString(),
      JSON.stringify({ p: canary }),
      Buffer.from(canary).toString('base64'),
    ]
    for (const text of spellings) {
      expect(scrubber.scrub(`before ${text} after`)).not.toMatch(/vogel|a2FuYXJpZ/u)
    }
  })

  test('leaves other text alone, and does not take short values for secrets', () => {
    const scrubber = new Scrubber()
    scrubber.add('abc')
    scrubber.add(canary)
    expect(scrubber.scrub('abc and nothing else')).toBe('abc and nothing else')
  })

  test('a value that holds another one is removed whole', () => {
    const scrubber = new Scrubber()
    scrubber.add('inner')
    scrubber.add('outer-inner-outer')
    expect(scrubber.scrub('x outer-inner-outer y')).toBe('x (sensitive) y')
  })
})
