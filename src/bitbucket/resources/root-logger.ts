import { readObject, wordIn } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { logLevels } from '../log-levels.js'

const path = '/api/latest/logs/rootLogger'

export default singleton({
  kind: 'rootLogger',
  parents: [instance],
  docs: {
    area: 'server',
    title: 'Level of the root logger',
    text: 'How much is written by every logger that has no level of its own. The level is that of the node that answers, and is lost when it restarts; so a difference is shown but does not count as drift.',
    rest: 'System Maintenance: Logging, /api/latest/logs/rootLogger (GET), …/{levelName} (PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/logs/rootLogger', '/api/latest/logs/rootLogger/{}'],
    dangers: ['DEBUG and TRACE write much, and may write what should not stand in logs.'],
  },
  schema: { type: 'string', enum: logLevels, description: 'The weakest message that is written.' },
  examples: ['INFO', 'WARN'],
  volatile: true,
})({
  async read(api) {
    const raw = await api.get(path)
    return { value: wordIn(readObject(path, raw), 'logLevel', logLevels), raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', `${path}/${after}`)
  },
})
