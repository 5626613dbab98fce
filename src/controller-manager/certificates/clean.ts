/**
 * Cleaning: certificate requests that are settled are forgotten after an hour, and undecided ones after a day.
 *
 * Reads and deletes CertificateSigningRequests. Woken by their changes, and when one's time is over.
 */
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { findTrueCondition } from "./request.ts"

const hourMs = 3_600_000

export const cleaningController: ControllerDefinition = {
  name: "certificatesigningrequest-cleaner-controller",
  watches: [watch(CertificateSigningRequest, (request) => [keyOf(request)])],
  workers: 1,
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache, clock }: ReconcileContext): Promise<Result> {
  const request = cache.find(CertificateSigningRequest, key)
  if (!request) return done
  const leftMs = expiresAtMs(request) - clock.now()
  if (leftMs > 0) return requeueAfter(leftMs)
  await client.delete(CertificateSigningRequest, key).catch(ignoreNotFound)
  return done
}

function expiresAtMs(request: CertificateSigningRequest): number {
  const settled = ["Approved", "Denied", "Failed"]
    .map((type) => findTrueCondition(request, type))
    .filter((condition) => condition !== undefined)
    .map(({ lastUpdateTime, lastTransitionTime }) => Date.parse(lastUpdateTime || lastTransitionTime))
  return settled.length > 0
    ? Math.min(...settled) + hourMs
    : Date.parse(request.metadata.creationTimestamp) + 24 * hourMs
}
