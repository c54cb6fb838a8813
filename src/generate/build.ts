/**
 * Bundles bbstate into `dist`, and the Action into `dist/action`: one lazy chunk a command, so that a start loads only
 * what the command needs.
 *
 * Two modules are replaced by what they would compute: the validator of the configuration, and the help text.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build, type Plugin } from 'esbuild'
import { registry } from '../bitbucket/registry.js'
import { createParser } from '../cli/parser.js'
import { makeValidatorModule } from './configuration-validator.js'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** Puts generated code in place of a module. */
function replaceModule(path: RegExp, makeSource: () => Promise<string> | string): Plugin {
  return {
    name: `replace ${path.source}`,
    setup(bundle) {
      bundle.onLoad({ filter: path }, async () => ({
        contents: await makeSource(),
        loader: 'js',
        resolveDir: process.cwd(),
      }))
    },
  }
}

/** Lets string-width (help texts, by way of yargs) make its segmenter when it measures: that loads Unicode's tables. */
const lazySegmenter: Plugin = {
  name: 'lazy segmenter',
  setup(bundle) {
    bundle.onLoad({ filter: /string-width.index[.]js$/ }, ({ path }) => {
      const eager = 'const segmenter = new Intl.Segmenter();'
      const lazy = 'let made; const segmenter = { segment: (text) => (made ??= new Intl.Segmenter()).segment(text) };'
      const source = readFileSync(path, 'utf8')
      if (!source.includes(eager))
        throw new Error(`${path} makes its segmenter in another way now; look at the start-up`)
      return { contents: source.replace(eager, () => lazy), loader: 'js' }
    })
  },
}

/**
 * undici without fetch, WebSocket and cache: the dispatchers and `request`, put together as its own index does it. The
 * rest is half a megabyte that also makes Node load its own copy of undici.
 */
const makeDispatchers = (): string => `
const Dispatcher = require('undici/lib/dispatcher/dispatcher.js')
Object.assign(Dispatcher.prototype, require('undici/lib/api/index.js'))
module.exports = {
  Pool: require('undici/lib/dispatcher/pool.js'),
  ProxyAgent: require('undici/lib/dispatcher/proxy-agent.js'),
  EnvHttpProxyAgent: require('undici/lib/dispatcher/env-http-proxy-agent.js'),
}
`

async function makeHelpModule(): Promise<string> {
  const text = `${await createParser(version).getHelp()}\n`
  return `const text = ${JSON.stringify(text)}\nexport async function helpText() { return text }\n`
}

/** Where a step of a job runs: no package is installed there, so that the kernel lock lies beside the bundle. */
const nativePlatforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64']
const nativeName = (platform: string): string => `fs-native-extensions.${platform}.node`

// By another name: a bundler would take the call itself for a search among its own modules.
const makeNativeBinding = (): string =>
  "const load = require\nmodule.exports = load('./fs-native-extensions.' + process.platform + '-' + process.arch + '.node')\n"

/** CommonJS packages in an ES module need a `require`; only chunks that hold one pay for making it. */
const makeRequire =
  'import{createRequire as bbstateRequire}from"node:module";const require=bbstateRequire(import.meta.url);'

interface Bundle {
  readonly entryPoints: { readonly in: string; readonly out: string }[]
  readonly outdir: string
  readonly external?: string[]
  readonly keepNames?: boolean
  readonly plugins: Plugin[]
}

async function bundle({ entryPoints, outdir, external = [], keepNames = false, plugins }: Bundle): Promise<void> {
  const { outputFiles } = await build({
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    keepNames,
    legalComments: 'none',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    define: { BBSTATE_VERSION: JSON.stringify(version) },
    write: false,
    plugins: [
      replaceModule(/node_modules.undici.index[.]js$/, makeDispatchers),
      replaceModule(/host.configuration-validator[.]ts$/, () => makeValidatorModule(registry)),
      ...plugins,
    ],
    logLevel: 'error',
  })
  mkdirSync(outdir, { recursive: true })
  for (const { path, text } of outputFiles) {
    const [, shebang = '', code = ''] = /^(#!.*\n)?(.*)$/su.exec(text) ?? []
    writeFileSync(path, shebang + (code.includes('typeof require') ? makeRequire : '') + code)
  }
}

rmSync('dist', { recursive: true, force: true })
await bundle({
  entryPoints: [
    { in: 'src/cli/main.ts', out: 'bbstate' },
    ...(existsSync('src/index.ts') ? [{ in: 'src/index.ts', out: 'index' }] : []),
  ],
  outdir: 'dist',
  // Ships a prebuilt library that is found from where the package lies.
  external: ['fs-native-extensions'],
  keepNames: true,
  plugins: [lazySegmenter, replaceModule(/cli.help-text[.]ts$/, makeHelpModule)],
})
chmodSync('dist/bbstate.js', 0o755)

await bundle({
  entryPoints: [
    { in: 'src/action/main.ts', out: 'main' },
    { in: 'src/action/post.ts', out: 'post' },
  ],
  outdir: 'dist/action',
  plugins: [replaceModule(/fs-native-extensions.binding[.]js$/, makeNativeBinding)],
})
// The runner takes the type of a module from the nearest package.json: the repository's own.
for (const platform of nativePlatforms) {
  copyFileSync(
    `node_modules/fs-native-extensions/prebuilds/${platform}/fs-native-extensions.node`,
    `dist/action/${nativeName(platform)}`,
  )
}
