/**
 * Approval of kubelets' certificates: a node that may ask for its client certificate gets it without anybody's doing, and a
 * serving certificate for what its Node's status says and no other Node's does. (Upstream leaves serving certificates to
 * the administrator; where this controller may not approve them, so it is here.)
 *
 * Reads CertificateSigningRequests and Nodes; asks the API server what the requester may do; writes approvals.
 * Woken by changes of requests.
 */
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import { Node } from "../../api/core/v1/node.ts"
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
import { kubeletClientProblem, kubeletServingProblem, namesOnlyItself } from "./kubelet-requests.ts"
import { decodeRequest, hasCondition } from "./request.ts"

const clientSigner = "kubernetes.io/kube-apiserver-client-kubelet"
const servingSigner = "kubernetes.io/kubelet-serving"

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
  if (!request || isDecided(request)) return done
  const { signerName, usages = [], username } = request.spec
  if (signerName !== clientSigner && signerName !== servingSigner) return done
  const asked = signer.decode(decodeRequest(request))
  if (signerName === servingSigner) {
    if (kubeletServingProblem(asked, usages) || username !== asked.commonName) return done
    const { items: nodes } = await client.list(Node)
    if (namesOnlyItself(asked, nodes))
      await approve(
        client,
        request,
        "Auto approving kubelet serving certificate of the Node's addresses.",
        clock.now(),
      )
    return done
  }
  if (kubeletClientProblem(asked, usages)) return done

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
