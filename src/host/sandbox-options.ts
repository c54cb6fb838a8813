/** What a sandbox is started with on the command line; part of the table in `options.ts`. */

export const sandboxOptions = [
  {
    name: 'port',
    type: 'number',
    value: 'PORT',
    default: 7990,
    minimum: 0,
    description: 'Port; 0 picks a free one',
  },
  { name: 'host', type: 'string', value: 'HOST', default: '127.0.0.1', description: 'Address to listen on' },
  { name: 'context-path', type: 'string', value: 'PATH', description: 'Context path, such as /bitbucket' },
  {
    name: 'allow-host',
    type: 'list',
    value: 'NAME',
    description: 'Further name that the sandbox may be called by; every other one is refused',
  },
  { name: 'tls', type: 'boolean', description: 'HTTPS with a certificate of this start; --json names its caFile' },
  { name: 'data', type: 'string', value: 'DIR', description: 'Keep the state here (else in memory)' },
  { name: 'bitbucket', type: 'string', value: 'VERSION', default: '9.4', description: '7.21, 8.19, 9.4 or 10.2' },
  { name: 'auto-consent', type: 'boolean', description: 'Answer the authorize page without a human' },
  {
    name: 'control',
    type: 'boolean',
    description: 'The control endpoint; on by itself only where nobody else can reach the sandbox',
  },
  {
    name: 'open-pages',
    type: 'boolean',
    description: 'Show settings without sign-in; on by itself only where nobody else can reach the sandbox',
  },
  { name: 'latency', type: 'number', value: 'MS', minimum: 0, description: 'Delay of every answer' },
  { name: 'rate-limit', type: 'string', value: 'CAPACITY/RATE', description: 'Such as 60/5' },
  { name: 'page-limit', type: 'number', value: 'N', minimum: 1, description: 'Largest page of a list' },
  {
    name: 'estate',
    type: 'string',
    value: 'NAME=COUNT,…|FILE',
    description:
      'A large server, such as projects=100,repositories=2000,groups=300,users=1000,seed=1, or a recorded one',
  },
  {
    name: 'oauth',
    type: 'list',
    value: 'NAME=VALUE',
    description: 'What the documents of the OAuth 2.0 provider leave open, such as replay=revoke-family',
  },
  { name: 'faults', type: 'string', value: 'FILE', description: 'JSON list of faults: which requests fail, and how' },
  {
    name: 'record-from',
    type: 'string',
    value: 'URL',
    description: 'Read a server into an estate file without its people and secrets, and start nothing',
  },
  { name: 'out', alias: 'o', type: 'string', value: 'FILE', description: 'The estate file that is recorded' },
  {
    name: 'token-file',
    type: 'string',
    value: 'FILE',
    description: 'Bearer token to record with (else the stored sign-in, as for plan)',
  },
  {
    name: 'hide-names',
    type: 'boolean',
    description: 'Record groups, projects and repositories under other names, too',
  },
  {
    name: 'shallow',
    type: 'boolean',
    description: 'Record repositories by name alone, without what is set in them',
  },
  { name: 'auto-approve', type: 'boolean', isApproval: true, description: 'Do not ask before recording' },
] as const
