/**
 * ResourceQuota: `status.used` says what a namespace really uses. Admission charges what is created; this controller gives
 * back what has gone, and sets right what was charged for nothing.
 *
 * Follows every resource that can be listed and watched; writes the quotas' status.
 * Woken by new and changed quotas, by deletions in their namespace, by changes that change what an object uses (a pod
 * that ends, a claim that grows), and every five minutes.
 */
import { mayChangeUsage, persistentVolumeClaimQuota } from "../../api/core/quota/claim-quota.ts"
import { computeQuotaUsage, QuotaEvaluators } from "../../api/core/quota/compute-quota-usage.ts"
import { podQuota } from "../../api/core/quota/pod-quota.ts"
import type { QuotaEvaluator } from "../../api/core/quota/quota-evaluator.ts"
import { resourceClaimQuota } from "../../api/core/quota/resource-claim-quota.ts"
import { serviceQuota } from "../../api/core/quota/service-quota.ts"
import { formatAmounts } from "../../api/core/v1/pod-resources.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts"
import { DeviceClass } from "../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { type KubeObject, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import {
  type AttachContext,
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { followResources } from "../shared/follow-resources.ts"
import { isTerminal } from "../shared/pods.ts"
import { deepEqual } from "../shared/deep-equal.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"

/** Quantities depend on time as well: a pod that should long be gone counts no more. */
const recountMs = 300_000

export function createResourceQuotaController(options: {
  readonly discover: () => Promise<Discovered>
}): ControllerDefinition {
  let evaluators: QuotaEvaluators | undefined
  let resources: () => readonly Resource[] = () => []
  let synced = false

  function attach(enqueue: (key: ObjectKey) => void, context: AttachContext): void {
    const { cache } = context.informers
    const askAll = (quotas: readonly ResourceQuota[]) => quotas.map(keyOf).forEach(enqueue)
    resources = followResources(context, {
      discover: options.discover,
      onChange(resource, current, previous) {
        const namespace = previous?.metadata.namespace
        if (synced && namespace && changesUsage(resource, current, previous))
          askAll(cache.list(ResourceQuota, { namespace }))
      },
      onSynced() {
        synced = true
        askAll(cache.list(ResourceQuota))
      },
    })
  }

  return {
    name: "resourcequota-controller",
    watches: [
      watch(
        ResourceQuota,
        (quota) => [keyOf(quota)],
        undefined,
        (current, previous) => deepEqual(current.spec, previous.spec),
      ),
      watch(Pod, () => []),
      watch(DeviceClass, () => []),
      watch(ResourceClaim, () => []),
    ],
    attach,
    async reconcile(key, context): Promise<Result> {
      // Before everything is known, everything would be counted as gone.
      if (!synced) return requeueAfter(100)
      evaluators ??= createEvaluators(context)
      return reconcile(key, context, evaluators, resources())
    },
  }
}

async function reconcile(
  key: ObjectKey,
  { client, cache }: ReconcileContext,
  evaluators: QuotaEvaluators,
  resources: readonly Resource[],
): Promise<Result> {
  const quota = cache.find(ResourceQuota, key)
  if (!quota) return done
  const { namespace = "" } = key
  const used = computeQuotaUsage(quota, evaluators, (name) => {
    const resource = resources.find((one) => one.namespaced && groupResource(one) === name)
    return resource && cache.list(resource, { namespace })
  })
  const status = { hard: quota.spec.hard ?? {}, used: formatAmounts(used) }
  await updateStatusIfChanged(client, ResourceQuota, quota, status)
  return requeueAfter(recountMs)
}

function createEvaluators({ cache, clock }: ReconcileContext): QuotaEvaluators {
  const claims = {
    deviceClasses: () => cache.list(DeviceClass),
    findPod: (namespace: string, name: string) => cache.find(Pod, { namespace, name }),
    claimsOf: (podUid: string) => cache.ownedBy(ResourceClaim, podUid),
  }
  return new QuotaEvaluators([
    podQuota(clock),
    serviceQuota,
    persistentVolumeClaimQuota,
    resourceClaimQuota(claims, clock),
  ] as readonly QuotaEvaluator[])
}

/** Creations are charged when they are admitted. */
function changesUsage(resource: Resource, current: KubeObject | undefined, previous: KubeObject): boolean {
  if (!current) return true
  switch (groupResource(resource)) {
    case "pods":
      return isTerminal(current as Pod) !== isTerminal(previous as Pod)
    case "persistentvolumeclaims":
      return mayChangeUsage(current as PersistentVolumeClaim, previous as PersistentVolumeClaim)
    case "services":
      return !deepEqual((current as { spec?: unknown }).spec, (previous as { spec?: unknown }).spec)
    default:
      return false
  }
}
