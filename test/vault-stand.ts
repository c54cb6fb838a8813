/** A Vault of one test, with stores over it. */
import { Scrubber, Secret } from '../src/model/secret.js'
import type { TokenStore } from '../src/oauth/store.js'
import { createVaultStore } from '../src/oauth/stores/vault.js'
import { createVaultClient, type VaultClientOptions } from '../src/oauth/stores/vault-client.js'
import { createTransport } from '../src/transport.js'
import { parts } from './stores.js'
import { type FakeVault, startVault } from './vault.js'

export interface VaultStand {
  readonly vault: FakeVault
  /** The store of a holder, by default of one. */
  open(holder?: string): TokenStore
}

type Way = Partial<Pick<VaultClientOptions, 'location' | 'signIn' | 'namespace' | 'scrubber'>> & {
  readonly mount?: string
}

/** Starts a Vault for a piece of work, and ends it. By default the root token signs in. */
export async function withVault(work: (stand: VaultStand) => Promise<void>, way: Way = {}): Promise<void> {
  const vault = await startVault()
  const transport = createTransport({ baseUrl: vault.url, connections: 2 })
  const { mount = 'secret', location = 'Vault at a test', ...given } = way
  const signIn = { type: 'token', token: new Secret('root') } as const
  const client = createVaultClient({
    location,
    transport,
    signIn,
    scrubber: new Scrubber(),
    now: Date.now,
    ...given,
  })
  try {
    await work({
      vault,
      open: (holder = 'one') => createVaultStore({ ...parts('k', holder), location, client, mount, path: 'bbstate/k' }),
    })
  } finally {
    await transport.close()
    await vault.close()
  }
}
