/** The socket of a sandbox: plain or TLS, opened, and closed within a second whatever is going on. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { ServerCertificate } from './certificate.js'

/** Either kind. */
export type Listener = Server | SecureServer

/** Milliseconds that open requests have to finish when the server stops. */
const millisecondsToFinish = 500

/** What is connected to each, TLS or not yet: HTTP knows nothing of somebody who does not finish the handshake. */
const connected = new WeakMap<Listener, Set<Socket>>()

/** A server that does not listen yet. */
export function createListener(certificate: ServerCertificate | undefined, serve: RequestListener): Listener {
  // Longer than any client keeps its own end open: a race at that moment would be nobody's test.
  const options = { keepAliveTimeout: 60_000 }
  const listener =
    certificate === undefined
      ? createServer(options, serve)
      : createSecureServer({ ...options, key: certificate.key, cert: certificate.cert }, serve)
  const sockets = new Set<Socket>()
  connected.set(listener, sockets)
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return listener
}

/** Listens, or says whose port it is. */
export async function openListener(listener: Listener, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} of ${host} is in use. Choose another one, or 0 for any that is free.`
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error)
    })
    listener.listen(port, host, resolve)
  })
}

/** Resolves when the port is free. */
export async function closeListener(listener: Listener): Promise<void> {
  if (!listener.listening) return
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
  listener.closeIdleConnections()
  const cut = setTimeout(() => {
    for (const socket of connected.get(listener) ?? []) socket.destroy()
  }, millisecondsToFinish)
  await closed
  clearTimeout(cut)
}
