import { Namespace } from "../../api/core/v1/namespace.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"

export const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"] as const

/** Makes true that the namespaces are there that every cluster has. */
export async function ensureNamespaces(client: Client): Promise<void> {
  await Promise.all(
    systemNamespaces.map(async (name) => {
      const found = await client.get(Namespace, { name }).catch(ignoreNotFound)
      if (!found) await client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)
    }),
  )
}
