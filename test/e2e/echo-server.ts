/**
 * A road to a server on which every answer can be replaced by one that repeats what was sent: parameters and bearer, in
 * the body, in headers and in the address of a redirect. It keeps what was secret in it, so that a test can look for it.
 */
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is done with requests of a path from now on. */
export type Treatment =
  | 'pass'
  /** An OAuth error whose description repeats the request. */
  | 'refuse'
  | 'fail'
  | 'page'
  | 'redirect'
  /** The server acts, and its answer is cut off. */
  | 'cut'
  /** The server acts, and its answer is no JSON any more. */
  | 'garble'
  /** Held until the next treatment is named. */
  | 'hold'

export interface EchoServer {
  readonly url: string
  /** Every secret that was sent: tokens, client secrets, codes, verifiers. */
  readonly secrets: ReadonlySet<string>
  /** Requests that came for another host by a redirect. */
  readonly strayed: readonly string[]
  treat(path: RegExp, treatment: Treatment): void
  /** Resolves once a request is held. */
  readonly held: () => Promise<void>
  close(): Promise<void>
}

const secretNames = ['client_secret', 'refresh_token', 'code', 'code_verifier', 'token']

export async function startEcho(target: string): Promise<EchoServer> {
  const secrets = new Set<string>()
  const strayed: string[] = []
  let [pattern, treatment]: [RegExp, Treatment] = [/^$/u, 'pass']
  let letGo = (): void => undefined
  let tellHeld = (): void => undefined
  let held = new Promise<void>((resolve) => (tellHeld = resolve))

  function learn(incoming: IncomingMessage, body: string): void {
    const bearer = /^Bearer (.+)$/u.exec(incoming.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) secrets.add(bearer)
    const form = new URLSearchParams(body)
    for (const name of secretNames) {
      const value = form.get(name)
      if (value !== null && value !== '') secrets.add(value)
    }
  }

  const elsewhere = createServer((incoming, response) => {
    strayed.push(`${incoming.method} ${incoming.url}`)
    response.end()
  })
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (piece: string) => (body += piece))
    incoming.on('end', () => void answer(incoming, body, response))
  })

  async function answer(incoming: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    learn(incoming, body)
    const how = pattern.test(incoming.url ?? '') ? treatment : 'pass'
    if (how === 'hold') {
      tellHeld()
      await new Promise<void>((resolve) => (letGo = resolve))
      return pass(incoming, body, response, 'pass')
    }
    if (how === 'pass' || how === 'cut' || how === 'garble') return pass(incoming, body, response, how)
    const echo = `${incoming.headers.authorization ?? ''} ${body} ${decodeURIComponent(body)}`
    const headers = { 'x-arequestid': echo.replaceAll(/[^\x20-\x7e]/gu, '?') }
    if (how === 'redirect') {
      const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/?${body}`
      response.writeHead(307, { ...headers, location }).end()
    } else if (how === 'page') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(`<html>${echo}</html>`)
    } else {
      const errors = [{ context: echo, message: echo, exceptionName: `com.example.${echo}` }]
      const answered = { error: how === 'refuse' ? 'invalid_client' : echo, error_description: echo, errors }
      response.writeHead(how === 'refuse' ? 400 : 500, { ...headers, 'content-type': 'application/json' })
      response.end(JSON.stringify(answered))
    }
  }

  function pass(incoming: IncomingMessage, body: string, response: ServerResponse, how: Treatment): void {
    const { method, headers, url = '/' } = incoming
    const onward = ask(new URL(url, target), { method, headers }, (answered) => {
      let text = ''
      answered.setEncoding('utf8')
      answered.on('data', (piece: string) => (text += piece))
      answered.on('end', () => {
        if (how === 'cut') return incoming.socket.destroy()
        const { 'content-length': _length, 'transfer-encoding': _encoding, ...kept } = answered.headers
        response.writeHead(answered.statusCode ?? 502, kept)
        response.end(how === 'garble' ? `not JSON: ${text}` : text)
      })
    })
    onward.end(body)
  }

  const open = (one: typeof server): Promise<void> => new Promise((resolve) => one.listen(0, '127.0.0.1', resolve))
  await Promise.all([open(server), open(elsewhere)])
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    strayed,
    treat(path, next) {
      ;[pattern, treatment] = [path, next]
      letGo()
      held = new Promise<void>((resolve) => (tellHeld = resolve))
    },
    held: () => held,
    close: async () => {
      for (const one of [server, elsewhere]) {
        one.closeAllConnections()
        await new Promise((resolve) => one.close(resolve))
      }
    },
  }
}
