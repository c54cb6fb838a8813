/** A real browser: Debian's Chromium, driven without a window. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** Whether this machine has Chromium. In CI it must. */
export const hasChromium = existsSync(executablePath)
if (!hasChromium && process.env['CI']) throw new Error('Chromium is missing: .ci/run installs chromium')
if (!hasChromium) console.info('Skipped: no Chromium on this machine (Debian: chromium).')

/** Starts it with nothing that would call home. */
export function startBrowser(): Promise<Browser> {
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const args = [...quiet, '--no-sandbox', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath, args })
}

/** Where a screenshot goes: the folder that CI keeps, `BBSTATE_SCREENSHOTS`, or one that git ignores. */
export function screenshotPath(name: string): string {
  const folder = process.env['BBSTATE_SCREENSHOTS'] ?? 'coverage/screenshots'
  mkdirSync(folder, { recursive: true })
  return join(folder, `${name}.png`)
}
