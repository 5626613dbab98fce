import { matchesAnyTerm } from "../../../api/core/v1/match-node-selector.ts"
import { Node } from "../../../api/core/v1/node.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../../api/resource/v1beta2/device-taint-rule.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { formatTime } from "../../../apimachinery/time.ts"
import type { Cache } from "../../../client/cache.ts"
import { type BindContext, hint, type Plugin, type Reservation, unresolvable } from "../../framework.ts"
import type { PodInfo } from "../../pod-info.ts"
import { AssumedObjects } from "../volumes/assumed-objects.ts"
import { allocate, type Allocated } from "./allocate.ts"
import { awaitDevices } from "./await-devices.ts"
import { formatAmounts } from "./consumable-capacity.ts"
import { isShared, Ledger } from "./ledger.ts"
import { allDevices, completeSlices, offeredDevices, selectorOf, sharedCounters } from "./offered-devices.ts"
import { isReservedFor } from "../../../api/resource/pod-resource-claims.ts"
import { resourceClaimsOf } from "./pod-resource-claims.ts"

export const claimFinalizer = "resource.kubernetes.io/delete-protection"

const notOnNode = unresolvable("resourceclaim not available on the node")
const noDevices = unresolvable("cannot allocate all claims")

/**
 * Devices that a pod asks for by claims: a claim is given devices that the node offers when the node is chosen; a claim that
 * has some is met only where they are.
 */
export function dynamicResources(): Plugin {
  const assumed = new AssumedObjects(ResourceClaim)
  const claimsOf = (pod: Pod, cache: Cache) => {
    const find = (name: string) => assumed.find({ namespace: pod.metadata.namespace, name }, cache)
    return resourceClaimsOf(pod, find, cache)
  }

  /** Claims of one pod, in turn: what one gets, the next does not. The stock is afterwards as it was. */
  function allocateAll(
    claims: readonly ResourceClaim[],
    node: Node,
    cache: Cache,
    { slices, rules, ledger }: Stock,
  ): Map<ResourceClaim, Allocated[]> | undefined {
    const offered = offeredDevices(node, slices, rules)
    const findClass = (name: string) => cache.find(DeviceClass, { name })
    const allocations = new Map<ResourceClaim, Allocated[]>()
    const before = ledger.length
    const isEnough = claims.every((claim) => {
      const found = allocate(claim, offered, ledger, findClass)
      if (found) allocations.set(claim, found)
      return found !== undefined
    })
    ledger.giveBackTo(before)
    return isEnough ? allocations : undefined
  }

  return {
    name: "DynamicResources",
    attach(informers) {
      for (const resource of [ResourceClaim, ResourceSlice, DeviceClass, DeviceTaintRule])
        informers.for(resource as typeof ResourceClaim)
    },
    filter({ pod }, { cache }) {
      if (!pod.spec.resourceClaims?.length) return undefined
      const claims = claimsOf(pod, cache)
      if (typeof claims === "string") return unresolvable(claims)
      const problem = claims.map((claim) => whyNever(claim, cache)).find((why) => why !== undefined)
      if (problem) return unresolvable(problem)
      const pending = claims.filter(({ status }) => !status.allocation)
      // The same for all nodes, and made when the first of them is asked.
      let stock: Stock | undefined
      return {
        check({ node }) {
          const there = claims.every(({ status }) => {
            const selector = status.allocation?.nodeSelector
            return !selector || matchesAnyTerm(selector.nodeSelectorTerms ?? [], node)
          })
          if (!there) return notOnNode
          if (pending.length === 0) return undefined
          stock ??= takeStock(assumed, cache)
          return allocateAll(pending, node, cache, stock) ? undefined : noDevices
        },
      }
    },
    reserve({ pod }, { node }, { cache }): Reservation | undefined {
      if (!pod.spec.resourceClaims?.length) return undefined
      const claims = claimsOf(pod, cache)
      if (typeof claims === "string") throw new Error(claims)
      const allocations = allocateAll(
        claims.filter(({ status }) => !status.allocation),
        node,
        cache,
        takeStock(assumed, cache),
      )
      if (!allocations) throw new Error("cannot allocate all claims")
      const reserved = claims.map((claim) => reserveFor(pod, claim, allocations.get(claim), node, cache))
      for (const claim of reserved) assumed.assume(claim)
      return {
        async prepare(context) {
          for (const claim of reserved) await writeClaim(claim, context)
          await awaitDevices(reserved, pod.metadata.uid, context)
        },
        undo() {
          for (const claim of reserved) assumed.forget(claim)
        },
      }
    },
    hints: [
      hint(ResourceClaim, "add", { mayHelp: usesClaims }),
      hint(ResourceClaim, "update", { mayHelp: usesClaims }),
      hint(ResourceClaim, "delete", { mayHelp: usesClaims }),
      hint(ResourceSlice, "add", { mayHelp: usesClaims }),
      hint(ResourceSlice, "update", { mayHelp: usesClaims }),
      hint(DeviceTaintRule, "update", { mayHelp: usesClaims }),
      hint(DeviceTaintRule, "delete", { mayHelp: usesClaims }),
      hint(DeviceClass, "add", { mayHelp: usesClaims }),
      hint(DeviceClass, "update", { mayHelp: usesClaims }),
      hint(Node, "add"),
    ],
  }
}

