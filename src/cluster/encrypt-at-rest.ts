import { readFileSync } from "node:fs"
import { builtInResources } from "../api/index.ts"
import { decodeEncryptionConfiguration } from "../apiserver/encryption-at-rest/configuration.ts"
import { EncryptingStore } from "../apiserver/encryption-at-rest/encrypting-store.ts"
import { createCipher } from "../apiserver/encryption-at-rest/real/ciphers.ts"
import { resourceOfKey } from "../apiserver/encryption-at-rest/resource-of-key.ts"
import { createTransformers } from "../apiserver/encryption-at-rest/transformers.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Store } from "../etcd/store.ts"
import type { EncryptionSettings } from "./api-server-settings.ts"

const reloadEveryMs = 10_000

/**
 * The store with what `--encryption-provider-config` says in front of it. Closes the store and throws when the file is not
 * what it should be: to go on without would write secrets in the clear.
 */
export async function encryptAtRest(
  store: Store,
  { providerConfigFile, automaticReload }: EncryptionSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<EncryptingStore> {
  let text = ""
  const read = () => {
    text = readFileSync(providerConfigFile, "utf8")
    return createTransformers(decodeEncryptionConfiguration(text, providerConfigFile), createCipher)
  }
  try {
    const resourceOf = resourceOfKey(builtInResources)
    const encrypting = new EncryptingStore(store, { find: read(), resourceOf, log })
    if (automaticReload) reloadOnChange(encrypting)
    return encrypting
  } catch (error) {
    await store.close()
    throw error
  }

  function reloadOnChange(encrypting: EncryptingStore): void {
    clock.after(reloadEveryMs, () => {
      try {
        if (readFileSync(providerConfigFile, "utf8") !== text) {
          encrypting.use(read())
          log.info("encryption keys were read anew", { file: providerConfigFile })
        }
      } catch (error) {
        // The old keys stay good: a file that is half written will be whole the next time.
        log.error("encryption keys could not be read anew", { error: String(error) })
      }
      reloadOnChange(encrypting)
    })
  }
}
