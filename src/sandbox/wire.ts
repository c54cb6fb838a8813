/** Bytes of a connection: the body of a request, and an answer whole, cut short, or not at all. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reply } from './answers.js'

const json = 'application/json;charset=UTF-8'
const plain = 'text/plain; charset=utf-8'

const largestBody = 1_048_576

export const noBody: Buffer = Buffer.alloc(0)

/** Whether there is a body to wait for. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** The body, byte for byte; `null` when it is too large to be one of this API. */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

interface Leaving {
  readonly response: ServerResponse
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly text: string
  readonly truncates: boolean
}

let leaving: Leaving[] = []

/**
 * Sends an answer. Truncated, it promises all of its body and gives half.
 *
 * What is answered in one turn of the event loop leaves together at its end: an answer that leaves alone wakes a waiting
 * client, and that costs more than making the answer.
 */
export function sendReply(response: ServerResponse, method: string, reply: Reply, truncates = false): void {
  const text = reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body))
  const isEmpty = text === '' || method === 'HEAD'
  const headers: Record<string, string | number> = {}
  if (!isEmpty) headers['content-type'] = reply.text === undefined ? json : plain
  if (reply.status !== 204) headers['content-length'] = Buffer.byteLength(text)
  Object.assign(headers, reply.headers)
  const count = leaving.push({ response, status: reply.status, headers, text: isEmpty ? '' : text, truncates })
  if (count === 1) setImmediate(sendLeaving)
}

function sendLeaving(): void {
  const answers = leaving
  leaving = []
  for (const answer of answers) {
    try {
      write(answer)
    } catch {
      // What cannot be said must not end the process, nor the answers of others.
      answer.response.destroy()
    }
  }
}

function write({ response, status, headers, text, truncates }: Leaving): void {
  response.writeHead(status, headers)
  // As a text it leaves in one piece with its headers.
  if (!truncates) return void (text === '' ? response.end() : response.end(text))
  const bytes = Buffer.from(text)
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => cutConnection(response))
}

/** Resets the connection, as a crash of the server or of something in between does. */
export function cutConnection(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}
