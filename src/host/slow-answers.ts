/** Says when the server takes long to answer, so that nobody takes a run that waits for one that hangs. */
import type { Listener } from '../model/event.js'
import type { Transport } from '../transport.js'

/** Seconds without an answer after which it is said, and said again. */
const patienceSeconds = 10

/** The same transport, telling each ten seconds in which the oldest request under way has no answer. */
export function tellSlowAnswers(transport: Transport, listen: Listener, seconds = patienceSeconds): Transport {
  let waiting = 0
  return {
    ...transport,
    async request(request) {
      // One voice for all requests that wait at the same time.
      const isFirst = waiting++ === 0
      let waited = 0
      const tell = (): void => {
        waited += seconds
        listen({ type: 'waiting', reason: 'The server has not answered yet', seconds: waited })
      }
      const timer = isFirst ? setInterval(tell, seconds * 1000) : undefined
      try {
        return await transport.request(request)
      } finally {
        waiting--
        clearInterval(timer)
      }
    },
  }
}
