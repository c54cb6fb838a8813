/** What an estate says instead of what a server said: people always under other names, the rest where it must be. */
import { createPseudonyms, type Person } from './pseudonyms.js'
import { textOf } from './record-lists.js'
import type { Fields } from './routes/settings.js'

export interface ReplacementOptions {
  /** Names of groups, projects and repositories become pseudonyms, too. */
  readonly hidesNames: boolean
  /** Random, and forgotten afterwards. */
  readonly salt: string
}

export class Replacements {
  readonly #names: ReturnType<typeof createPseudonyms>
  readonly #hidesNames: boolean
  readonly #users: ReadonlyMap<string, string>
  /** Names of users by their slugs. */
  readonly #slugs: ReadonlyMap<string, string>
  readonly #groups: ReadonlySet<string>

  constructor(users: readonly Fields[], groups: readonly Fields[], { hidesNames, salt }: ReplacementOptions) {
    this.#names = createPseudonyms(users, salt)
    this.#hidesNames = hidesNames
    const names = users.map((user) => textOf(user['name']))
    this.#users = new Map(names.map((name) => [name.toLowerCase(), this.#names.user(name)]))
    this.#slugs = new Map(users.map((user) => [textOf(user['slug']).toLowerCase(), textOf(user['name'])]))
    this.#groups = new Set(groups.map((group) => textOf(group['name']).toLowerCase()))
  }

  person(name: string): Person {
    return this.#names.person(name)
  }

  /** Whose personal project a key is; somebody who is gone is somebody still. */
  ownerOf(key: string): Person | undefined {
    if (!key.startsWith('~')) return undefined
    const slug = key.slice(1).toLowerCase()
    return this.person(this.#slugs.get(slug) ?? slug)
  }

  group(name: string): string {
    return this.#name('group', name)
  }

  projectKey(key: string): string {
    const owner = this.ownerOf(key)
    if (owner !== undefined) return `~${owner.slug.toUpperCase()}`
    return this.#name('project', key).replaceAll('-', '_').toUpperCase()
  }

  slug(slug: string): string {
    return this.#name('repository', slug)
  }

  /** Who holds something, in small letters; nothing for who is not a user or a group any more. */
  holder(kind: 'users' | 'groups', name: string): string | undefined {
    if (kind === 'users') return this.#users.get(name.toLowerCase())
    return this.#groups.has(name.toLowerCase()) ? this.group(name).toLowerCase() : undefined
  }

  /** An account on another server. */
  account(name: string): string {
    return this.#users.get(name.toLowerCase()) ?? this.#names.name('account', name)
  }

  /** A name whole or not at all: one that names somebody is replaced, since half of one may be none. */
  name(kind: string, text: string): string {
    return this.#names.cleanText(text) === text ? text : this.#names.name(kind, text)
  }

  /** A text within what its column holds. */
  text(text: string, most: number): string {
    return this.#names.cleanText(text).slice(0, most)
  }

  /** A branch or a pattern of some. */
  ref(text: string): string {
    const prefix = /^refs\/(?:heads|tags)\//u.exec(text)?.[0] ?? ''
    return prefix + this.#names.cleanText(text.slice(prefix.length)).replaceAll(' ', '-')
  }

  url(text: string): string {
    return this.#names.url(text, this.#hidesNames)
  }

  publicKey(text: string): string | undefined {
    return this.#names.publicKey(text)
  }

  clean(value: unknown): unknown {
    return this.#names.clean(value)
  }

  settings(value: unknown): unknown {
    return this.#names.cleanSettings(value)
  }

  #name(kind: string, text: string): string {
    return this.#hidesNames ? this.#names.name(kind, text) : this.name(kind, text)
  }
}
