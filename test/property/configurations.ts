/** Random configurations of the instance, for the laws that hold over all of them. */
import fc from 'fast-check'

const users = ['alice', 'bob', 'carol', 'Dave', 'J.DOE']
const groups = ['devs', 'Ops', 'x]y', 'a, "b"', 'stash-users', 'developers']
const some = <T>(model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<T> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<T>
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 })
const named = (names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 })
const days = fc.integer({ min: 1, max: 400 })
const bucket = some({ capacity: fc.constantFrom(60, 70), fillRate: fc.constantFrom(5, 6) })
const fullBucket = fc.record({ capacity: fc.constantFrom(60, 70), fillRate: fc.constantFrom(5, 6) })
const algorithm = fc.constantFrom('RSA', 'rsa', 'DSA', 'ED25519')
const level = fc.constantFrom('LICENSED_USER', 'PROJECT_CREATE', 'ADMIN')

/** Configurations: any subset of the settings, with nulls, odd names, case twins and several notations. */
export const configuration: fc.Arbitrary<{ instance: Record<string, unknown> }> = fc.record({
  instance: some({
    accessTokenPolicy: orNull(fc.record({ maxExpiryDays: days })),
    banner: orNull(
      fc.record(
        {
          message: fc.constantFrom('a', 'b\r\nc', '${'.replace('$', '$$$$'), '# not a comment: [x]'),
          enabled: fc.boolean(),
          audience: fc.constantFrom('ALL', 'AUTHENTICATED'),
        },
        { requiredKeys: ['message'] },
      ),
    ),
    defaultBranch: orNull(fc.constantFrom('main', 'refs/heads/main', 'release/1')),
    rateLimit: some({ enabled: fc.constant(false), defaultSettings: bucket }),
    rateLimitUsers: named(
      users,
      orNull(fc.oneof(fc.constant({ whitelisted: true }), fc.record({ settings: fullBucket }))),
    ),
    sshKeyPolicy: some({
      maxExpiryDays: orNull(days),
      keyTypes: fc.dictionary(
        algorithm,
        some({ allowed: fc.boolean(), minKeyLength: orNull(fc.constantFrom(2048, 3072)) }),
        { maxKeys: 2 },
      ),
    }),
    mailServer: orNull(
      fc.record(
        {
          hostname: fc.constantFrom('smtp.example.com', 'mail.example.com'),
          port: orNull(fc.constantFrom(25, 587)),
          protocol: fc.constantFrom('SMTP', 'SMTPS'),
          useStartTls: fc.boolean(),
          username: fc.constantFrom('u', 'v'),
          password: fc.constant('${secret:smtp}'),
          senderAddress: orNull(fc.constantFrom('a@example.com', 'b@example.com')),
        },
        { requiredKeys: ['hostname', 'password'] },
      ),
    ),
    repositoryArchiving: fc.record({ permission: fc.constantFrom('ADMIN', 'REPO_ADMIN') }),
    repositoryDeletion: fc.record({ permission: fc.constantFrom('SYS_ADMIN', 'PROJECT_ADMIN') }),
    groups: named(
      groups,
      orNull(
        some({
          members: fc.oneof(
            fc.uniqueArray(fc.constantFrom(...users), { maxLength: 4 }),
            named(users, orNull(fc.constant({}))),
          ),
        }),
      ),
    ),
    groupPermissions: named(groups, orNull(level)),
    userPermissions: named(users, orNull(level)),
  }),
})
/** What may be pruned. */
export const prune = fc.subarray([
  'instance.groups[*].members',
  'instance.groupPermissions',
  'instance.userPermissions',
  'instance.rateLimitUsers',
])
/** Refusals that are right: a random configuration may well make no sense. */
export const refusals = new Set(['CONFIG_REFERENCE', 'CONFIG_DUPLICATE', 'CONFIG_SCHEMA', 'PLAN_UNSAFE'])
