/** The house: who may import whom (docs/architecture.md). All arrows point down; every rule has a test that breaks it. */
const rooms = {
  model: [],
  transport: ['model'],
  report: ['model'],
  config: ['model'],
  bitbucket: ['model', 'transport'],
  oauth: ['model', 'transport'],
  github: ['model', 'transport'],
  app: ['config', 'model'],
  host: ['app', 'config', 'bitbucket', 'oauth', 'github', 'transport', 'model'],
  cli: ['app', 'report', 'host', 'model'],
  action: ['app', 'report', 'host', 'model'],
  sandbox: [],
  index: ['app', 'host', 'model'],
}

const files = ['transport', 'index']
const pathOf = (room) => (files.includes(room) ? `^src/${room}\\.ts$` : `^src/${room}/`)

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `house-${room}`,
  comment: `src/${room} may import ${allowed.join(', ') || 'nothing of ours'}.`,
  severity: 'error',
  from: { path: pathOf(room), ...(room === 'cli' ? { pathNot: '^src/cli/commands/(?:sandbox|demo)\\.ts$' } : {}) },
  to: { path: '^src/', pathNot: [room, ...allowed].map(pathOf) },
}))

const libraries = {
  'json-diff-ts': 'src/model/compare\\.ts',
  'get-east-asian-width': 'src/report/width\\.ts',
  chalk: 'src/report/terminal\\.ts',
  undici: 'src/transport\\.ts',
  ajv: 'src/(?:config|generate)/',
  'js-yaml': 'src/(?:config|generate)/',
  yargs: 'src/cli/',
  'fs-native-extensions': 'src/(?:host/lock|sandbox/data-lock)\\.ts',
  'libsodium-wrappers': 'src/host/sealed-box\\.ts',
  open: 'src/host/',
  'env-paths': 'src/host/',
  esbuild: 'src/generate/',
}

const owners = Object.entries(libraries).map(([library, owner]) => ({
  name: `library-${library}`,
  comment: `${library} is imported in ${owner} only.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${owner}` },
  to: { path: `node_modules/(?:@types/)?${library}/` },
}))

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    ...arrows,
    {
      name: 'sandbox-starters',
      comment: 'The commands that start the sandbox may import what the command line may, and the sandbox.',
      severity: 'error',
      from: { path: '^src/cli/commands/(?:sandbox|demo)\\.ts$' },
      to: { path: '^src/', pathNot: ['cli', 'sandbox', ...rooms.cli].map(pathOf) },
    },
    {
      name: 'no-room-outside-the-house',
      comment: 'A new folder gets a row in the table first, else no rule holds it.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [...Object.keys(rooms), 'generate'].map(pathOf) },
    },
    {
      name: 'no-import-outside-the-house',
      comment: 'What nobody imports yet must stand in the table too.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...Object.keys(rooms), 'generate'].map(pathOf) },
      to: {},
    },
    ...owners,
    {
      name: 'library-without-owner',
      comment: 'A new library gets the room that owns it first.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: 'node_modules/',
        pathNot: Object.keys(libraries).map((library) => `node_modules/(?:@types/)?${library}/`),
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'transport-opens-connections-only',
      severity: 'error',
      from: { path: pathOf('transport') },
      to: { dependencyTypes: ['core'], pathNot: '^(?:node:)?(?:net|stream|tls)$' },
    },
    {
      name: 'side-effects-in-host',
      comment:
        'Disk, processes, clock and chance live in host; the sandbox and the generators are programs of their own.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot:
          '^src/(?:host|sandbox|generate)/|^src/cli/(?:main|run)\\.ts$|^src/action/(?:main|post)\\.ts$|^src/transport\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-junk-drawer',
      comment: 'A helper lives beside its only user or gets a noun of its own.',
      severity: 'error',
      from: {},
      to: { path: '/(?:util|utils|helper|helpers|common|misc)(?:/|[.]ts$)', pathNot: 'node_modules' },
    },
    {
      name: 'no-barrel',
      comment: 'The library face is the only index.',
      severity: 'error',
      from: {},
      to: { path: '/index\\.ts$', pathNot: '^src/index\\.ts$' },
    },
    { name: 'no-unresolved', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.json', '.mjs', '.cjs', '.d.ts'],
    },
  },
}
