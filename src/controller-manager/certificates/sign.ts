/**
 * Signing: approved requests to one of Kubernetes' own signers get their certificate.
 *
 * Reads CertificateSigningRequests; writes certificates, or why there is none, into their status.
 * Woken by changes of requests.
 */
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { CertificateSigner, RequestedCertificate } from "./certificate-signer.ts"
import { clientUsagesProblem, kubeletClientProblem, kubeletServingProblem } from "./kubelet-requests.ts"
import { decodeRequest, hasCondition } from "./request.ts"

type Problem = (request: RequestedCertificate, usages: readonly string[]) => string | undefined

/** Kubernetes' signers, and what each refuses. */
const signers: Readonly<Record<string, Problem>> = {
  "kubernetes.io/kube-apiserver-client": (_, usages) => clientUsagesProblem(usages),
  "kubernetes.io/kube-apiserver-client-kubelet": kubeletClientProblem,
  "kubernetes.io/kubelet-serving": kubeletServingProblem,
  "kubernetes.io/legacy-unknown": () => undefined,
}

const minuteMs = 60_000
const backdateMs = 5 * minuteMs
const shortestMs = 10 * minuteMs
/** From this on the five minutes before now are part of the whole; for shorter ones they would matter. */
const longMs = 8 * 60 * minuteMs

export function createSigningController(
  signer: CertificateSigner,
  options: { readonly longestMs?: number } = {},
): ControllerDefinition {
  const longestMs = options.longestMs ?? 365 * 24 * 60 * minuteMs
  return {
    name: "certificatesigningrequest-signing-controller",
    watches: [watch(CertificateSigningRequest, (request) => [keyOf(request)])],
    reconcile: (key, context) => reconcile(key, context, signer, longestMs),
  }
}

async function reconcile(
  key: ObjectKey,
  { client, cache, clock }: ReconcileContext,
  signer: CertificateSigner,
  longestMs: number,
): Promise<Result> {
  const request = cache.find(CertificateSigningRequest, key)
  const refuses = request && signers[request.spec.signerName]
  if (!refuses || request.status.certificate) return done
  if (!hasCondition(request, "Approved") || hasCondition(request, "Failed")) return done

  const { usages = [], expirationSeconds } = request.spec
  const pem = decodeRequest(request)
  const problem = refuses(signer.decode(pem), usages)
  const status = problem
    ? { ...request.status, conditions: [...(request.status.conditions ?? []), failed(problem, clock.now())] }
    : {
        ...request.status,
        certificate: btoa(
          signer.sign(pem, { usages, ...validity(expirationSeconds, longestMs, clock.now()) }),
        ),
      }
  await client.updateStatus(CertificateSigningRequest, { ...request, status })
  return done
}

function validity(expirationSeconds: number | undefined, longestMs: number, nowMs: number) {
  const askedMs = expirationSeconds === undefined ? longestMs : expirationSeconds * 1000
  const lifeMs = Math.min(longestMs, Math.max(shortestMs, askedMs))
  return {
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: nowMs + lifeMs - (lifeMs >= longMs ? backdateMs : 0),
  }
}

function failed(message: string, nowMs: number) {
  const now = formatTime(nowMs)
  const reason = "SignerValidationFailure"
  return { type: "Failed", status: "True", reason, message, lastUpdateTime: now, lastTransitionTime: now }
}
