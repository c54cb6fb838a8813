/** A cluster of real etcd members on this machine, from Debian's `etcd-server`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from '../src/transport.js'
import type { Authority } from './certificates.js'

/** Whether this machine has etcd. In CI it must. */
export const hasEtcd = spawnSync('etcd', ['--version']).status === 0
if (!hasEtcd && process.env['CI']) throw new Error('etcd is missing: .ci/run installs etcd-server')
if (!hasEtcd) console.info('Skipped: no etcd on this machine (Debian: etcd-server).')

/** A running cluster. */
export interface EtcdCluster {
  readonly endpoints: readonly string[]
  /** Kills a member with -9. */
  kill(member: number): void
  /** SIGSTOP: alive for the kernel, silent for its clients. Resolves once it stands still. */
  pause(member: number): Promise<void>
  resume(member: number): void
  /** Asks the JSON gateway of a member directly. */
  call(member: number, path: string, body: object, token?: string): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

/** A port that is free below the ephemeral range. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

/**
 * Starts members that know each other, and waits until one of them leads.
 * @param authority makes the members speak TLS, and want a certificate of their clients
 */
export async function startEtcd(members = 3, authority?: Authority): Promise<EtcdCluster> {
  const home = mkdtempSync(join(tmpdir(), 'bbstate-etcd-'))
  const ports: { client: number; peer: number }[] = []
  for (let member = 0; member < members; member++) ports.push({ client: await freePort(), peer: await freePort() })
  const cluster = ports.map(({ peer }, member) => `m${member}=http://127.0.0.1:${peer}`).join(',')
  const scheme = authority === undefined ? 'http' : 'https'
  const own = authority?.issue(['127.0.0.1'])
  const tls = authority === undefined || own === undefined ? {} : { ca: authority.cert, cert: own.cert, key: own.key }
  const tlsArgs = authority === undefined ? [] : tlsFiles(home, tls)
  const processes = ports.map(({ client, peer }, member): ChildProcess => {
    const args = [
      ['--name', `m${member}`],
      ['--data-dir', join(home, `m${member}`)],
      ['--listen-client-urls', `${scheme}://127.0.0.1:${client}`],
      ['--advertise-client-urls', `${scheme}://127.0.0.1:${client}`],
      ['--listen-peer-urls', `http://127.0.0.1:${peer}`],
      ['--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
      ['--initial-cluster', cluster],
      ['--initial-cluster-token', home],
      // A test machine is slow and shared: elections must not follow from that alone.
      ['--heartbeat-interval', '200'],
      ['--election-timeout', '2000'],
      ['--unsafe-no-fsync'],
      tlsArgs,
    ].flat()
    return spawn('etcd', args, { stdio: 'ignore', env: { ...process.env, ETCD_UNSUPPORTED_ARCH: 'arm64' } })
  })
  const endpoints = ports.map(({ client }) => `${scheme}://127.0.0.1:${client}`)
  const transports = endpoints.map((baseUrl) => createTransport({ baseUrl, connections: 1, ...tls }))
  const call: EtcdCluster['call'] = async (member, path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: token }) }
    const answer = await transports[member]?.request({ method: 'POST', path, body: JSON.stringify(body), headers })
    if (answer?.status !== 200) throw new Error(`etcd answers ${path} with ${answer?.status}: ${answer?.body}`)
    return JSON.parse(answer.body) as Readonly<Record<string, unknown>>
  }
  const stop = async (): Promise<void> => {
    const ended = processes.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve()
          else child.once('exit', () => resolve())
        }),
    )
    for (const child of processes) {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
    }
    await Promise.all(ended)
    await Promise.all(transports.map((transport) => transport.close()))
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await waitForLeader(call, processes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoints,
    call,
    kill: (member) => void processes[member]?.kill('SIGKILL'),
    async pause(member) {
      const pid = processes[member]?.pid ?? 0
      processes[member]?.kill('SIGSTOP')
      // A process of many threads goes on for a moment; T is a stopped one (proc(5)).
      while (!/\) T /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    resume: (member) => void processes[member]?.kill('SIGCONT'),
    close: stop,
  }
}

function tlsFiles(home: string, { ca, cert, key }: { ca?: string; cert?: string; key?: string }): string[] {
  const write = (name: string, text = ''): string => {
    writeFileSync(join(home, name), text, { mode: 0o600 })
    return join(home, name)
  }
  return [
    ['--cert-file', write('cert.pem', cert)],
    ['--key-file', write('key.pem', key)],
    ['--trusted-ca-file', write('ca.pem', ca)],
    ['--client-cert-auth'],
  ].flat()
}

async function waitForLeader(call: EtcdCluster['call'], processes: readonly ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const dead = processes.find(({ exitCode }) => exitCode !== null)
    if (dead !== undefined) throw new Error(`a member of etcd ended with ${dead.exitCode}`)
    const asked = processes.map((_, member) => call(member, '/v3/kv/range', { key: btoa('ready') }))
    const answers = await Promise.allSettled(asked)
    if (answers.every(({ status }) => status === 'fulfilled')) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('etcd did not come up')
}
