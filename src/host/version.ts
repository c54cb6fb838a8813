/** The version of bbstate; the build puts the package's own in its place. */
declare const BBSTATE_VERSION: string | undefined

/** Such as `1.4.0`; `0.0.0-source` where the sources run unbuilt. */
export const version: string = typeof BBSTATE_VERSION === 'string' ? BBSTATE_VERSION : '0.0.0-source'
