/** Whom a connection trusts, and with which certificate it shows itself: files and environment, as transport options. */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { UsageError } from '../model/errors.js'
import type { TransportOptions } from '../transport.js'
import type { Environment } from './settings.js'

/** The PEM texts that the options `--ca-file`, `--cert` and `--key` named. */
export interface GivenCertificates {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/**
 * The TLS part of transport options. Authorities given by option stand beside the system's and those of
 * `NODE_EXTRA_CA_CERTS`, which Node itself forgets as soon as any authority is given.
 *
 * @throws UsageError where only one of certificate and key is given, or a text is no PEM.
 */
export function tlsOptions(
  given: GivenCertificates,
  environment: Environment,
): Pick<TransportOptions, 'ca' | 'systemCa' | 'cert' | 'key' | 'environment'> {
  if ((given.cert === undefined) !== (given.key === undefined)) {
    throw new UsageError('--cert and --key belong together: one of them is missing')
  }
  for (const [option, text] of [
    ['--ca-file', given.ca],
    ['--cert', given.cert],
    ['--key', given.key],
  ] as const) {
    if (text !== undefined && !text.includes('-----BEGIN '))
      throw new UsageError(`${option} names a file that is no PEM`)
  }
  return {
    environment,
    ...(given.ca === undefined ? {} : { ca: given.ca, systemCa: systemAuthorities(environment) }),
    ...(given.cert === undefined || given.key === undefined ? {} : { cert: given.cert, key: given.key }),
  }
}

function systemAuthorities(environment: Environment): readonly string[] {
  const path = environment['NODE_EXTRA_CA_CERTS'] ?? ''
  if (path === '') return rootCertificates
  try {
    return [...rootCertificates, readFileSync(path, 'utf8')]
  } catch {
    // Node itself only warns about it, and has done so by now.
    return rootCertificates
  }
}
