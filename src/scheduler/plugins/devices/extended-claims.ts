import type { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { isExtendedResource } from "../../../api/core/validation/resources.ts"
import type { Cache } from "../../../client/cache.ts"
import { type BindContext, type Rejection, unresolvable } from "../../framework.ts"
import type { NodeInfo } from "../../node-info.ts"
import type { PodInfo } from "../../pod-info.ts"
import { type ExtendedPlan, planExtendedClaim } from "./extended-resources.ts"
import { extendedClaimAnnotation, writeExtendedClaim } from "./write-claim.ts"

const isStale = unresolvable("cannot schedule extended resource claim")
const nowhere = unresolvable("cannot fit resource")

/** A claim that is not made yet, and what it is made of. */
export interface ExtendedClaim {
  readonly claim: ResourceClaim
  readonly plan: ExtendedPlan
}

/** The claims that extended resources of pods are taken from. Each is one pod's own, and made when its node is chosen. */
export class ExtendedClaims {
  /** Those that were decided on and that the API does not tell of yet. */
  readonly coming = new Set<ResourceClaim>()

  /** What a node must give of devices for the pod: of that which the node has itself, nothing. */
  asker(
    info: PodInfo,
    backed: ReadonlyMap<string, DeviceClass>,
    cache: Cache,
  ): (node: NodeInfo) => ExtendedClaim | Rejection | undefined {
    if (backed.size === 0) return () => undefined
    const { pod, requests } = info
    if (this.findStale(pod, cache)) return () => isStale
    const plans = new Map<string, ExtendedClaim>()
    const others = Array.from(requests.others.keys()).filter(
      (name) => isExtendedResource(name) && !backed.has(name),
    )
    return ({ allocatable }) => {
      if (others.some((name) => !allocatable.others.has(name))) return nowhere
      const taken = Array.from(backed).filter(([name]) => !((allocatable.others.get(name) ?? 0) > 0))
      if (taken.length === 0) return undefined
      const key = taken.map(([name]) => name).join()
      let plan = plans.get(key)
      if (!plan) plans.set(key, (plan = toClaim(pod, planExtendedClaim(pod, new Map(taken)))))
      return plan
    }
  }

  /** Left over from a try that went wrong at the end. */
  findStale({ metadata }: Pod, cache: Cache): ResourceClaim | undefined {
    return cache.ownedBy(ResourceClaim, metadata.uid).find(isExtendedClaim)
  }

  /** Gives the claim as it was written; then the API tells of it. */
  async write({ claim, plan }: ExtendedClaim, pod: Pod, context: BindContext): Promise<ResourceClaim> {
    const written = await writeExtendedClaim(claim, plan, pod, context)
    await context.informers.reached(ResourceClaim, written.metadata.resourceVersion)
    this.coming.delete(claim)
    return written
  }
}

function isExtendedClaim(claim: ResourceClaim): boolean {
  return claim.metadata.annotations?.[extendedClaimAnnotation] === "true"
}

function toClaim({ metadata }: Pod, plan: ExtendedPlan): ExtendedClaim {
  const owner = { apiVersion: "v1", kind: "Pod", name: metadata.name, uid: metadata.uid, controller: true }
  const claim = {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: {
      namespace: metadata.namespace,
      generateName: `${metadata.name}-extended-resources-`,
      // Of the shares that it is given, as long as it has no uid of its own.
      uid: metadata.uid,
      ownerReferences: [owner],
      annotations: { [extendedClaimAnnotation]: "true" },
    },
    spec: { devices: { requests: plan.requests } },
    status: {},
  } as unknown as ResourceClaim
  return { claim, plan }
}
