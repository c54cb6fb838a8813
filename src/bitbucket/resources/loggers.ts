import { readObject, wordIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { logLevels } from '../log-levels.js'

const path = '/api/latest/logs/logger'

export default collection({
  kind: 'loggers',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'server',
    title: 'Levels of loggers',
    text: 'How much single loggers write. The level is that of the node that answers, and is lost when it restarts; so a difference is shown but does not count as drift. The API lists no loggers: only declared ones are read, and none can be removed.',
    rest: 'System Maintenance: Logging, /api/latest/logs/logger/{loggerName} (GET), …/{levelName} (PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/logs/logger/{}', '/api/latest/logs/logger/{}/{}'],
    dangers: ['DEBUG and TRACE write much, and may write what should not stand in logs.'],
  },
  schema: {
    type: 'object',
    description: 'How much one logger writes.',
    required: ['name', 'level'],
    properties: {
      name: { type: 'string', minLength: 1, description: 'The name of the logger, such as com.atlassian.bitbucket.' },
      level: { type: 'string', enum: logLevels, description: 'The weakest message that it writes.' },
    },
  },
  examples: [
    { name: 'com.atlassian.bitbucket', level: 'DEBUG' },
    { name: 'com.atlassian.bitbucket', level: 'WARN' },
  ],
  volatile: true,
})({
  async lookup(api, _at, { name }) {
    const where = `${path}/${encodeURIComponent(name)}`
    const raw = await api.get(where)
    if (raw === null) return null
    return { value: { name, level: wordIn(readObject(where, raw), 'logLevel', logLevels) }, raw }
  },
  async create(api, _at, { after }) {
    await api.send('PUT', `${path}/${encodeURIComponent(after.name)}/${after.level}`)
  },
  async update(api, _at, { after }) {
    await api.send('PUT', `${path}/${encodeURIComponent(after.name)}/${after.level}`)
  },
})
