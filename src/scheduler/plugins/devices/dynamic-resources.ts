import { matchesAnyTerm } from "../../../api/core/v1/match-node-selector.ts"
import { Node } from "../../../api/core/v1/node.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../../api/resource/v1beta2/device-taint-rule.ts"
import type { Cache } from "../../../client/cache.ts"
import {
  type CycleContext,
  hint,
  normalizeByGreatest,
  type Plugin,
  type Reservation,
  unresolvable,
} from "../../framework.ts"
import type { NodeInfo } from "../../node-info.ts"
import type { PodInfo } from "../../pod-info.ts"
import { AssumedObjects } from "../volumes/assumed-objects.ts"
import { allocate, type Allocated } from "./allocate.ts"
import { reserveFor } from "./allocation-result.ts"
import { awaitDevices } from "./await-devices.ts"
import { backedByDevices, followDeviceClasses } from "./extended-resources.ts"
import { ExtendedClaims } from "./extended-claims.ts"
import { offeredDevices } from "./offered-devices.ts"
import { isInUse, resourceClaimsOf } from "./pod-resource-claims.ts"
import { relieve, willNotBeReady } from "./relieve-claims.ts"
import { takeStock, type Stock } from "./stock.ts"
import { writeClaim } from "./write-claim.ts"

const notOnNode = unresolvable("resourceclaim not available on the node")
const noDevices = unresolvable("cannot allocate all claims")

type Allocations = ReadonlyMap<ResourceClaim, readonly Allocated[]>

export interface DeviceTimeouts {
  /** As long devices may take to be made ready for a node. @default 600_000 */
  readonly bindingTimeoutMs?: number
  /** As long it may take to find out whether one node has the devices; 0: for ever. @default 10_000 */
  readonly filterTimeoutMs?: number
}

/** What was found out about a pod while nodes were looked at, for the points that come after. */
interface Found {
  readonly pod: PodInfo
  readonly allocations: Map<NodeInfo, Allocations>
  /** Those that are not to be had any more where they were allocated. */
  readonly unavailable: Set<ResourceClaim>
}

/**
 * Devices that a pod asks for, by claims or as extended resources that a device class stands behind: a claim is given
 * devices that the node offers when the node is chosen; a claim that has some is met only where they are.
 */
export function dynamicResources(options: DeviceTimeouts = {}): Plugin {
  const { bindingTimeoutMs = 600_000, filterTimeoutMs = 10_000 } = options
  const assumed = new AssumedObjects(ResourceClaim)
  const extended = new ExtendedClaims()
  let last: Found | undefined
  const claimsOf = (pod: Pod, cache: Cache) => {
    const find = (name: string) => assumed.find({ namespace: pod.metadata.namespace, name }, cache)
    return resourceClaimsOf(pod, find, cache)
  }

  function filter(info: PodInfo, { cache, clock }: CycleContext): ReturnType<NonNullable<Plugin["filter"]>> {
    const backed = backedByDevices(info.requests, cache)
    if (!info.pod.spec.resourceClaims?.length && backed.size === 0) return undefined
    const claims = claimsOf(info.pod, cache)
    if (typeof claims === "string") return unresolvable(claims)
    if (claims.some((claim) => isInUse(claim, info.pod))) return unresolvable("resourceclaim in use")
    const problem = claims.map((claim) => whyNever(claim, cache)).find((why) => why !== undefined)
    if (problem) return unresolvable(problem)
    const pending = claims.filter(({ status }) => !status.allocation)
    const found: Found = { pod: info, allocations: new Map(), unavailable: new Set() }
    last = found
    const special = extended.asker(info, backed, cache)
    // The same for all nodes, and made when the first of them is asked.
    let stock: Stock | undefined
    return {
      check(node) {
        const own = special(node)
        if (own && "reasons" in own) return own
        const away = claims.filter(
          (claim) => !isThere(claim, node.node) || willNotBeReady(claim, bindingTimeoutMs, clock),
        )
        for (const claim of away) found.unavailable.add(claim)
        if (away.length > 0) return notOnNode
        const wanted = own ? [...pending, own.claim] : pending
        if (wanted.length === 0) return undefined
        stock ??= takeStock(assumed, extended.coming, cache)
        const until = filterTimeoutMs > 0 ? clock.monotonic() + filterTimeoutMs : Number.POSITIVE_INFINITY
        const isLate = () => clock.monotonic() > until
        const allocations = tryAll(wanted, node.node, cache, stock, isLate)
        if (!allocations) return noDevices
        found.allocations.set(node, allocations)
        return undefined
      },
    }
  }

  function reserve(info: PodInfo, node: NodeInfo, { cache }: CycleContext): Reservation | undefined {
    const { pod } = info
    const backed = backedByDevices(info.requests, cache)
    if (!pod.spec.resourceClaims?.length && backed.size === 0) return undefined
    const claims = claimsOf(pod, cache)
    if (typeof claims === "string") throw new Error(claims)
    const own = extended.asker(info, backed, cache)(node)
    if (own && "reasons" in own) throw new Error(own.reasons[0])
    if (claims.length === 0 && !own) return undefined
    const pending = claims.filter(({ status }) => !status.allocation)
    const wanted = own ? [...pending, own.claim] : pending
    const allocations = allocateAll(wanted, node.node, cache, takeStock(assumed, extended.coming, cache))
    if (!allocations) throw new Error("cannot allocate all claims")
    const reserved = claims.map((claim) => reserveFor(pod, claim, allocations.get(claim), cache))
    for (const claim of reserved) assumed.assume(claim)
    const coming = own && {
      plan: own.plan,
      claim: reserveFor(pod, own.claim, allocations.get(own.claim), cache),
    }
    if (coming) extended.coming.add(coming.claim)
    return {
      async prepare(context) {
        const written: ResourceClaim[] = []
        for (const claim of reserved) written.push(await writeClaim(claim, pod, context))
        if (coming) written.push(await extended.write(coming, pod, context))
        await awaitDevices(written, pod.metadata.uid, bindingTimeoutMs, context)
      },
      undo() {
        for (const claim of reserved) assumed.forget(claim)
        if (coming) extended.coming.delete(coming.claim)
      },
    }
  }

  return {
    name: "DynamicResources",
    attach(informers) {
      for (const resource of [ResourceClaim, ResourceSlice, DeviceClass, DeviceTaintRule])
        informers.for(resource as typeof ResourceClaim)
      followDeviceClasses(informers)
    },
    gate({ pod }, cache) {
      const claims = pod.spec.resourceClaims?.length ? claimsOf(pod, cache) : []
      return typeof claims === "string" ? claims : undefined
    },
    filter,
    relieve(info, { cache }) {
      const claims = claimsOf(info.pod, cache)
      const stale = extended.findStale(info.pod, cache)
      const own = typeof claims === "string" ? [] : claims
      return relieve(info.pod, own, last?.pod === info ? last.unavailable : new Set(), stale)
    },
    score(info) {
      const found = last?.pod === info ? last : undefined
      if (!found || !Array.from(found.allocations.values()).some(hasAlternatives)) return undefined
      return {
        of: (node) => scoreAlternatives(found.allocations.get(node)),
        normalize: (scores) => normalizeByGreatest(scores),
      }
    },
    reserve,
    hints,
  }
}

