import { expect, test } from 'vitest'
import { asForm } from '../../../src/bitbucket/content.js'

/** As another implementation of the same standard reads it. */
async function read(form: ReturnType<typeof asForm>): Promise<readonly (readonly [string, string])[]> {
  const data = await new Response(form.body, { headers: { 'content-type': form.type } }).formData()
  return Promise.all(
    [...data].map(async ([name, value]) => [name, typeof value === 'string' ? value : await value.text()]),
  )
}

test('a form is read back as it was meant, whatever its parts hold', async () => {
  const nasty = 'first\r\n--bbstate-form--\r\nsecond "quoted" ü\n\n'
  const form = asForm([
    { name: 'name', value: 'no-big-files' },
    { name: 'odd"name', value: '' },
    { name: 'content', value: nasty, fileName: 'a"b.sh' },
  ])
  expect(await read(form)).toEqual([
    ['name', 'no-big-files'],
    ['odd"name', ''],
    ['content', nasty],
  ])
})