function usesClaims({ pod }: PodInfo): boolean {
  return (pod.spec.resourceClaims?.length ?? 0) > 0
}

/** What no node can mend. */
function whyNever({ spec, status }: ResourceClaim, cache: Cache): string | undefined {
  if (status.allocation) return undefined
  for (const { name, exactly, firstAvailable = [] } of spec.devices.requests ?? []) {
    for (const ask of exactly ? [exactly] : firstAvailable) {
      if (!cache.find(DeviceClass, { name: ask.deviceClassName }))
        return `request ${name}: device class ${ask.deviceClassName} does not exist`
    }
  }
  return undefined
}

/** What there is to give, and what of it claims have, or will have. */
interface Stock {
  readonly slices: readonly ResourceSlice[]
  readonly rules: readonly DeviceTaintRule[]
  readonly ledger: Ledger
}

function takeStock(assumed: AssumedObjects<ResourceClaim>, cache: Cache): Stock {
  const slices = completeSlices(cache)
  const ledger = new Ledger(sharedCounters(slices))
  const devices = allDevices(slices)
  for (const claim of cache.list(ResourceClaim))
    for (const result of assumed.over(claim).status.allocation?.devices.results ?? []) {
      const { driver, pool, device: name, adminAccess, consumedCapacity = {} } = result
      // One that is offered no more stays with who has it.
      const known = devices.get(`${driver}/${pool}/${name}`) ?? { driver, pool, device: { name } }
      const amounts = new Map(
        Object.entries(consumedCapacity).map(([part, value]) => [part, parseQuantity(value).nanos]),
      )
      if (!adminAccess) ledger.take(known, amounts)
    }
  return { slices, rules: cache.list(DeviceTaintRule), ledger }
}

function reserveFor(
  pod: Pod,
  claim: ResourceClaim,
  allocated: readonly Allocated[] | undefined,
  node: Node,
  cache: Cache,
): ResourceClaim {
  const consumer = { resource: "pods", name: pod.metadata.name, uid: pod.metadata.uid }
  const reservedFor = isReservedFor(claim, pod)
    ? claim.status.reservedFor
    : [...(claim.status.reservedFor ?? []), consumer]
  const allocation = allocated && toAllocation(claim, allocated, node, cache)
  const status = { ...claim.status, ...(allocation && { allocation }), reservedFor }
  return { ...claim, status }
}

function toAllocation(claim: ResourceClaim, allocated: readonly Allocated[], node: Node, cache: Cache) {
  const nodeSelector = selectorOf(
    allocated.map(({ offered }) => offered),
    node,
    cache,
  )
  const results = allocated.map((each, index) => toResult(claim, each, index))
  const config = [
    ...allocated.flatMap(({ ask, request }) =>
      (cache.find(DeviceClass, { name: ask.deviceClassName })?.spec.config ?? []).map((each) => ({
        source: "FromClass" as const,
        requests: [request],
        ...each,
      })),
    ),
    ...(claim.spec.devices.config ?? []).map((each) => ({ source: "FromClaim" as const, ...each })),
  ]
  return { devices: { results, ...(config.length && { config }) }, ...(nodeSelector && { nodeSelector }) }
}

function toResult({ metadata }: ResourceClaim, { request, ask, offered, amounts }: Allocated, index: number) {
  const { driver, pool, device } = offered
  const { bindingConditions, bindingFailureConditions } = device
  return {
    request,
    driver,
    pool,
    device: device.name,
    ...(ask.adminAccess && { adminAccess: true }),
    ...(ask.tolerations?.length && { tolerations: ask.tolerations }),
    ...(bindingConditions?.length && { bindingConditions, bindingFailureConditions }),
    ...(isShared(offered) &&
      !ask.adminAccess && {
        shareID: shareId(metadata.uid, index),
        consumedCapacity: formatAmounts(device, amounts),
      }),
  }
}

/** As unique as the claim's own: a claim has each share once. */
function shareId(uid: string, index: number): string {
  return `${uid.slice(0, 24)}${index.toString(16).padStart(12, "0")}`
}

/** The finalizer first: an allocated claim must not vanish under its pod. */
async function writeClaim(given: ResourceClaim, { client, clock }: BindContext): Promise<void> {
  const claim = withTimestamp(given, formatTime(clock.now()))
  const { finalizers = [] } = claim.metadata
  if (finalizers.includes(claimFinalizer) || !claim.status.allocation) {
    await client.updateStatus(ResourceClaim, claim)
    return
  }
  const metadata = { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] }
  const protectedClaim = await client.update(ResourceClaim, { ...claim, metadata })
  await client.updateStatus(ResourceClaim, { ...protectedClaim, status: claim.status })
}

/** When devices were given: they may take only so long to be ready. */
function withTimestamp(claim: ResourceClaim, allocationTimestamp: string): ResourceClaim {
  const { allocation } = claim.status
  if (!allocation || allocation.allocationTimestamp) return claim
  return { ...claim, status: { ...claim.status, allocation: { ...allocation, allocationTimestamp } } }
}