const hints = [
  hint(ResourceClaim, "add", { mayHelp: usesDevices }),
  hint(ResourceClaim, "update", { mayHelp: usesDevices }),
  hint(ResourceClaim, "delete", { mayHelp: usesDevices }),
  hint(ResourceSlice, "add", { mayHelp: usesDevices }),
  hint(ResourceSlice, "update", { mayHelp: usesDevices }),
  hint(DeviceTaintRule, "update", { mayHelp: usesDevices }),
  hint(DeviceTaintRule, "delete", { mayHelp: usesDevices }),
  hint(DeviceClass, "add", { mayHelp: usesDevices }),
  hint(DeviceClass, "update", { mayHelp: usesDevices }),
  hint(Node, "add"),
]

function usesDevices({ pod, requests }: PodInfo): boolean {
  return (pod.spec.resourceClaims?.length ?? 0) > 0 || requests.others.size > 0
}

function isThere({ status }: ResourceClaim, node: Node): boolean {
  const selector = status.allocation?.nodeSelector
  return !selector || matchesAnyTerm(selector.nodeSelectorTerms ?? [], node)
}

/** What goes wrong is the claim's fault, or the class's: a node on which nothing does would only hide it. */
function tryAll(...parts: Parameters<typeof allocateAll>): ReturnType<typeof allocateAll> {
  try {
    return allocateAll(...parts)
  } catch (error) {
    const { message } = error as Error
    throw new Error(`running "DynamicResources" filter plugin: ${message}`, { cause: error })
  }
}

/** Claims of one pod, in turn: what one gets, the next does not. The stock is afterwards as it was. */
function allocateAll(
  claims: readonly ResourceClaim[],
  node: Node,
  cache: Cache,
  { slices, rules, ledger }: Stock,
  isLate: () => boolean = () => false,
): Map<ResourceClaim, Allocated[]> | undefined {
  const offered = offeredDevices(node, slices, rules)
  const findClass = (name: string) => cache.find(DeviceClass, { name })
  const allocations = new Map<ResourceClaim, Allocated[]>()
  const before = ledger.length
  const isEnough = claims.every((claim) => {
    const found = allocate(claim, offered, ledger, findClass, () => {
      if (isLate()) throw new Error(`node ${node.metadata.name}: timed out trying to allocate devices`)
    })
    if (found) allocations.set(claim, found)
    return found !== undefined
  })
  ledger.giveBackTo(before)
  return isEnough ? allocations : undefined
}

/** What no node can mend. */
function whyNever({ spec, status }: ResourceClaim, cache: Cache): string | undefined {
  if (status.allocation) return undefined
  for (const { name, exactly, firstAvailable = [] } of spec.devices.requests ?? []) {
    const asks = exactly
      ? [{ name, deviceClassName: exactly.deviceClassName }]
      : firstAvailable.map((ask) => ({ ...ask, name: `${name}/${ask.name}` }))
    const missing = asks.find(({ deviceClassName }) => !cache.find(DeviceClass, { name: deviceClassName }))
    if (missing) return `request ${missing.name}: device class ${missing.deviceClassName} does not exist`
  }
  return undefined
}

/** As many alternatives as a request may have. */
const maxAlternatives = 8

function hasAlternatives(allocations: Allocations): boolean {
  return Array.from(allocations.keys()).some(({ spec }) =>
    spec.devices.requests?.some(({ firstAvailable }) => firstAvailable?.length),
  )
}

/** More for each request that got an alternative further to the front of its list. */
function scoreAlternatives(allocations: Allocations | undefined): number {
  let score = 0
  for (const [{ spec }, allocated] of allocations ?? []) {
    const taken = new Set(allocated.map(({ request }) => request))
    for (const { name, firstAvailable = [] } of spec.devices.requests ?? [])
      for (const [index, alternative] of firstAvailable.entries())
        if (taken.has(`${name}/${alternative.name}`)) score += maxAlternatives - index
  }
  return score
}
