import { builtInResources } from "../api/index.ts"
import { decodeEncryptionConfiguration } from "../apiserver/encryption-at-rest/configuration.ts"
import { EncryptingStore } from "../apiserver/encryption-at-rest/encrypting-store.ts"
import { createCipher } from "../apiserver/encryption-at-rest/real/ciphers.ts"
import { resourceOfKey } from "../apiserver/encryption-at-rest/resource-of-key.ts"
import { createTransformers } from "../apiserver/encryption-at-rest/transformers.ts"
import type { Store } from "../etcd/store.ts"
import { type FileParts, followFile } from "./changing.ts"
import type { ReloadMetrics } from "./reload-metrics.ts"
import type { EncryptionSettings } from "./api-server-settings.ts"

/**
 * The store with what `--encryption-provider-config` says in front of it. Closes the store and throws when the file is not
 * what it should be: to go on without would write secrets in the clear.
 */
export async function encryptAtRest(
  store: Store,
  { providerConfigFile, automaticReload }: EncryptionSettings,
  { reloads, ...parts }: FileParts & { readonly reloads: ReloadMetrics },
): Promise<EncryptingStore> {
  const read = (text: string) =>
    createTransformers(decodeEncryptionConfiguration(text, providerConfigFile), createCipher)
  try {
    const { changing, timer } = await followFile(providerConfigFile, read, {
      ...parts,
      ...(automaticReload && { reloaded: reloads.of("encryption") }),
    })
    if (!automaticReload) timer.cancel()
    const resourceOf = resourceOfKey(builtInResources)
    const encrypting = new EncryptingStore(store, { find: changing.value, resourceOf, log: parts.log })
    changing.onChange((find) => encrypting.use(find))
    encrypting.onClose(() => timer.cancel())
    return encrypting
  } catch (error) {
    await store.close()
    throw error
  }
}
