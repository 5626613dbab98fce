import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"

/** Makes true that it is told since when uses of tokens in Secrets are noted: before that, "never used" means nothing. */
export async function ensureLegacyTokenTracking(client: Client, clock: Clock): Promise<void> {
  const since = new Date(clock.now()).toISOString().slice(0, 10)
  const metadata = {
    namespace: "kube-system",
    name: "kube-apiserver-legacy-service-account-token-tracking",
  }
  await client.create(Namespace, { metadata: { name: metadata.namespace } }).catch(ignoreAlreadyExists)
  await client.create(ConfigMap, { metadata, data: { since } }).catch(ignoreAlreadyExists)
}
