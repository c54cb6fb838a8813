/** Logging: I-12 and I-13 of the catalogue. */
import { invalid, noContent, ok } from '../answers.js'
import type { InstanceState } from '../instance-state.js'
import type { Route } from '../router.js'
import { fieldsOf } from './settings.js'

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR']

/** A logger that nobody set writes what the nearest one above it does, and last what the root logger does. */
function levelOfLogger({ loggers, rootLogger }: InstanceState, name: string): string {
  const above = loggers.filter((one) => name === one.name || name.startsWith(`${one.name}.`))
  return above.sort((a, b) => b.name.length - a.name.length)[0]?.level ?? rootLogger
}

export const logRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/logs/logger/{name}',
    needs: 'SYS_ADMIN',
    handle: ({ state: { instance }, path }) => {
      return ok({ logLevel: levelOfLogger(instance, path['name'] ?? '') })
    },
  },
  {
    method: 'PUT',
    path: '/api/{version}/logs/logger/{name}/{level}',
    needs: 'SYS_ADMIN',
    handle: ({ state: { instance }, path }) => {
      const { name = '', level = '' } = path
      if (!levels.includes(level)) return invalid(`One of ${levels.join(', ')}`, 'levelName')
      instance.loggers = [...instance.loggers.filter((one) => one.name !== name), { name, level }]
      return noContent()
    },
  },
  {
    method: 'GET',
    path: '/api/{version}/logs/rootLogger',
    needs: 'SYS_ADMIN',
    handle: ({ state }) => ok({ logLevel: state.instance.rootLogger }),
  },
  {
    method: 'PUT',
    path: '/api/{version}/logs/rootLogger/{level}',
    needs: 'SYS_ADMIN',
    handle: ({ state, path }) => {
      const { level = '' } = path
      if (!levels.includes(level)) return invalid(`One of ${levels.join(', ')}`, 'levelName')
      state.instance.rootLogger = level
      return noContent()
    },
  },
  {
    method: 'GET',
    path: '/api/{version}/logs/settings',
    needs: 'SYS_ADMIN',
    since: '9.6',
    handle: ({ state }) => ok(state.instance.logging),
  },
  {
    method: 'PUT',
    path: '/api/{version}/logs/settings',
    needs: 'SYS_ADMIN',
    since: '9.6',
    handle: ({ state, body }) => {
      const { debugLoggingEnabled, profilingEnabled } = fieldsOf(body)
      if (typeof debugLoggingEnabled !== 'boolean') return invalid('A boolean is needed', 'debugLoggingEnabled')
      if (typeof profilingEnabled !== 'boolean') return invalid('A boolean is needed', 'profilingEnabled')
      state.instance.logging = { debugLoggingEnabled, profilingEnabled }
      return ok(state.instance.logging)
    },
  },
]
