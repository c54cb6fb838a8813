/**
 * Bundles bbstate into `dist`, and the Action into `dist/action`: one lazy chunk a command, so that a start loads only
 * what the command needs.
 *
 * Two modules are replaced by what they would compute: the validator of the configuration, and the help text.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** What string-width makes at once and needs only when it measures: both load tables of Unicode, for ten milliseconds. */
const eagerTables = [
  ['new Intl.Segmenter()', 'segment'],
  [String.raw`/^\p{RGI_Emoji}$/v`, 'test'],
] as const

/** Lets string-width (help texts, by way of yargs, in two versions) make its tables when it measures. */
const lazyWidths: Plugin = {
  name: 'lazy widths',
  setup(bundle) {
    bundle.onLoad({ filter: /string-width.index[.]js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const found = eagerTables.filter(([table]) => source.includes(` = ${table};`))
      if (found.length === 0) throw new Error(`${path} makes its tables in another way now; look at the start-up`)
      const contents = found.reduce(
        (text, [table, verb], place) =>
          text.replace(
            ` = ${table};`,
            () => ` = { ${verb}: (text) => (made${place} ??= ${table}).${verb}(text) }; let made${place};`,
          ),
        source,
      )
      return { contents, loader: 'js' }
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
  get ProxyAgent() { return require('undici/lib/dispatcher/proxy-agent.js') },
  get EnvHttpProxyAgent() { return require('undici/lib/dispatcher/env-http-proxy-agent.js') },
}
`

/** Nothing here speaks HTTP/2, and Node's own part of it takes milliseconds to load. */
const withoutHttp2 = "module.exports = () => { throw new Error('HTTP/2 is not part of this build') }"

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
      replaceModule(/undici.lib.dispatcher.client-h2[.]js$/, () => withoutHttp2),
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
    { in: 'src/index.ts', out: 'index' },
    { in: 'src/sandbox/server.ts', out: 'sandbox' },
  ],
  outdir: 'dist',
  // Ships a prebuilt library that is found from where the package lies.
  external: ['fs-native-extensions'],
  keepNames: true,
  plugins: [lazyWidths, replaceModule(/cli.help-text[.]ts$/, makeHelpModule)],
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
