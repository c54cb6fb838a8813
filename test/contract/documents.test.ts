/** What the pages say can be followed: links lead somewhere, and every configuration in them is valid. */
import { readdirSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { registry } from '../../src/bitbucket/registry.js'
import { compileValidator } from '../../src/config/validator.js'

const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]
const validate = compileValidator(registry)

/** Anchors of a page, as Markdown renderers make them from its headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(page, 'utf8').replaceAll(/```.*?```/gsu, '')
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/gu)].map(([, link = '']) => link)
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(target)) return true
    return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor)
  })
  expect(broken).toEqual([])
})

const configurations = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/```ya?ml\n(.*?)```/gsu)]
    .map(([, yaml = ''], index) => ({ name: `${page} no. ${index + 1}`, document: load(yaml) }))
    .filter(({ document }) => Object.keys(document as object).some((key) => ['instance', 'policy'].includes(key))),
)

test('there are configurations to check', () => {
  const settings = registry.resources.filter(({ form }) => form !== 'directory')
  expect(configurations.length).toBeGreaterThan(settings.length)
})

test.each(configurations)('the configuration of $name is valid', ({ document }) => {
  expect(validate(document)).toEqual([])
})
