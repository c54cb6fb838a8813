import { expect, test } from 'vitest'
import { readTrigger, requireApplicable, requireTip, type Trigger } from '../../../src/action/trigger.js'

const tip = 'b'.repeat(40)
const repository = { full_name: 'acme/settings', default_branch: 'main' }

function trigger(event: string, ref = 'refs/heads/main', payload: object = {}, commit = tip): Trigger {
  const environment = { GITHUB_EVENT_NAME: event, GITHUB_REF: ref, GITHUB_SHA: commit }
  return readTrigger(environment, { repository, ...payload })
}

test.each(['push', 'schedule', 'workflow_dispatch'])('%s of the default branch may apply', (event) => {
  expect(requireApplicable(trigger(event))).toBe('main')
})

test('a merge queue may apply what it is about to merge into the default branch', () => {
  const queue = { merge_group: { base_ref: 'refs/heads/main', base_sha: tip, head_sha: 'c'.repeat(40) } }
  const cause = trigger('merge_group', 'refs/heads/gh-readonly-queue/main/pr-7-b', queue, 'c'.repeat(40))
  expect(requireApplicable(cause)).toBe('main')
  requireTip(cause, 'main', tip)
  expect(() => requireTip(cause, 'main', 'd'.repeat(40))).toThrow(/no longer the tip/u)
})

test('a merge queue into another branch may not', () => {
  const queue = { merge_group: { base_ref: 'refs/heads/release', base_sha: tip } }
  expect(() => requireApplicable(trigger('merge_group', 'refs/heads/main', queue))).toThrow(/main alone/u)
})

test.each(['pull_request', 'pull_request_target', 'workflow_run', 'issue_comment', 'release', 'repository_dispatch'])(
  '%s may not apply',
  (event) => {
    expect(() => requireApplicable(trigger(event))).toThrow(
      expect.objectContaining({ code: 'PLAN_UNSAFE', exitCode: 4 }),
    )
  },
)

test.each(['refs/heads/feature', 'refs/tags/main', 'refs/heads/main2', 'refs/pull/7/merge'])(
  'a push of %s may not',
  (ref) => {
    expect(() => requireApplicable(trigger('push', ref))).toThrow(expect.objectContaining({ code: 'PLAN_UNSAFE' }))
  },
)

test('the default branch is that of the repository', () => {
  const other = { repository: { ...repository, default_branch: 'trunk' } }
  expect(requireApplicable(trigger('push', 'refs/heads/trunk', other))).toBe('trunk')
  expect(() => requireApplicable(trigger('push', 'refs/heads/main', other))).toThrow(/trunk alone/u)
})

test('an old run that is started again is a rollback', () => {
  requireTip(trigger('push'), 'main', tip)
  expect(() => requireTip(trigger('push', 'refs/heads/main', {}, 'a'.repeat(40)), 'main', tip)).toThrow(
    /roll back|no longer/u,
  )
})

test('a pull request of a fork is known for one, also where the fork is gone', () => {
  const pull = (head: object | null): Trigger =>
    trigger('pull_request', 'refs/pull/7/merge', { pull_request: { number: 7, head: { sha: tip, repo: head } } })
  expect(pull({ full_name: 'acme/settings' }).pullRequest).toEqual({ number: 7, head: tip, isFork: false })
  expect(pull({ full_name: 'mallory/settings' }).pullRequest?.isFork).toBe(true)
  expect(pull(null).pullRequest?.isFork).toBe(true)
})

test('outside of a runner nothing is known', () => {
  expect(() => readTrigger({}, {})).toThrow(/no run of GitHub Actions/u)
})
