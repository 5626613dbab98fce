/**
 * Approval of kubelets' client certificates: a node that may ask for its certificate gets it without anybody's doing.
 *
 * Reads CertificateSigningRequests; asks the API server what the requester may do; writes approvals.
 * Woken by changes of requests.
 */
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Client } from "../../client/client.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { CertificateSigner } from "./certificate-signer.ts"
import { kubeletClientProblem } from "./kubelet-requests.ts"
import { decodeRequest, hasCondition } from "./request.ts"

const signerName = "kubernetes.io/kube-apiserver-client-kubelet"

export function createApprovingController(signer: Pick<CertificateSigner, "decode">): ControllerDefinition {
  return {
    name: "certificatesigningrequest-approving-controller",
    watches: [watch(CertificateSigningRequest, (request) => [keyOf(request)])],
    reconcile: (key, context) => reconcile(key, context, signer),
  }
}

async function reconcile(
  key: ObjectKey,
  { client, cache, clock, log }: ReconcileContext,
  signer: Pick<CertificateSigner, "decode">,
): Promise<Result> {
  // Observe.
  const request = cache.find(CertificateSigningRequest, key)
  if (!request || request.spec.signerName !== signerName || isDecided(request)) return done
  const asked = signer.decode(decodeRequest(request))
  if (kubeletClientProblem(asked, request.spec.usages ?? [])) return done

  // Decide: a node that renews its own certificate needs less than one that comes for the first.
  const ownSubresource = request.spec.username === asked.commonName ? ["selfnodeclient"] : []
  for (const subresource of [...ownSubresource, "nodeclient"]) {
    if (!(await isAllowed(client, request, subresource))) continue
    const self = subresource === "selfnodeclient" ? "self " : ""
    await approve(
      client,
      request,
      `Auto approving ${self}kubelet client certificate after SubjectAccessReview.`,
      clock.now(),
    )
    return done
  }
  log.info("recognized a kubelet's request, but its sender may not have it approved", { request: key.name })
  return done
}

function isDecided(request: CertificateSigningRequest): boolean {
  return (
    Boolean(request.status.certificate) ||
    hasCondition(request, "Approved") ||
    hasCondition(request, "Denied")
  )
}

async function isAllowed(
  client: Client,
  { spec }: CertificateSigningRequest,
  subresource: string,
): Promise<boolean> {
  const { username: user, uid, groups, extra } = spec
  const resourceAttributes = {
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    verb: "create",
    subresource,
  }
  const review = await client.create(SubjectAccessReview, {
    spec: { user, uid, groups, extra, resourceAttributes },
  })
  return review.status.allowed
}

async function approve(
  client: Client,
  request: CertificateSigningRequest,
  message: string,
  nowMs: number,
): Promise<void> {
  const now = formatTime(nowMs)
  const condition = {
    type: "Approved",
    status: "True",
    reason: "AutoApproved",
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  }
  const conditions = [...(request.status.conditions ?? []), condition]
  const approved = { ...request, status: { ...request.status, conditions } }
  await client.update(CertificateSigningRequest, approved, { subresource: "approval" })
}
