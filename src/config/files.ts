/** The port through which the configuration is read. */

/** One file of the configuration. */
export interface ConfigurationFile {
  /** As findings name it, relative to where the run works. */
  readonly name: string
  readonly text: string
}

/** Finds and reads configuration files. */
export interface ConfigurationFiles {
  /**
   * The files under the given paths, sorted; the default ones where none is given.
   * @throws ConfigError `CONFIG_FILE` for anything but regular files below their root, of at most 10 MB.
   */
  expand(paths: readonly string[]): readonly ConfigurationFile[]
  /** One overlay. */
  read(path: string): ConfigurationFile
}

/** A configuration of texts that never were files. */
export function onlyFiles(files: readonly [ConfigurationFile, ...ConfigurationFile[]]): ConfigurationFiles {
  return { expand: () => files, read: () => files[0] }
}

/** A configuration of one text. */
export function onlyFile(name: string, text: string): ConfigurationFiles {
  return onlyFiles([{ name, text }])
}
