import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import {
  claimNameOf,
  isMadeFor,
  isReservedFor,
  type PodClaim,
} from "../../api/resource/pod-resource-claims.ts"
import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"

/** A claim as drivers have made it ready on this node, or are about to. */
export interface ClaimState {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** Pods here that use it. */
  readonly podUids: readonly string[]
  /** What each of its drivers has made ready. */
  readonly drivers: Readonly<Record<string, readonly PreparedDevice[]>>
}

export interface PreparedDevice {
  readonly poolName: string
  readonly deviceName: string
  /** Of the claim; empty: of all of them. */
  readonly requestNames: readonly string[]
  /** "vendor.com/class=name": what containers need in order to use it. */
  readonly cdiDeviceIds: readonly string[]
  readonly shareId?: string
}

export interface ClaimReference {
  readonly name: string
  /** Made for this pod, so nobody else's will do. */
  readonly mustBeOwn: boolean
}

/** The claims that must be ready before a pod's containers start. Throws when one has not been made yet. */
export function claimReferences(pod: Pod): readonly ClaimReference[] {
  const own = (pod.spec.resourceClaims ?? []).flatMap((claim) => {
    const name = nameOf(pod, claim)
    return name ? [{ name, mustBeOwn: claim.resourceClaimTemplateName !== undefined }] : []
  })
  const extended = pod.status.extendedResourceClaimStatus?.resourceClaimName
  return extended ? [...own, { name: extended, mustBeOwn: false }] : own
}

function nameOf(pod: Pod, claim: PodClaim): string {
  const name = claimNameOf(pod, claim)
  if (name === undefined)
    throw new Error(`pod "${pod.metadata.namespace}/${pod.metadata.name}": ResourceClaim not created yet`)
  return name
}

/** Throws, in upstream's words, why a pod may not use a claim here. */
export function checkClaim(pod: Pod, claim: ResourceClaim, { mustBeOwn }: ClaimReference): void {
  const { namespace, name, uid } = pod.metadata
  const { metadata } = claim
  if (mustBeOwn && !isMadeFor(claim, pod))
    throw new Error(
      `ResourceClaim ${metadata.namespace}/${metadata.name} was not created for pod ${namespace}/${name} (pod is not owner)`,
    )
  if (!isReservedFor(claim, pod))
    throw new Error(
      `pod ${name} (${uid}) is not allowed to use ResourceClaim ${metadata.name} (${metadata.uid})`,
    )
  if (!claim.status.allocation) throw new Error(`ResourceClaim ${metadata.name}: not allocated`)
}

/** The drivers whose devices a claim has been given. */
export function driversOf({ status }: ResourceClaim): readonly string[] {
  const results = status.allocation?.devices.results ?? []
  return [...new Set(results.map(({ driver }) => driver))]
}

/** Which requests of which claims a container uses, "" for all of a claim's; by the claim's name. */
export function requestsOf(pod: Pod, container: Container): ReadonlyMap<string, readonly string[]> {
  const requests = new Map<string, string[]>()
  const add = (claim: string, request: string) =>
    requests.set(claim, [...(requests.get(claim) ?? []), request])
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    for (const { name, request } of container.resources?.claims ?? []) {
      const claim = name === podClaim.name && nameOf(pod, podClaim)
      if (claim) add(claim, request ?? "")
    }
  }
  const { resourceClaimName = "", requestMappings = [] } = pod.status.extendedResourceClaimStatus ?? {}
  for (const { containerName, resourceName, requestName } of requestMappings)
    if (containerName === container.name && container.resources?.requests?.[resourceName])
      add(resourceClaimName, requestName)
  return requests
}

/** What of a claim belongs to one of its requests, or to all where `request` is "". */
export function devicesOf(
  { drivers }: ClaimState,
  request: string,
): readonly { readonly driver: string; readonly device: PreparedDevice }[] {
  return Object.entries(drivers).flatMap(([driver, devices]) =>
    devices
      .filter(
        ({ requestNames }) => request === "" || requestNames.length === 0 || requestNames.includes(request),
      )
      .map((device) => ({ driver, device })),
  )
}

/** A container's claims as its status names them: "claim:NAME", or "claim:NAME/REQUEST". */
export function claimResources(
  pod: Pod,
  container: Container,
): readonly { readonly resource: string; readonly claim: string; readonly request: string }[] {
  return (container.resources?.claims ?? []).flatMap(({ name, request = "" }) => {
    const podClaim = pod.spec.resourceClaims?.find((each) => each.name === name)
    const claim = podClaim && claimNameOf(pod, podClaim)
    // Of an alternative ("gpu/fast") devices know the request alone.
    const [base = ""] = request.split("/")
    return claim ? [{ resource: `claim:${name}${request && `/${request}`}`, claim, request: base }] : []
  })
}
