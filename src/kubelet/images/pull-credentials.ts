import type { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import type { RegistryAuth } from "../../container-runtime/cri.ts"
import type { NodeObjects } from "../objects/node-objects.ts"
import { registryCredentials } from "./registry-credentials.ts"

/** What a pod's pull secrets say of an image's registry. */
export async function pullCredentials(
  { objects }: { readonly objects: NodeObjects },
  { metadata: { namespace = "" }, spec }: Pod,
  image: string,
  event?: (type: "Warning", reason: string, message: string) => void,
): Promise<readonly RegistryAuth[]> {
  const names = (spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  const secrets = await Promise.all(names.map((name) => objects.find(Secret, { namespace, name })))
  const missing = names.filter((_, index) => !secrets[index])
  if (missing.length > 0)
    event?.(
      "Warning",
      "FailedToRetrieveImagePullSecret",
      `Unable to retrieve some image pull secrets (${missing.join(", ")}); attempting to pull the image may not succeed.`,
    )
  return registryCredentials(
    image,
    secrets.filter((secret) => secret !== undefined),
  )
}
