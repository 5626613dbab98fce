import { quote } from "../../base/quote.ts"
import { internalError } from "../../apimachinery/status-errors.ts"
import type { PodCertificateRequest } from "../../api/certificates/v1beta1/pod-certificate-request.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { AdmissionAttributes, AdmissionContext } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A node asks for certificates of its own pods alone, and gets the pod, its account and itself right. */
export function checkNodeCertificateRequest(
  { cache }: AdmissionContext,
  attributes: AdmissionAttributes,
  nodeName: string,
): void {
  const { operation, subresource, namespace, object } = attributes
  if (operation !== "CREATE") throw refuse(attributes, `unexpected operation ${operation}`)
  if (subresource !== "") throw refuse(attributes, `unexpected subresource ${subresource}`)
  const { spec } = object as PodCertificateRequest
  if (spec.nodeName !== nodeName) {
    const why = `PodCertificateRequest.Spec.NodeName=${quote(spec.nodeName)}, which is not the requesting node ${quote(nodeName)}`
    throw refuse(attributes, why)
  }
  const which = quote(`${namespace}/${spec.podName}`)
  // These may be right a moment later: the answer invites to try again.
  const notYet = (text: string) => internalError(new Error(text))
  const node = cache.find(Node, { name: nodeName })
  if (node?.metadata.uid !== spec.nodeUID)
    throw notYet(
      `PodCertificateRequest for pod ${which} names node UID ${quote(spec.nodeUID)}, inconsistent with the running node (${quote(node?.metadata.uid ?? "")})`,
    )
  const pod = cache.find(Pod, { namespace, name: spec.podName })
  if (!pod)
    throw notYet(
      `while retrieving pod ${which} named in the PodCertificateRequest: pod ${quote(spec.podName)} not found`,
    )
  if (pod.metadata.uid !== spec.podUID)
    throw notYet(
      `PodCertificateRequest for pod ${which} contains pod UID (${quote(spec.podUID)}) which differs from running pod ${quote(pod.metadata.uid)}`,
    )
  if (pod.spec.nodeName !== nodeName)
    throw refuse(
      attributes,
      `pod ${which} is not running on node ${quote(nodeName)} named in the PodCertificateRequest`,
    )
  if (pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined)
    throw refuse(attributes, `pod ${which} is a mirror pod`)
  const accountName = pod.spec.serviceAccountName ?? ""
  if (accountName !== spec.serviceAccountName) {
    const why = `PodCertificateRequest for pod ${which} contains serviceAccountName (${quote(spec.serviceAccountName)}) that differs from running pod (${quote(accountName)})`
    throw refuse(attributes, why)
  }
  const account = cache.find(ServiceAccount, { namespace, name: accountName })
  if (account?.metadata.uid !== spec.serviceAccountUID)
    throw notYet(
      `PodCertificateRequest for pod ${which} names service account UID ${quote(spec.serviceAccountUID)}, which differs from the running service account (${quote(account?.metadata.uid ?? "")})`,
    )
}
