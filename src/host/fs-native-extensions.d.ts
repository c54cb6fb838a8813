/** The two functions of `fs-native-extensions` 1.5 that are used; the package brings no types. */
declare module 'fs-native-extensions' {
  /** Locks the whole file for this open file description; `false` where another one holds it. */
  export function tryLock(fd: number): boolean
  export function unlock(fd: number): void
  /** The same: the one name under which a bundler finds a package that is CommonJS. */
  const functions: { readonly tryLock: typeof tryLock; readonly unlock: typeof unlock }
  export default functions
}
