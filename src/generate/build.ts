/**
 * Bundles bbstate into `dist`: one lazy chunk a command, so that a start loads only what the command needs.
 *
 * Two modules are replaced by what they would compute: the validator of the configuration, and the help text.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

rmSync('dist', { recursive: true, force: true })
const { outputFiles } = await build({
  entryPoints: [
    { in: 'src/cli/main.ts', out: 'bbstate' },
    ...(existsSync('src/index.ts') ? [{ in: 'src/index.ts', out: 'index' }] : []),
    { in: 'src/sandbox/server.ts', out: 'sandbox' },
  ],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  legalComments: 'none',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Ships a prebuilt library that is found from where the package lies.
  external: ['fs-native-extensions'],
  define: { BBSTATE_VERSION: JSON.stringify(version) },
  write: false,
  plugins: [
    lazySegmenter,
    replaceModule(/node_modules.undici.index[.]js$/, makeDispatchers),
    replaceModule(/host.configuration-validator[.]ts$/, () => makeValidatorModule(registry)),
    replaceModule(/cli.help-text[.]ts$/, makeHelpModule),
  ],
  logLevel: 'error',
})
// CommonJS packages in an ES module need a `require`; only chunks that hold one pay for making it.
const makeRequire =
  'import{createRequire as bbstateRequire}from"node:module";const require=bbstateRequire(import.meta.url);'
mkdirSync('dist')
for (const { path, text } of outputFiles) {
  const [, shebang = '', code = ''] = /^(#!.*\n)?(.*)$/su.exec(text) ?? []
  writeFileSync(path, shebang + (code.includes('typeof require') ? makeRequire : '') + code)
}
chmodSync('dist/bbstate.js', 0o755)
