/**
 * Why no whole answer came back, in words, and whether the server may have got the request.
 *
 * The second half decides whether a single-use refresh token is still good: only failures that by their nature happen
 * before the first byte of the request count as "not sent". Every code that is not listed here counts as sent.
 */
import { ApiError } from './errors.js'

/** No whole answer came back. `API_TLS` where the connection was not trusted, else `API_UNREACHABLE`. */
export class TransportError extends ApiError {
  /** `false`: the server cannot have got the request. `true`: it may have, and may have acted on it. */
  readonly sent: boolean
  /** The low-level code, such as `ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT`, `CERT_HAS_EXPIRED`. */
  readonly reason: string

  constructor(server: string, failure: Failure) {
    const known = explanations[failure.reason]
    const code = known?.tls === true ? 'API_TLS' : 'API_UNREACHABLE'
    const what = known?.what ?? `failed (${failure.reason})`
    super(code, `The connection to ${server} ${what}`, { hint: known?.hint ?? elsewhere })
    this.sent = failure.sent ?? known?.sent ?? true
    this.reason = failure.reason
  }

  /** Whether the connection stands, and the answer did not come in time. */
  get isLate(): boolean {
    return this.reason === 'UND_ERR_HEADERS_TIMEOUT' || this.reason === 'UND_ERR_BODY_TIMEOUT'
  }
}

/** What is known of a failure. */
export interface Failure {
  readonly reason: string
  /** Overrides what the reason says, where the caller knows more. */
  readonly sent?: boolean
}

interface Explanation {
  /** Completes "The connection to … ". */
  readonly what: string
  readonly hint?: string
  readonly sent: boolean
  readonly tls?: true
}

const elsewhere = 'Check that the server is up and that this machine may reach it.'
const nameHint = 'Check the spelling of the host, the name service, and whether a VPN is needed.'
const caHint =
  'If the certificate comes from an authority of your own, name its PEM file with --ca-file. Never switch the check off.'
const dateHint = 'Renew the certificate of the server, and check the clock of this machine.'
const clientHint = 'Name a client certificate that the server accepts with --cert and --key.'
const protocolHint = 'The port does not speak TLS: check port and scheme of --url.'

const untrusted = (what: string, hint: string): Explanation => ({ what, hint, sent: false, tls: true })
const notSent = (what: string, hint = elsewhere): Explanation => ({ what, hint, sent: false })
const perhapsSent = (what: string, hint = elsewhere): Explanation => ({ what, hint, sent: true })

const unknownIssuer = untrusted('is not trusted: its certificate comes from an unknown authority', caHint)
const selfSigned = untrusted('is not trusted: its certificate is self-signed', caHint)
const noTls = untrusted('failed: it answers, but not with TLS', protocolHint)
const noClientCertificate: Explanation = {
  ...perhapsSent('was refused: the server wants another client certificate, or one at all', clientHint),
  tls: true,
}

const explanations: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: notSent('failed: its name is not known', nameHint),
  EAI_AGAIN: notSent('failed: the name service does not answer', nameHint),
  ECONNREFUSED: notSent('was refused: nothing listens there'),
  EHOSTUNREACH: notSent('failed: the host cannot be reached'),
  ENETUNREACH: notSent('failed: the network cannot be reached'),
  UND_ERR_CONNECT_TIMEOUT: notSent('was not made in time'),
  PROXY_UNREACHABLE: notSent(
    'failed: the proxy cannot be reached',
    'Check --proxy, HTTPS_PROXY and NO_PROXY; hosts that NO_PROXY names are reached without the proxy.',
  ),
  PROXY_REFUSED: notSent(
    'was refused by the proxy',
    'Check the credentials in the URL of the proxy and what it allows; NO_PROXY names hosts to reach without it.',
  ),
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: selfSigned,
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
  CERT_UNTRUSTED: unknownIssuer,
  CERT_HAS_EXPIRED: untrusted('is not trusted: its certificate has expired', dateHint),
  CERT_NOT_YET_VALID: untrusted('is not trusted: its certificate is not valid yet', dateHint),
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted(
    'is not trusted: its certificate names other hosts',
    'Use the host name that the certificate names, or have the certificate name this one.',
  ),
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  // With TLS 1.3 these alerts arrive after the client has finished its handshake, hence perhaps after the request.
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: noClientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noClientCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: noClientCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: noClientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: noClientCertificate,
  ECONNRESET: perhapsSent('was cut'),
  EPIPE: perhapsSent('was cut'),
  UND_ERR_SOCKET: perhapsSent(
    'was closed before the answer was complete',
    'If this happens at once, check the scheme of --url: a TLS port hangs up on plain http.',
  ),
  HPE_INVALID_CONSTANT: perhapsSent('brought something that is not HTTP', 'Check port and scheme of --url.'),
  UND_ERR_HEADERS_TIMEOUT: perhapsSent('brought no answer in time'),
  UND_ERR_BODY_TIMEOUT: perhapsSent('stopped in the middle of the answer'),
  ANSWER_TOO_LARGE: perhapsSent(
    'was closed by bbstate: the answer is larger than any answer of Bitbucket',
    'Check that --url names the base URL of Bitbucket.',
  ),
}
