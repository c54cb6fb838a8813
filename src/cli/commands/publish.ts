/** `bbstate publish FILE`: shows a saved plan or report on a pull request of Bitbucket. */
import { parseSavedDocument } from '../../app/plan-file.js'
import { type Publication, publish } from '../../host/publish.js'
import type { Settings } from '../../host/settings.js'
import { UsageError } from '../../model/errors.js'
import { describePlan, describeReport, type Insight } from '../../report/insight.js'
import { formatJson } from '../../report/json.js'
import { renderMarkdown } from '../../report/markdown.js'
import { reportSentence, sentenceOf } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world, argument }) => {
  const file = argument ?? ''
  const place = readPlace(settings)
  const link = readLink(settings.text('link'))
  const saved = parseSavedDocument(world.readFile(file, 'publish'), file)
  const [document, insight, sentence]: readonly [Parameters<typeof renderMarkdown>[0], Insight, string] =
    saved.type === 'plan'
      ? [saved.plan, describePlan(saved.plan, settings.text('root')), sentenceOf(saved.plan)]
      : [saved.report, describeReport(saved.report), reportSentence(saved.report)]
  const publication: Publication = {
    place,
    report: insight,
    status: {
      state: insight.result === 'PASS' ? 'SUCCESSFUL' : 'FAILED',
      name: insight.title,
      description: sentence,
    },
    ...(link === undefined ? {} : { link }),
    ...(place.pullRequest === undefined
      ? {}
      : {
          comment: {
            pullRequest: place.pullRequest,
            marker: markerOf(document.server.url),
            text: `${markerOf(document.server.url)}\n\n${renderMarkdown(document, { limit: longestComment, folds: false })}`,
          },
        }),
  }
  const url = await publish(world, settings, await face.listener(), publication)
  if (face.options.json) face.print(formatJson({ url }))
  else face.print(`Published on ${url}\n`)
  return 0
}

/** Bitbucket takes 32,768 characters in a comment; the marker needs some of them. */
const longestComment = 32_000

/** A definition that nothing refers to: Markdown shows nothing of it. One comment a managed server. */
function markerOf(url: string): string {
  return `[bbstate]: ${url}`
}

type Place = Publication['place'] & { readonly pullRequest?: number }

function readPlace(settings: Settings): Place {
  const commit = settings.text('commit') ?? ''
  if (!/^[0-9a-f]{40}$/u.test(commit)) {
    throw new UsageError('--commit needs the commit in full: 40 hexadecimal digits', { hint: 'git rev-parse HEAD' })
  }
  const pullRequest = settings.text('pull-request')
  const where = pullRequest ?? settings.text('repository')
  if (where === undefined) {
    throw new UsageError('publish needs a place', {
      hint: 'Give --pull-request PROJECT/repository/NUMBER, or --repository PROJECT/repository.',
    })
  }
  const [, project, repository, number] = /^(~?[\w.@-]+)\/([\w.-]+)(?:\/([1-9]\d{0,9}))?$/u.exec(where) ?? []
  if (project === undefined || repository === undefined || (number === undefined) !== (pullRequest === undefined)) {
    const name =
      pullRequest === undefined ? '--repository PROJECT/repository' : '--pull-request PROJECT/repository/NUMBER'
    throw new UsageError(`${JSON.stringify(where)} is no ${name}`, {
      hint: 'The names as they stand in the address of the page, such as PLAT/settings/12 or ~alice/settings/12.',
    })
  }
  return { project, repository, commit, ...(number === undefined ? {} : { pullRequest: Number(number) }) }
}

function readLink(link: string | undefined): string | undefined {
  if (link === undefined) return undefined
  if (link.length <= 450 && /^https?:\/\/[^\s@]+$/u.test(link)) return link
  throw new UsageError('--link must be an http or https address of at most 450 characters')
}
