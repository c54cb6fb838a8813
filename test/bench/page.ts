/**
 * The page of a plan of 10,000 changes: its size, and how long Chromium takes to open it, as a ratio to a plain page of
 * the same size (one `pre` of text).
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { renderHtml } from '../../src/report/html.js'
import { hasChromium, startBrowser } from '../browser.js'
import { largePlan } from '../plans.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Milliseconds until the page is loaded and drawn once; the best of three. */
async function openingTime(browser: Browser, file: string): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    const page = await browser.newPage()
    const start = performance.now()
    await page.goto(pathToFileURL(file).href)
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn())))')
    times.push(performance.now() - start)
    await page.close()
  }
  return Math.min(...times)
}

const plan = largePlan(10_000)
const text = renderHtml(plan, sha256)
const megabytes = (Buffer.byteLength(text) / 1_000_000).toFixed(1)
console.log(`page of a plan of 10,000 changes\n  ${megabytes} MB`)
if (hasChromium) {
  const folder = mkdtempSync(join(tmpdir(), 'bbstate-bench-'))
  const [page, plain] = [join(folder, 'page.html'), join(folder, 'plain.html')]
  const line = 'what a line of a plain page may say, again and again\n'
  writeFileSync(page, text)
  writeFileSync(
    plain,
    `<!doctype html><title>plain</title><pre>${line.repeat(Math.ceil(text.length / line.length))}</pre>`,
  )
  const browser = await startBrowser()
  const [own, least] = [await openingTime(browser, page), await openingTime(browser, plain)]
  console.log(`  opens in ${(own / least).toFixed(1)} × the time of a plain page of the same size`)
  await browser.close()
  rmSync(folder, { recursive: true })
}
