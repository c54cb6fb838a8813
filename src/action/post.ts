/**
 * Runs after every job that used the Action, also after a cancelled one: commits a pair that a refresh had fetched when
 * the job was stopped. Where it lies was said by the step itself; that place holds it sealed.
 */
import { begin } from './run.js'

const stage = process.env['STATE_stage'] ?? ''

if (stage !== '') {
  const { world, runner, stopWatching } = begin()
  try {
    const { finishRefresh } = await import('./finish-refresh.js')
    process.exitCode = await finishRefresh(world, runner, stage)
  } finally {
    stopWatching()
  }
}
