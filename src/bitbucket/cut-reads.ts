/**
 * Ends the reads that are under way once a run is stopped, so that nobody waits for a slow server's answer that is of no
 * use any more. A write is never cut: whether it was carried out could not be told.
 */
import { InterruptedError } from '../model/errors.js'
import type { Transport } from '../transport.js'

/** The same transport, whose reads the signal cuts with an InterruptedError until it is closed. */
export function cutReads(transport: Transport, signal: AbortSignal): Transport {
  const reads = new Set<AbortController>()
  // One listener for all reads: an AbortSignal warns of more than ten.
  const cut = (): void => {
    for (const read of reads) read.abort()
  }
  signal.addEventListener('abort', cut)
  return {
    ...transport,
    async request(request) {
      if (request.method !== 'GET') return transport.request(request)
      const read = new AbortController()
      reads.add(read)
      try {
        return await transport.request({ ...request, signal: read.signal })
      } catch (error) {
        if (read.signal.aborted) throw new InterruptedError('The run was interrupted')
        throw error
      } finally {
        reads.delete(read)
      }
    },
    async close() {
      signal.removeEventListener('abort', cut)
      await transport.close()
    },
  }
}
