/** A road to a server on which messages can be held up: the sender hears nothing, and the server gets them later. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server answered to a message that came late. */
export interface LateAnswer {
  readonly status: number
  readonly body: string
}

export interface SlowRoad {
  readonly url: string
  /** `POST /path` of everything that came, in order. */
  readonly passed: readonly string[]
  /** Holds up what matches from now on; its sender's connection is cut. */
  hold(matches: (path: string, body: string) => boolean): void
  /** Tells of everything that passes, before it does. */
  watch(tell: (path: string, body: string) => void): void
  /** Lets everything that was held up arrive now, and holds nothing any more. */
  release(): Promise<readonly LateAnswer[]>
  close(): Promise<void>
}

export async function startSlowRoad(target: string): Promise<SlowRoad> {
  const held: { request: IncomingMessage; body: string }[] = []
  const passed: string[] = []
  let matches: (path: string, body: string) => boolean = () => false
  let tell: (path: string, body: string) => void = () => undefined
  const forward = async ({ method, url = '', headers }: IncomingMessage, body: string): Promise<Response> => {
    const kept = Object.entries(headers).filter(([name]) => /^(?:content-type|authorization|x-)/u.test(name))
    const sent = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
    return fetch(`${target}${url}`, { method: method ?? 'GET', headers: sent, ...(body === '' ? {} : { body }) })
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      tell(request.url ?? '', body)
      passed.push(`${request.method} ${request.url}`)
      if (matches(request.url ?? '', body)) {
        held.push({ request, body })
        request.socket.destroy()
        return
      }
      void forward(request, body).then(async (answer) => {
        const text = await answer.text()
        const date = answer.headers.get('date')
        response.writeHead(answer.status, { 'content-type': 'application/json', ...(date === null ? {} : { date }) })
        response.end(text)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    hold: (which) => {
      matches = which
    },
    watch: (which) => {
      tell = which
    },
    async release() {
      matches = () => false
      const answers: LateAnswer[] = []
      for (const { request, body } of held.splice(0)) {
        const answer = await forward(request, body)
        answers.push({ status: answer.status, body: await answer.text() })
      }
      return answers
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
