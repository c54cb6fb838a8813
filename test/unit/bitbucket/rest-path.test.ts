import { describe, expect, test } from 'vitest'
import { judgeRestPath } from '../../../src/bitbucket/rest-path.js'

const nobody = (): undefined => undefined

describe('paths of the escape hatch', () => {
  test.each(['/rest/acme/latest/settings', '/rest/acme/1.0', '/rest/api/latest/projects/PLAT/settings/acme.thing'])(
    '%s is a plain one',
    (path) => expect(judgeRestPath(path, nobody)).toBeUndefined(),
  )

  test.each([
    ['another host', '//evil.example.com/rest/acme/latest'],
    ['a whole URL', 'https://evil.example.com/rest/acme/latest'],
    ['credentials in front', '/rest@evil.example.com/acme/latest'],
    ['no place below /rest', '/plugins/servlet/upm'],
    ['nothing but a module', '/rest/acme'],
    ['dots', '/rest/acme/../oauth2/latest'],
    ['one dot', '/rest/acme/./latest'],
    ['encoded dots', '/rest/acme/%2e%2e/oauth2'],
    ['an encoded slash', '/rest/acme%2f..%2foauth2/latest'],
    ['a doubled slash', '/rest//oauth2/latest'],
    ['a semicolon', '/rest/acme/latest;jsessionid=1'],
    ['a backslash', '/rest/acme\\..\\oauth2'],
    ['a query', '/rest/acme/latest?user=admin'],
    ['a fragment', '/rest/acme/latest#x'],
    ['a line end', '/rest/acme/latest\n'],
    ['a tab', '/rest/ac\tme/latest'],
    ['a blank', '/rest/acme/latest /x'],
    ['a full-width dot', '/rest/acme/\uff0e\uff0e/oauth2'],
  ])('%s is refused', (_what, path) => {
    expect(judgeRestPath(path, nobody)).toMatchObject({ refused: expect.any(String) as unknown })
  })

  test.each([
    '/rest/oauth2/latest/client',
    '/rest/OAuth2/latest/client',
    '/rest/access-tokens/latest/users/admin',
    '/rest/applinks/3.0/applicationlink',
    '/rest/ssh/latest/keys',
    '/rest/gpg/1.0/keys',
    '/rest/keys/latest/projects/PLAT/ssh',
    '/rest/api/latest/admin/users/credentials',
    '/rest/acme/latest/keys',
    '/rest/plugins/1.0/acme',
  ])('%s issues or stores credentials, or installs code', (path) => {
    expect(judgeRestPath(path, nobody)?.refused).toContain('is not for this')
  })

  test('what a setting covers belongs to the setting', () => {
    const coveredBy = (endpoint: string): string | undefined =>
      endpoint === '/api/latest/admin/banner' ? 'banner' : undefined
    expect(judgeRestPath('/rest/api/latest/admin/banner', coveredBy)?.refused).toBe(
      '/rest/api/latest/admin/banner belongs to the setting banner',
    )
  })
})
