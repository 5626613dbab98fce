import type { Pod } from "../../../api/core/v1/pod.ts"
import { Secret } from "../../../api/core/v1/secret.ts"
import type { RegistryAuth } from "../../../container-runtime/cri.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CredentialProvider } from "./credential-provider.ts"
import { dockerConfig, registryCredentials } from "./registry-credentials.ts"

export interface CredentialSources {
  readonly objects: NodeObjects
  /** Programs of the node that know passwords. */
  readonly credentialProviders: readonly CredentialProvider[]
}

/** What a pod's pull secrets say of an image's registry, and after them the node's credential providers. */
export async function pullCredentials(
  { objects, credentialProviders }: CredentialSources,
  pod: Pod,
  image: string,
  event?: (type: "Warning", reason: string, message: string) => void,
): Promise<readonly RegistryAuth[]> {
  const {
    metadata: { namespace = "" },
    spec,
  } = pod
  const names = (spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  const secrets = await Promise.all(names.map((name) => objects.find(Secret, { namespace, name })))
  const missing = names.filter((_, index) => !secrets[index])
  if (missing.length > 0)
    event?.(
      "Warning",
      "FailedToRetrieveImagePullSecret",
      `Unable to retrieve some image pull secrets (${missing.join(", ")}); attempting to pull the image may not succeed.`,
    )
  const known = secrets.flatMap((secret) => (secret ? [dockerConfig(secret)] : []))
  const provided = await Promise.all(credentialProviders.map((provider) => provider.provide(image, pod)))
  return [...registryCredentials(image, known), ...registryCredentials(image, provided)]
}
