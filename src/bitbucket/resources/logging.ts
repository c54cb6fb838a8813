import { booleanIn, readObject } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/api/latest/logs/settings'

export default singleton({
  kind: 'logging',
  parents: [instance],
  docs: {
    area: 'server',
    title: 'Logging',
    text: 'Whether the server writes debug logs and profiles its requests. Unlike the levels of single loggers this survives restarts. The setting cannot be reset; write what it shall be.',
    rest: 'System Maintenance: Logging settings, /api/latest/logs/settings (GET, PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/logs/settings'],
    since: '9.6',
    dangers: ['Debug logs may hold what should not stand in logs.'],
  },
  schema: {
    type: 'object',
    description: 'Whether the server writes debug logs and profiles its requests.',
    // Both must be sent (I-13).
    required: ['debugLoggingEnabled', 'profilingEnabled'],
    properties: {
      debugLoggingEnabled: { type: 'boolean', default: false, description: 'Whether debug logs are written.' },
      profilingEnabled: { type: 'boolean', default: false, description: 'Whether requests are profiled.' },
    },
  },
  examples: [
    { debugLoggingEnabled: true, profilingEnabled: false },
    { debugLoggingEnabled: false, profilingEnabled: false },
  ],
})({
  async read(api) {
    const raw = await api.get(path)
    const settings = readObject(path, raw)
    const value = {
      debugLoggingEnabled: booleanIn(settings, 'debugLoggingEnabled'),
      profilingEnabled: booleanIn(settings, 'profilingEnabled'),
    }
    return { value, raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, after)
  },
})
