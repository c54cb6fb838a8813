/** Asks the person at the terminal. The question goes to stderr: stdout holds results alone. */
import { createInterface } from 'node:readline/promises'
import { InterruptedError } from '../model/errors.js'

/**
 * The answer to a question; empty where the input ends.
 * @throws InterruptedError on Ctrl-C.
 */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  // In a terminal readline takes Ctrl-C itself, so that no signal arrives.
  const stopped = new Promise<never>((_resolve, reject) => terminal.once('SIGINT', () => reject(stop())))
  try {
    return await Promise.race([terminal.question(question, { signal }), ended, stopped])
  } catch (error) {
    if (signal.aborted) throw stop()
    throw error
  } finally {
    terminal.close()
  }
}

function stop(): InterruptedError {
  return new InterruptedError('Stopped at the question; nothing was changed')
}
