import { quote } from "../../base/quote.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Volume } from "../../api/core/v1/volume.ts"
import { CSIDriver } from "../../api/storage/v1/csi-driver.ts"
import type { TokenRequestSpec } from "../authentication/token-request.ts"
import type { AdmissionAttributes, AdmissionContext } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A node gets tokens for its own pods, bound to them, for an audience that the pod's volumes ask for. */
export async function checkTokenRequest(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  node: string,
): Promise<void> {
  const { operation, namespace, object } = attributes
  if (operation !== "CREATE") return
  const { spec } = object as KubeObject & { readonly spec: TokenRequestSpec }
  const reference = spec.boundObjectRef
  if (!reference || reference.apiVersion !== "v1" || reference.kind !== "Pod" || !reference.name)
    throw refuse(attributes, "node requested token not bound to a pod")
  if (!reference.uid) throw refuse(attributes, "node requested token with a pod binding without a uid")
  const pod = context.cache.find(Pod, { namespace, name: reference.name })
  if (!pod) throw notFound(Pod, reference.name)
  if (pod.metadata.uid !== reference.uid) {
    const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw refuse(attributes, why)
  }
  if (pod.spec.nodeName !== node)
    throw refuse(attributes, "node requested token bound to a pod scheduled on a different node")
  await checkAudience(context, attributes, pod, spec.audiences ?? [])
}

async function checkAudience(
  { cache, authorizer }: AdmissionContext,
  attributes: AdmissionAttributes,
  pod: Pod,
  audiences: readonly string[],
): Promise<void> {
  const { user, namespace, name } = attributes
  if (audiences.length > 1) throw refuse(attributes, "node may only request 0 or 1 audiences")
  const audience = audiences[0] ?? ""
  if (pod.spec.volumes?.some((volume) => asksFor(cache, pod, volume, audience))) return
  const verb = "request-serviceaccounts-token-audience"
  const question = { apiGroup: "", apiVersion: "v1", resource: audience, subresource: "", namespace, name }
  const { decision } = await authorizer.authorize({ user, verb, ...question })
  if (decision === "allowed") return
  const why = `audience ${quote(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`
  throw refuse(attributes, why)
}

function asksFor(cache: AdmissionContext["cache"], pod: Pod, volume: Volume, audience: string): boolean {
  const isProjected = volume.projected?.sources?.some(
    ({ serviceAccountToken: token }) => token && (token.audience ?? "") === audience,
  )
  if (isProjected) return true
  const driver = driverOf(cache, pod, volume)
  const requests = driver ? cache.find(CSIDriver, { name: driver })?.spec.tokenRequests : undefined
  return requests?.some((request) => request.audience === audience) ?? false
}

/** The CSI driver behind a volume, directly or through its claim. */
function driverOf(cache: AdmissionContext["cache"], pod: Pod, volume: Volume): string | undefined {
  if (volume.csi) return volume.csi.driver
  const claimName =
    volume.persistentVolumeClaim?.claimName ??
    (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined)
  if (claimName === undefined) return undefined
  const { namespace } = pod.metadata
  const volumeName = cache.find(PersistentVolumeClaim, { namespace, name: claimName })?.spec.volumeName
  return volumeName ? cache.find(PersistentVolume, { name: volumeName })?.spec.csi?.driver : undefined
}
