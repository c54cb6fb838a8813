import { describe, expect, test } from 'vitest'
import { identifyRun, purposeOf } from '../../../src/host/audit.js'

describe('who runs this', () => {
  test.each([
    [
      'GitHub',
      {
        GITHUB_ACTIONS: 'true',
        GITHUB_SHA: 'c0ffee',
        GITHUB_ACTOR: 'ann',
        GITHUB_RUN_ID: '7',
        GITHUB_RUN_ATTEMPT: '2',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'a/b',
      },
      { commit: 'c0ffee', actor: 'ann', runUrl: 'https://github.com/a/b/actions/runs/7' },
      'github 7/2',
    ],
    [
      'GitLab',
      {
        GITLAB_CI: 'true',
        CI_COMMIT_SHA: 'c',
        GITLAB_USER_LOGIN: 'ben',
        CI_JOB_URL: 'https://u:p@gitlab/j/1',
        CI_JOB_ID: '1',
      },
      { commit: 'c', actor: 'ben', runUrl: 'https://gitlab/j/1' },
      'gitlab 1',
    ],
    [
      'Jenkins',
      {
        JENKINS_URL: 'https://j/',
        GIT_COMMIT: 'c',
        BUILD_USER_ID: 'cyd',
        APPROVER: 'ann',
        BUILD_URL: 'https://j/1',
        BUILD_TAG: 'jenkins-x-1',
      },
      { commit: 'c', actor: 'cyd', approver: 'ann', runUrl: 'https://j/1' },
      'jenkins jenkins-x-1',
    ],
    [
      'Bamboo',
      {
        bamboo_buildKey: 'K',
        bamboo_planRepository_revision: 'c',
        bamboo_resultsUrl: 'https://b/1',
        bamboo_buildResultKey: 'K-1',
      },
      { commit: 'c', runUrl: 'https://b/1' },
      'bamboo K-1',
    ],
    [
      'Bitbucket',
      { BITBUCKET_BUILD_NUMBER: '3', BITBUCKET_COMMIT: 'c', BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/a/b' },
      { commit: 'c', runUrl: 'https://bitbucket.org/a/b/pipelines/results/3' },
      'bitbucket 3',
    ],
    ['a terminal', { USER: 'ann' }, {}, undefined],
  ])('%s', (_name, environment, audit, run) => {
    const found = identifyRun(environment)
    expect(found.audit).toEqual(audit)
    expect(found.run).toBe(run)
  })

  test('is safe inside a header, whatever the variables hold', () => {
    const { run = '' } = identifyRun({ GITLAB_CI: '1', CI_JOB_ID: '1\r\nx: y) \u00e9(' })
    const purpose = purposeOf('apply', { run })
    expect(purpose).toMatch(/^apply; run gitlab 1[A-Za-z0-9 ;/._:-]+$/u)
    expect(purposeOf('plan', {})).toBe('plan')
  })
})
