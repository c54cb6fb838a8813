import { booleanIn, readObject } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/api/latest/system-signing/configuration'

export default singleton({
  kind: 'systemSigning',
  parents: [instance],
  docs: {
    area: 'security',
    title: 'System signing',
    text: 'Whether Bitbucket signs the commits that it makes itself, such as merges. The signing key is set up outside of REST. The setting cannot be reset; write what it shall be.',
    rest: 'System Signing: Configuration, /api/latest/system-signing/configuration (GET, POST)',
    permission: 'SYS_ADMIN',
    endpoints: [path],
    since: '8.17',
  },
  schema: {
    type: 'object',
    description: 'Whether Bitbucket signs the commits that it makes itself.',
    required: ['enabled'],
    properties: { enabled: { type: 'boolean', description: 'Whether commits of the system are signed.' } },
  },
  examples: [{ enabled: true }, { enabled: false }],
})({
  async read(api) {
    const raw = await api.get(path)
    return { value: { enabled: booleanIn(readObject(path, raw), 'enabled') }, raw }
  },
  async write(api, _at, { after }) {
    await api.send('POST', path, after)
  },
})
