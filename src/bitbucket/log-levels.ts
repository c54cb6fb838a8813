/** Levels of logging, most talkative first (catalogue I-12). */
export const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const
