import { optional, readObject, stringIn } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/api/latest/admin/license'

export default singleton({
  kind: 'license',
  parents: [instance],
  docs: {
    area: 'server',
    title: 'Licence',
    text: 'The licence of the server. Its text is a secret: it is written where the server has no licence, where the declared support entitlement number differs from the live one, and under --update-secrets. It is never removed.',
    rest: 'System Maintenance: License, /api/latest/admin/license (GET, POST)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/admin/license'],
    dangers: ['A licence with fewer seats than licensed users stops pushes and sign-ins.'],
  },
  schema: {
    type: 'object',
    description: 'The licence of the server.',
    required: ['license'],
    properties: {
      supportEntitlementNumber: {
        type: 'string',
        minLength: 1,
        description:
          'The number that names the licence (SEN). Declare it, so that a new licence is noticed and written.',
      },
      license: { type: 'string', secret: true, description: 'The text of the licence; line breaks do not matter.' },
    },
  },
  examples: [
    { supportEntitlementNumber: 'SEN-1000001', license: '${secret:license-1}' },
    { supportEntitlementNumber: 'SEN-1000002', license: '${secret:license-2}' },
  ],
  // The POST takes the text and nothing else.
  replacesSecrets: true,
})({
  async read(api) {
    const raw = await api.get(path)
    if (raw === null) return null
    const license = readObject(path, raw)
    const value = { ...optional(license, 'supportEntitlementNumber', stringIn), license: '' }
    return { value, raw: null }
  },
  async write(api, _at, { after }) {
    await api.send('POST', path, { license: after.license })
  },
})
