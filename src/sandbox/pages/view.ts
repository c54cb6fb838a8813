/** What a page is, and what it is shown with. */
import type { Caller } from '../caller.js'
import type { Controlled } from '../control.js'
import type { Armed } from '../faults.js'
import type { RestServer } from '../rest.js'
import type { Session } from '../sessions.js'
import type { Html } from './html.js'

/** The running server, as the pages see it. */
export interface SiteHost extends Controlled {
  readonly url: string
  readonly version: string
  readonly dataDir: string | undefined
  readonly caFile: string | undefined
  readonly rest: RestServer
  readonly faults: readonly Armed[]
  /** Writes what was changed to the disk, where the state is kept there. */
  save(): void
}

/** Somebody who has signed in. */
export interface Viewer extends Caller {
  readonly user: string
}

/** What came of a form. */
export type Outcome = { readonly done: string | Html } | { readonly problem: string; readonly form?: string }

/** One visit of a page. */
export interface View {
  readonly host: SiteHost
  readonly session: Session
  /** Who has signed in and may change what this page shows. */
  readonly viewer: Viewer | undefined
  /** With whose rights settings are read: the viewer's, or all where the page is open. */
  readonly reader: Caller
  readonly query: URLSearchParams
  /** An address of this site, below the context path. */
  at(path: string): string
  /** What was sent last and is not right: the page shows it again with the reason. */
  readonly refused?: { readonly problem: string; readonly form: string | undefined; readonly sent: URLSearchParams }
}

/** A page of the site. */
export interface Page {
  /** Below the context path. */
  readonly path: string
  readonly title: string
  /** Whether somebody must have signed in to see it; else only to change something. */
  readonly isPersonal?: true
  /** Loads itself again every few seconds where there is no JavaScript. */
  readonly reloads?: true
  show(view: View): Html
  /** Carries out a form of an administrator (of anybody, on a personal page). */
  act?(view: View & { readonly viewer: Viewer }, form: URLSearchParams): Outcome
}
