import { quote } from "../../base/quote.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes, AdmissionContext } from "./admission.ts"
import { secretNamesOf } from "./mountable-secrets.ts"
import { refuse } from "./refuse.ts"

/** A node makes mirror pods, which show what it runs by itself, and deletes pods that are its own. */
export function checkPod({ cache }: AdmissionContext, attributes: AdmissionAttributes, node: string): void {
  const { operation, namespace, name } = attributes
  if (operation === "CREATE") return checkMirrorPod(cache, attributes, node)
  if (operation !== "DELETE") {
    const why = `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`
    throw refuse(attributes, why)
  }
  const pod = cache.find(Pod, { namespace, name })
  if (!pod) throw notFound(Pod, name)
  if (pod.spec.nodeName !== node)
    throw refuse(attributes, `node ${quote(node)} can only delete pods with spec.nodeName set to itself`)
}

function checkMirrorPod(
  cache: AdmissionContext["cache"],
  attributes: AdmissionAttributes,
  node: string,
): void {
  const { metadata, spec } = attributes.object as Pod
  const who = `node ${quote(node)}`
  const mirror = "kubernetes.io/config.mirror"
  if (metadata.annotations?.[mirror] === undefined)
    throw refuse(
      attributes,
      `pod does not have ${quote(mirror)} annotation, ${who} can only create mirror pods`,
    )
  if (spec.nodeName !== node)
    throw refuse(attributes, `${who} can only create pods with spec.nodeName set to itself`)
  const [owner, ...others] = metadata.ownerReferences ?? []
  if (others.length > 0)
    throw refuse(attributes, `${who} can only create pods with a single owner reference set to itself`)
  if (!owner || owner.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    throw refuse(attributes, `${who} can only create pods with an owner reference set to itself`)
  if (!owner.controller)
    throw refuse(attributes, `${who} can only create pods with a controller owner reference set to itself`)
  if (owner.blockOwnerDeletion)
    throw refuse(attributes, `${who} must not set blockOwnerDeletion on an owner reference`)
  const uid = cache.find(Node, { name: node })?.metadata.uid
  if (uid === undefined) throw notFound(Node, node)
  if (owner.uid !== uid)
    throw refuse(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`)
  const referenced = referencedResource(attributes.object as Pod)
  if (referenced) throw refuse(attributes, `${who} can not create pods that reference ${referenced}`)
}

/** The first kind of API object a pod refers to, as a plural. */
function referencedResource({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName) return "serviceaccounts"
  for (const _name of secretNamesOf(spec)) return "secrets"
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const usesConfigMap = containers.some(
    ({ env, envFrom }) =>
      env?.some(({ valueFrom }) => valueFrom?.configMapKeyRef) ||
      envFrom?.some(({ configMapRef }) => configMapRef),
  )
  if (usesConfigMap) return "configmaps"
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap) return "configmaps"
    if (volume.persistentVolumeClaim || volume.ephemeral) return "persistentvolumeclaims"
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap) return "configmaps"
      if (source.serviceAccountToken) return "serviceaccounts (via projected volumes)"
      if (source.clusterTrustBundle) return "clustertrustbundles"
      if (source.podCertificate) return "podcertificates"
    }
  }
  return spec.resourceClaims?.length ? "resourceclaims" : undefined
}

export function checkPodStatus(attributes: AdmissionAttributes, node: string): void {
  const { operation } = attributes
  if (operation !== "UPDATE") throw refuse(attributes, `unexpected operation ${quote(operation)}`)
  const old = attributes.oldObject as Pod
  const pod = attributes.object as Pod
  const who = `node ${quote(node)}`
  if (old.spec.nodeName !== node)
    throw refuse(attributes, `${who} can only update pod status for pods with spec.nodeName set to itself`)
  if (!deepEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {}))
    throw refuse(attributes, `${who} cannot update labels through pod status`)
  const { resourceClaimStatuses: claims = [], extendedResourceClaimStatus: extended } = old.status
  if (!deepEqual(claims, pod.status?.resourceClaimStatuses ?? []))
    throw refuse(attributes, `${who} cannot update resource claim statues`)
  if (!deepEqual(extended, pod.status?.extendedResourceClaimStatus))
    throw refuse(attributes, `${who} cannot update extended resource claim status`)
}

export function checkEviction(
  { cache }: AdmissionContext,
  attributes: AdmissionAttributes,
  node: string,
): void {
  const { operation, namespace, object } = attributes
  if (operation !== "CREATE") throw refuse(attributes, `unexpected operation ${operation}`)
  const name = attributes.name || object?.metadata.name
  if (!name) throw refuse(attributes, "could not determine pod from request data")
  const pod = cache.find(Pod, { namespace, name })
  if (!pod) throw notFound(Pod, name)
  if (pod.spec.nodeName !== node)
    throw refuse(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`)
}
