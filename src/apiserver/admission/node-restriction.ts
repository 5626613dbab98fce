import { quote } from "../../base/quote.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import type { ResourceSlice } from "../../api/resource/v1/resource-slice.ts"
import { findNodeName } from "../authorization/node/node-authorizer.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { subjectOf } from "./certificate-admission.ts"
import { checkNodeCertificateRequest } from "./node-restriction-certificates.ts"
import { checkNodeObject } from "./node-restriction-nodes.ts"
import { checkEviction, checkPod, checkPodStatus } from "./node-restriction-pods.ts"
import { checkTokenRequest } from "./node-restriction-tokens.ts"
import { checkClaimStatus } from "./node-restriction-volumes.ts"
import { refuse } from "./refuse.ts"

/**
 * A node writes about itself and its own pods, and nothing else: what the Node authorizer cannot tell, because it takes
 * looking into the objects (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
 */
export function nodeRestriction(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    on: [
      {
        operations: ["CREATE", "UPDATE", "DELETE"],
        resources: [
          "pods",
          "pods/*",
          "nodes",
          "nodes/*",
          "persistentvolumeclaims",
          "persistentvolumeclaims/*",
          "serviceaccounts/token",
          "leases.coordination.k8s.io",
          "csinodes.storage.k8s.io",
          "resourceslices.resource.k8s.io",
          "certificatesigningrequests.certificates.k8s.io",
          "podcertificaterequests.certificates.k8s.io",
        ],
      },
    ],
    async mutate(attributes) {
      const node = findNodeName(attributes.user)
      if (node === "") {
        const why = `could not determine node from user ${quote(attributes.user.name)}`
        throw refuse(attributes, why)
      }
      if (node !== undefined) await check(context, attributes, node)
      return attributes.object
    },
  }
}

async function check(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  node: string,
): Promise<void> {
  const { resource, subresource } = attributes
  switch (groupResource(resource)) {
    case "pods":
      if (subresource === "") return checkPod(context, attributes, node)
      if (subresource === "status") return checkPodStatus(attributes, node)
      if (subresource === "eviction") return checkEviction(context, attributes, node)
      throw refuse(
        attributes,
        `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`,
      )
    case "nodes":
      return checkNodeObject(attributes, node)
    case "persistentvolumeclaims":
      if (subresource === "status") return checkClaimStatus(attributes, node)
      throw refuse(attributes, "may only update PVC status")
    case "serviceaccounts":
      return checkTokenRequest(context, attributes, node)
    case "leases.coordination.k8s.io":
      return checkLease(attributes, node)
    case "csinodes.storage.k8s.io":
      return checkName(attributes, node, "can only access CSINode with the same name as the requesting node")
    case "resourceslices.resource.k8s.io":
      return checkResourceSlice(attributes, node)
    case "certificatesigningrequests.certificates.k8s.io":
      return checkSigningRequest(attributes, node)
    case "podcertificaterequests.certificates.k8s.io":
      return checkNodeCertificateRequest(context, attributes, node)
  }
}

function checkName(attributes: AdmissionAttributes, node: string, why: string): void {
  const { operation, object, name } = attributes
  if ((operation === "CREATE" ? object?.metadata.name : name) !== node) throw refuse(attributes, why)
}

function checkLease(attributes: AdmissionAttributes, node: string): void {
  if (attributes.namespace !== "kube-node-lease")
    throw refuse(attributes, 'can only access leases in the "kube-node-lease" system namespace')
  checkName(attributes, node, "can only access node lease with the same name as the requesting node")
}

function checkResourceSlice(attributes: AdmissionAttributes, node: string): void {
  const { operation, object, oldObject } = attributes
  if (operation === "UPDATE") return
  const slice = (operation === "CREATE" ? object : oldObject) as ResourceSlice | undefined
  if (slice?.spec.nodeName === node) return
  const verb = operation === "CREATE" ? "create" : "delete"
  throw refuse(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`)
}

const kubeletSigners = new Set([
  "kubernetes.io/kubelet-serving",
  "kubernetes.io/kube-apiserver-client-kubelet",
])

function checkSigningRequest(attributes: AdmissionAttributes, node: string): void {
  if (attributes.operation !== "CREATE") return
  const { signerName, request } = (attributes.object as KubeObject as CertificateSigningRequest).spec
  if (!kubeletSigners.has(signerName)) return
  const { commonName } = subjectOf(attributes, request, "unable to parse csr")
  if (commonName !== `system:node:${node}`)
    throw refuse(attributes, `can only create a node CSR with CN=system:node:${node}`)
}
