/** The page in a real browser: what is seen, what can be done by keyboard, and that nothing is loaded or run. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderHtml } from '../../../src/report/html.js'
import { hasChromium, screenshotPath, startBrowser } from '../../browser.js'
import {
  change,
  hostilePlan,
  hostileReport,
  hostileTexts,
  largePlan,
  planOf,
  reportOf,
  reviewPlan,
} from '../../plans.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const usual = { width: 1200, height: 900 }

describe('the file', () => {
  test('of a plan of 10,000 changes is smaller than 10 MB', () => {
    const bytes = Buffer.byteLength(renderHtml(largePlan(10_000), sha256))
    expect(bytes).toBeLessThan(10_000_000)
    expect(bytes).toBeGreaterThan(1_000_000)
  })

  test('has nothing of a hostile name but its text', () => {
    for (const text of [renderHtml(hostilePlan(), sha256), renderHtml(hostileReport(), sha256)]) {
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066\u200b]/u)
      expect(text).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/mu)
    }
  })
})

describe.skipIf(!hasChromium)('in a browser', () => {
  let browser: Browser
  let folder: string
  const noise: string[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bbstate-page-'))
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens a text as a file, and notes every request beside it and every word of the console. */
  async function open(text: string, options: BrowserContextOptions = {}): Promise<Page> {
    const file = join(folder, 'page.html')
    writeFileSync(file, text)
    noise.length = 0
    const context = await browser.newContext({ viewport: usual, ...options })
    const page = await context.newPage()
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) noise.push(`request ${request.url()}`)
    })
    page.on('console', (message) => noise.push(`console ${message.text()}`))
    page.on('pageerror', (error) => noise.push(`error ${error.message}`))
    page.on('dialog', (dialog) => {
      noise.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(pathToFileURL(file).href)
    return page
  }

  const plan = renderHtml(reviewPlan(), sha256)
  const shown = (page: Page): Promise<number> => page.locator('details.c:visible').count()

  test('opens without a request or a complaint, what must not be overlooked first', async () => {
    const page = await open(plan)
    expect(noise).toEqual([])
    expect(await page.title()).toBe('Plan: 3 to add, 2 to change, 4 to destroy. https://bitbucket.example.com')
    const headings = await page.getByRole('heading').allInnerTexts()
    expect(headings.map((heading) => heading.replaceAll(/\s+/gu, ' '))).toEqual([
      'This configuration loosens 1 guard',
      'Plan: 3 to add, 2 to change, 4 to destroy.',
      'Access is lost',
      'Secrets go to a new place',
      'Warnings',
      'Deleted 3',
      'Replaced 1',
      'Changed 2',
      'Added 2',
      'Access is gained',
      'Kept although unmanaged (protected or read-only)',
      'Not managed',
      'About this plan',
    ])
    const cells = page.locator('details.c', { hasText: 'instance.mailServer' }).locator('td')
    expect(await cells.allInnerTexts()).toEqual([
      'smtp.example.com',
      'relay.example.net',
      '25',
      '587',
      'not set',
      '(secret smtp-password)',
    ])
    await page.context().close()
  })

  test.each([
    ['light', 'light', usual],
    ['dark', 'dark', usual],
    ['phone', 'light', { width: 360, height: 740 }],
    ['phone-dark', 'dark', { width: 360, height: 740 }],
  ] as const)('%s: fits its window, and its colours follow the system', async (name, colorScheme, viewport) => {
    const page = await open(plan, { colorScheme, viewport })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width)
    const [red = 0] = /\d+/u.exec(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')) ?? []
    expect(Number(red) > 128).toBe(colorScheme === 'light')
    expect(await contrastOf(page)).toEqual([])
    await page.screenshot({ path: screenshotPath(`plan-${name}`), fullPage: true })
    await page.context().close()
  })

  test('can be read without its script: every change and every value, and no dead button', async () => {
    const page = await open(plan, { javaScriptEnabled: false })
    expect(await page.locator('#tools').isVisible()).toBe(false)
    expect(await shown(page)).toBe(8)
    expect(await page.getByText('Maintenance on Saturday').isVisible()).toBe(true)
    await page.locator('summary', { hasText: 'instance.banner' }).click()
    expect(await page.getByText('Maintenance on Saturday').isVisible()).toBe(false)
    await page.context().close()
  })

  test('search, filters and folds work by keyboard', async () => {
    const page = await open(plan)
    await page.keyboard.press('/')
    await page.keyboard.type('contractors LICENSED')
    await expect.poll(() => shown(page)).toBe(1)
    expect(await page.getByRole('status').innerText()).toBe('1 of 8 shown')
    expect(await page.getByRole('heading', { name: 'Changed' }).isVisible()).toBe(false)
    await page.keyboard.press('Escape')
    await expect.poll(() => shown(page)).toBe(8)
    await page.keyboard.press('Tab')
    await page.keyboard.type('instance.gro')
    await expect.poll(() => shown(page)).toBeLessThan(8)
    expect(await page.locator('#area option:checked').innerText()).toMatch(/^instance\.groupPermissions \(1\)/u)
    await page.locator('#area').selectOption('')
    await page.getByRole('button', { name: 'Deleted' }).focus()
    await page.keyboard.press('Space')
    await expect.poll(() => shown(page)).toBe(5)
    await page.getByRole('button', { name: 'Close all' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('details.c:visible[open]').count()).toBe(0)
    const first = page.locator('details.c:visible').first()
    await first.locator('summary').focus()
    await page.keyboard.press('Enter')
    expect(await first.getAttribute('open')).not.toBeNull()
    expect(noise).toEqual([])
    await page.context().close()
  })

  test('paper has every change open', async () => {
    const page = await open(renderHtml(largePlan(60), sha256))
    expect(await page.locator('details[open]').count()).toBe(0)
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(await page.locator('details:not([open])').count()).toBe(0)
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(await page.locator('details[open]').count()).toBe(0)
    await page.context().close()
  })

  test('shows hostile names as text, letter by letter, and runs none of them', async () => {
    const page = await open(renderHtml(hostilePlan(), sha256))
    expect(noise).toEqual([])
    expect(await page.locator('img, svg, a, iframe, form, object, main script').count()).toBe(0)
    const names = await page.locator('.card li > code:first-child').allInnerTexts()
    expect(names).toContain('<img src=x onerror=alert(1)><script>alert(1)</script><!--')
    expect(names).toContain('</code></pre></details></td></table>')
    expect(names).toContain('&amp; &#64;all'.replace(/^/u, '**bold** _em_ ~~del~~ $math$ :smile: '))
    expect(await page.locator('details.c').count()).toBe(3 * hostileTexts.length)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    await page.screenshot({ path: screenshotPath('plan-hostile-phone') })
    await page.context().close()
  })

  test('its policy stops markup that would have got in', async () => {
    const injected =
      '<script>document.title = "run"</script><img src="https://evil.example.com/x.png" onerror="document.title = 1"><style>main{display:none}</style>'
    const page = await open(plan.replace('<main>', `<main>${injected}`))
    expect(await page.title()).toMatch(/^Plan: /u)
    expect(await page.locator('main').isVisible()).toBe(true)
    expect(noise.filter((line) => line.includes('Content Security Policy')).length).toBeGreaterThanOrEqual(3)
    await page.context().close()
  })

  test('a report shows failures first and open', async () => {
    const outcomes = [
      { address: 'instance.banner', action: 'create', outcome: 'done', milliseconds: 12 },
      {
        address: 'instance.groups[x]',
        action: 'delete',
        outcome: 'failed',
        error: { code: 'API_FORBIDDEN', message: 'Not allowed', requestId: '@1A2B3C', hint: 'Ask for ADMIN.' },
        milliseconds: 3,
      },
      { address: 'instance.groups[y]', action: 'update', outcome: 'skipped', milliseconds: 0 },
    ] as const
    const audit = { commit: 'abc', actor: 'ann', approver: 'bob', runUrl: 'https://ci.example.com/1' }
    const page = await open(renderHtml(reportOf(outcomes, { converged: false, audit }), sha256))
    expect(noise).toEqual([])
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'Applied in part: 1 done, 1 failed, 1 skipped.',
    )
    expect(await page.locator('details.c > summary > code').allInnerTexts()).toEqual([
      'instance.groups[x]',
      'instance.groups[y]',
      'instance.banner',
    ])
    expect(await page.getByText('Ask for ADMIN.').isVisible()).toBe(true)
    expect(await page.getByText('approved by bob').isVisible()).toBe(true)
    await page.screenshot({ path: screenshotPath('report'), fullPage: true })
    await page.context().close()
  })

  test('an empty plan says so and offers nothing to filter', async () => {
    const page = await open(renderHtml(planOf([]), sha256))
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'No changes. Live matches the configuration.',
    )
    expect(await page.locator('#tools').isVisible()).toBe(false)
    await page.context().close()
  })

  test('a text that is on one side only stands in one column', async () => {
    const script = change({ address: 'instance.hookScripts[a]', action: 'create', after: { content: 'one\ntwo\n' } })
    const page = await open(renderHtml(planOf([script]), sha256))
    expect(await page.locator('td.set.a > div').allInnerTexts()).toEqual(['one', 'two'])
    await page.context().close()
  })
})

/** Texts whose contrast with their ground is below 4.5 : 1, the least that WCAG AA takes. */
function contrastOf(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(`(() => {
    const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number)
    const luminance = (colour) => {
      const [red, green, blue] = colour.map((part) => {
        const share = part / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const groundOf = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor)
        if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3)
      }
      return [255, 255, 255]
    }
    return [...document.querySelectorAll('main *')]
      .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
      .flatMap((element) => {
        const [ink, ground] = [luminance(parse(getComputedStyle(element).color)), luminance(groundOf(element))]
        const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)
        return contrast < 4.5 ? [element.tagName + ' ' + element.textContent.slice(0, 30) + ' ' + contrast.toFixed(2)] : []
      })
  })()`)
}
