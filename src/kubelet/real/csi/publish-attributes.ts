import { decodeBase64 } from "../../../base/base64.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { Secret } from "../../../api/core/v1/secret.ts"
import type { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { type CsiVolume, podAttributes } from "../../volumes/csi-volume.ts"
import type { ServiceAccountTokens } from "../../volumes/service-account-tokens.ts"

export interface PublishAttributes {
  readonly attributes: Record<string, string>
  readonly secrets: Record<string, string>
}

/** What a driver is told when a volume is published: of the volume, and, where it wants to know, of the pod. */
export async function publishAttributes(
  {
    objects,
    tokens,
  }: { readonly objects: NodeObjects; readonly tokens: Pick<ServiceAccountTokens, "getStatus"> },
  { pod, volume, object }: { pod: Pod; volume: CsiVolume; object: CSIDriver | undefined },
): Promise<PublishAttributes> {
  const attributes: Record<string, string> = { ...volume.attributes }
  const { publishSecret } = volume
  const secrets = publishSecret ? await secretData(objects, publishSecret, "NodePublishSecretRef") : {}
  const { podInfoOnMount, tokenRequests = [], serviceAccountTokenInSecrets } = object?.spec ?? {}
  if (podInfoOnMount) Object.assign(attributes, podAttributes(pod, volume))
  if (tokenRequests.length > 0) {
    const text = JSON.stringify(await tokensFor(pod, tokenRequests, tokens))
    const where = serviceAccountTokenInSecrets ? secrets : attributes
    where["csi.storage.k8s.io/serviceAccount.tokens"] = text
  }
  return { attributes, secrets }
}

/** A token for each audience, by audience. */
async function tokensFor(
  pod: Pod,
  requests: NonNullable<CSIDriver["spec"]["tokenRequests"]>,
  tokens: Pick<ServiceAccountTokens, "getStatus">,
): Promise<Record<string, { token: string; expirationTimestamp: string }>> {
  const found: Record<string, { token: string; expirationTimestamp: string }> = {}
  for (const { audience, expirationSeconds = defaultSeconds } of requests)
    found[audience] = await tokens.getStatus(pod, audience, expirationSeconds)
  return found
}

const defaultSeconds = 3600

/** A Secret as drivers get it: text by key. */
export async function secretData(
  objects: NodeObjects,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  field: string,
): Promise<Record<string, string>> {
  const secret = await objects.find(Secret, { namespace, name })
  if (!secret)
    throw new Error(
      `fetching ${field} ${namespace}/${name} failed: failed to find the secret ${name} in the namespace ${namespace} with error: secrets "${name}" not found`,
    )
  const decoder = new TextDecoder()
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, decoder.decode(decodeBase64(value))]),
  )
}
