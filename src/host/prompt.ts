/** Asks the person at the terminal. The question goes to stderr: stdout holds results alone. */
import { createInterface } from 'node:readline/promises'

/** The answer to a question; empty where the run is stopped or the input ends. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    return await Promise.race([terminal.question(question, { signal }), ended])
  } catch (error) {
    if (signal.aborted) return ''
    throw error
  } finally {
    terminal.close()
  }
}
