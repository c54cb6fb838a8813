/** A program of these tests that is bundled once and run as a process, so that it can be killed in earnest. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

export interface Worker<Task> {
  /** Runs a task to its end. */
  run(task: Task): Promise<WorkerEnd>
  remove(): void
}

export interface WorkerEnd {
  readonly signal: string | null
  readonly output: string
}

/** Bundles `test/faults/NAME.ts`. */
export async function bundleWorker<Task>(name: string): Promise<Worker<Task>> {
  // Below node_modules, where the packages are found that stay outside of the bundle.
  const directory = mkdtempSync(resolve('node_modules', '.bbstate-worker-'))
  const program = join(directory, `${name}.mjs`)
  await build({
    entryPoints: [`test/faults/${name}.ts`],
    outfile: program,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return {
    run: (task) => {
      const child = spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
      return new Promise((done) => child.on('close', (_, signal) => done({ signal, output })))
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
