/** The help of `bbstate --help`. The build renders it once and puts the text in place of this module. */

/** The text, with a line end. */
export async function helpText(): Promise<string> {
  const { createParser } = await import('./parser.js')
  const { version } = await import('../host/version.js')
  return `${await createParser(version).getHelp()}\n`
}
