/** `command: snapshot`, `export` and `refresh`: what reads live or renews the sign-in, and is about no plan. */
import { exportConfiguration } from '../app/export.js'
import { takeSnapshot } from '../app/take-snapshot.js'
import { exportPorts, registry } from '../host/configuration.js'
import { writeDocument, writeExport } from '../host/documents.js'
import { refreshToken } from '../host/refresh.js'
import { openServer } from '../host/server.js'
import { code } from '../report/markdown/inline.js'
import { formatJson } from '../report/json.js'
import { refreshSentence } from '../report/sign-in.js'
import { countWords } from '../report/words.js'
import type { Step } from './step.js'

/** Writes live state down without secrets. */
export async function runSnapshot(step: Step): Promise<number> {
  const { inputs, world, listen, trigger } = step
  const { settings } = inputs
  const server = await openServer({ world, settings, listen, command: 'snapshot' })
  try {
    const { clock, version } = world
    const exclude = settings.list('exclude')
    const snapshot = await takeSnapshot({ registry, server, listen, clock, version, exclude, commit: trigger.commit })
    const file = step.file(settings.text('out'), 'bbstate-snapshot.json')
    await writeDocument(file, step.runner.scrub(formatJson(snapshot)))
    step.setOutput('snapshot-file', file)
    const items = snapshot.collections.reduce((sum, { items: each }) => sum + each.length, snapshot.settings.length)
    for (const { address, reason } of snapshot.lacking) {
      step.runner.annotate('notice', `${address}: ${reason}`, 'Not in the snapshot')
    }
    say(step, `The snapshot of ${snapshot.server.url} holds ${countWords(items, 'setting')}.`)
    return 0
  } finally {
    await server.close()
  }
}

/** Writes live settings as configuration. */
export async function runExport(step: Step): Promise<number> {
  const { inputs, world, listen } = step
  const { settings } = inputs
  const server = await openServer({ world, settings, listen, command: 'export' })
  try {
    const include = settings.list('include')
    const omitsDefaults = settings.flag('omit-defaults')
    const exported = await exportConfiguration({ ...exportPorts(world), server, listen, include, omitsDefaults })
    const files = await writeExport(step.file(settings.text('out'), 'bbstate-export'), exported.files)
    for (const { address, reason } of exported.skipped) {
      step.runner.annotate('notice', `${address}: ${reason}`, 'Left out')
    }
    say(
      step,
      `${countWords(exported.items, 'item')} written to ${countWords(files.length, 'file')}. Planning them shows no change.`,
    )
    step.runner.summarise(files.map((file) => `- ${code(file)}`).join('\n'))
    return 0
  } finally {
    await server.close()
  }
}

/** Renews the stored sign-in. */
export async function runRefresh(step: Step): Promise<number> {
  const { inputs, world, listen } = step
  const { status, isRefreshed } = await refreshToken(world, inputs.settings, listen)
  say(step, refreshSentence(status, isRefreshed, inputs.settings.text('if-older-than')))
  return 0
}

function say({ runner }: Step, sentence: string): void {
  runner.log(`${sentence}\n`)
  runner.summarise(`### ${sentence}\n`)
}
