import { EvictionSchema, type Eviction } from "../../api/policy/v1/eviction.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts"
import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { isStatusError, StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, forbidden, internalError, notFound } from "../../apimachinery/status-errors.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { RequestContext } from "../context.ts"
import { bytesBody, decodeBody, inputMedia, readBytes, typeOf } from "../encoding/decode-body.ts"
import { created, respondStatus } from "../encoding/respond-plain.ts"
import { admissionAttributes } from "../handlers/admit.ts"
import { deleteObject } from "../handlers/delete.ts"
import { checkDeleteOptions, type DeleteOptions } from "../handlers/delete-options.ts"
import { ensureNamespace } from "../handlers/prepare-create.ts"
import { parseWriteOptions, type WriteOptions } from "../handlers/write-options.ts"
import type { ServerResponse } from "../http/response.ts"
import { markEvicted } from "./mark-evicted.ts"
import { objectAs } from "../registry/versions.ts"
import { keyOf, type ResourceRequest } from "../resource-request.ts"

const evictionKind = { group: "policy", version: "v1", kind: "Eviction", schema: EvictionSchema }
const budgets = { group: "policy", version: "v1", plural: "poddisruptionbudgets" }
// More than this many evictions under way mean that the disruption controller does not keep up.
const maxDisruptedPods = 2000

/**
 * POST pods/NAME/eviction: deletes a pod if its disruption budget allows it, else says when to try again
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/).
 */
export async function evictPod(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served, name } = request
  const options = parseWriteOptions(context.request.query, "CreateOptions")
  const { kind, body } = await asSent(context)
  const eviction = await decodeBody(
    { ...context, request: { ...context.request, body } },
    kind,
    options.fieldValidation,
  )
  if (eviction.metadata.name !== name) {
    throw badRequest("name in URL does not match name in Eviction object")
  }
  ensureNamespace(eviction, true, request.namespace)
  const admitted = await admit(request, eviction, options)
  const asked = (admitted as unknown as Eviction).deleteOptions
  const deletion = checkDeleteOptions({ ...asked, ...(options.dryRun && { dryRun: ["All"] }) })
  const stored = await served.registry.read(keyOf(request), context.signal)
  if (!stored) throw notFound(served.resource, name)
  const pod = objectAs(served, stored) as unknown as Pod
  const budget = isHarmless(pod) ? undefined : findBudget(request, pod)
  if (budget && !maySkip(budget, pod)) await takeDisruption(request, budget, pod, deletion)
  const preconditions = { uid: pod.metadata.uid, ...deletion.preconditions }
  await deleteObject(request, await markEvicted(request, { ...deletion, preconditions }))
  return respondStatus(context, 201, created)
}

/** Older clients say "policy/v1beta1"; it is the same thing. */
async function asSent(context: RequestContext) {
  const { body } = context.request
  if (body.kind !== "bytes") return { kind: evictionKind, body }
  const bytes = await readBytes(context)
  const { apiVersion } = typeOf(inputMedia(context), bytes)
  const kind = apiVersion === "policy/v1beta1" ? { ...evictionKind, version: "v1beta1" } : evictionKind
  return { kind, body: bytesBody(bytes) }
}

async function admit(
  request: ResourceRequest,
  eviction: KubeObject,
  options: WriteOptions,
): Promise<KubeObject> {
  const { admission } = request.context.server
  const kinds = { object: eviction, oldObject: undefined, kind: evictionKind }
  const attributes = admissionAttributes(request, "CREATE", options, kinds)
  const admitted = (await admission.mutate(attributes)) ?? eviction
  await admission.validate({ ...attributes, object: admitted })
  return admitted
}

/** It serves nobody, or is going anyway. */
function isHarmless({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined ||
    status.phase === "Succeeded" ||
    status.phase === "Failed" ||
    status.phase === "Pending"
  )
}

function findBudget({ context }: ResourceRequest, pod: Pod): PodDisruptionBudget | undefined {
  const { namespace, labels } = pod.metadata
  const { registry } = context.server.resources.get(budgets)
  const found = registry.cache
    .list(namespace)
    .map(({ object }) => object as unknown as PodDisruptionBudget)
    .filter(({ spec }) => matchesLabels(selectorFromObject(spec.selector), labels))
  if (found.length > 1) {
    throw internalError(
      new Error(
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
      ),
    )
  }
  return found[0]
}

/** A pod that is not ready protects nobody; the budget says when that counts. */
function maySkip({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const isReady = pod.status.conditions?.some((each) => each.type === "Ready" && each.status === "True")
  if (isReady) return false
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** Counts the eviction against the budget, or refuses it. */
async function takeDisruption(
  { context }: ResourceRequest,
  { metadata }: PodDisruptionBudget,
  pod: Pod,
  { dryRun }: DeleteOptions,
): Promise<void> {
  const { server, signal } = context
  const { registry } = server.resources.get(budgets)
  const now = formatTime(server.clock.now())
  await registry
    .change(
      `${metadata.namespace}/${metadata.name}`,
      (stored) => {
        if (!stored) return { kind: "none" }
        const budget = stored.object as unknown as PodDisruptionBudget
        checkBudget(budget)
        const { status } = budget
        const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: now }
        const next = {
          ...budget,
          status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods },
        }
        return { kind: "put", object: next as unknown as KubeObject }
      },
      { dryRun, signal },
    )
    .catch((error: unknown) => {
      if (isStatusError(error, "NotFound")) return
      throw error
    })
}

function checkBudget({ metadata, status }: PodDisruptionBudget): void {
  const { name, generation = 0 } = metadata
  if ((status.observedGeneration ?? 0) < generation) {
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (status.disruptionsAllowed < 0) {
    throw forbidden(
      { group: "policy", plural: "poddisruptionbudget" },
      name,
      "pdb disruptions allowed is negative",
    )
  }
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    const why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
    throw forbidden({ group: "policy", plural: "poddisruptionbudget" }, name, why)
  }
  if (status.disruptionsAllowed === 0) {
    const { desiredHealthy, currentHealthy } = status
    throw tooMany(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      0,
    )
  }
}

function tooMany(cause: string, retryAfterSeconds: number): StatusError {
  return new StatusError(
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      details: {
        causes: [{ reason: "DisruptionBudget", message: cause }],
        ...(retryAfterSeconds && { retryAfterSeconds }),
      },
    },
  )
}
