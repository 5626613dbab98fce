import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Namespace } from "../api/core/v1/namespace.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../apimachinery/status-error.ts"
import type { Client } from "../client/client.ts"

const key = { namespace: "kube-system", name: "extension-apiserver-authentication" }

/**
 * Tells extension API servers whom to trust: users with certificates of the cluster's authority, and this server's front
 * proxy when it says on whose behalf it asks.
 */
export async function ensureExtensionAuthentication(
  client: Client,
  authorities: { readonly client: string; readonly frontProxy: string },
): Promise<void> {
  const data = {
    "client-ca-file": authorities.client,
    "requestheader-client-ca-file": authorities.frontProxy,
    "requestheader-allowed-names": JSON.stringify(["front-proxy-client"]),
    "requestheader-username-headers": JSON.stringify(["X-Remote-User"]),
    "requestheader-uid-headers": JSON.stringify(["X-Remote-Uid"]),
    "requestheader-group-headers": JSON.stringify(["X-Remote-Group"]),
    "requestheader-extra-headers-prefix": JSON.stringify(["X-Remote-Extra-"]),
  }
  const found = await client.get(ConfigMap, key).catch(ignoreNotFound)
  if (found) {
    if (JSON.stringify(found.data) !== JSON.stringify(data))
      await client.update(ConfigMap, { ...found, data })
    return
  }
  await client.create(Namespace, { metadata: { name: key.namespace } }).catch(ignoreAlreadyExists)
  await client.create(ConfigMap, { metadata: key, data }).catch(ignoreAlreadyExists)
}
