/**
 * A check run on a commit: it informs, and proves nothing, since whoever may push a workflow may make one that looks
 * the same. Source: REST API, "Create a check run" (at most 50 annotations a request, `checks: write`).
 */
import type { GithubApi } from './api.js'

/** One remark at a line of a file. */
export interface Annotation {
  /** Below the root of the repository. */
  readonly path: string
  readonly line: number
  readonly level: 'notice' | 'warning' | 'failure'
  readonly title: string
  readonly message: string
}

/** A check run that has ended. */
export interface CheckRun {
  readonly name: string
  readonly commit: string
  readonly conclusion: 'success' | 'failure' | 'neutral' | 'action_required'
  readonly title: string
  /** Markdown, at most 65,535 characters. */
  readonly summary: string
  /** Those beyond the first 50 are left out: whoever calls puts the weighty ones first. */
  readonly annotations: readonly Annotation[]
}

/** Annotations that one request takes. */
export const annotationsAtMost = 50

/** @throws ApiError of `GithubApi` */
export async function createCheckRun(api: GithubApi, run: CheckRun): Promise<void> {
  await api.send('POST', '/check-runs', 'checks: write', {
    name: run.name,
    head_sha: run.commit,
    status: 'completed',
    conclusion: run.conclusion,
    output: {
      title: run.title,
      summary: run.summary,
      annotations: run.annotations.slice(0, annotationsAtMost).map(({ path, line, level, title, message }) => ({
        path,
        start_line: line,
        end_line: line,
        annotation_level: level,
        title,
        message,
      })),
    },
  })
}
