import { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { isReservedFor } from "../../../api/resource/pod-resource-claims.ts"
import { keyOf } from "../../../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../../../apimachinery/status-error.ts"
import { formatTime } from "../../../apimachinery/time.ts"
import type { BindContext } from "../../framework.ts"
import type { ExtendedPlan } from "./extended-resources.ts"

export const claimFinalizer = "resource.kubernetes.io/delete-protection"
export const extendedClaimAnnotation = "resource.kubernetes.io/extended-resource-claim"

/** Writes what was decided of a claim; over what others changed meanwhile, if that is none of it. */
export async function writeClaim(
  given: ResourceClaim,
  pod: Pod,
  context: BindContext,
): Promise<ResourceClaim> {
  for (let claim = withTimestamp(given, context), tries = 0; ; tries++) {
    try {
      return await writeOnce(claim, context)
    } catch (error) {
      if (tries === 4 || !isStatusError(error, "Conflict")) throw error
      const current = await context.client.get(ResourceClaim, keyOf(given))
      claim = { ...current, status: merged(claim, current, pod) }
    }
  }
}

/** The finalizer first: an allocated claim must not vanish under its pod. */
async function writeOnce(claim: ResourceClaim, { client }: BindContext): Promise<ResourceClaim> {
  const { finalizers = [] } = claim.metadata
  if (finalizers.includes(claimFinalizer) || !claim.status.allocation)
    return client.updateStatus(ResourceClaim, claim)
  const metadata = { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] }
  const protectedClaim = await client.update(ResourceClaim, { ...claim, metadata })
  return client.updateStatus(ResourceClaim, { ...protectedClaim, status: claim.status })
}

function merged(wanted: ResourceClaim, current: ResourceClaim, pod: Pod): ResourceClaim["status"] {
  const { name, namespace, deletionTimestamp } = current.metadata
  const text = `claim ${namespace}/${name}`
  if (deletionTimestamp) throw new Error(`${text} got deleted in the meantime`)
  const { allocation } = current.status
  if (allocation && JSON.stringify(allocation.devices) !== JSON.stringify(wanted.status.allocation?.devices))
    throw new Error(`${text} got allocated elsewhere in the meantime`)
  const own = wanted.status.reservedFor?.filter(({ uid }) => uid === pod.metadata.uid) ?? []
  const reservedFor = isReservedFor(current, pod)
    ? current.status.reservedFor
    : [...(current.status.reservedFor ?? []), ...own]
  return { ...current.status, allocation: allocation ?? wanted.status.allocation, reservedFor }
}

/** When devices were given: they may take only so long to be ready. */
function withTimestamp(claim: ResourceClaim, { clock }: BindContext): ResourceClaim {
  const { allocation } = claim.status
  if (!allocation || allocation.allocationTimestamp) return claim
  const allocationTimestamp = formatTime(clock.now())
  return { ...claim, status: { ...claim.status, allocation: { ...allocation, allocationTimestamp } } }
}

/** Makes the claim that a pod's extended resources are taken from, and tells the pod of it. */
export async function writeExtendedClaim(
  given: ResourceClaim,
  { mappings }: ExtendedPlan,
  pod: Pod,
  context: BindContext,
): Promise<ResourceClaim> {
  const { name: _, ...metadata } = given.metadata
  const created = await context.client.create(ResourceClaim, { metadata, spec: given.spec })
  try {
    const written = await writeClaim({ ...created, status: given.status }, pod, context)
    const extendedResourceClaimStatus = {
      resourceClaimName: created.metadata.name,
      requestMappings: mappings,
    }
    const body = { metadata: { uid: pod.metadata.uid }, status: { extendedResourceClaimStatus } }
    await context.client.patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
    return written
  } catch (error) {
    await deleteExtendedClaim(created, context)
    throw error
  }
}

/** Without waiting for anybody: it is the scheduler's own. */
export async function deleteExtendedClaim(
  claim: ResourceClaim,
  { client }: Pick<BindContext, "client">,
): Promise<void> {
  const current = await client.get(ResourceClaim, keyOf(claim)).catch(ignoreNotFound)
  if (!current) return
  const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== claimFinalizer)
  await client.update(ResourceClaim, { ...current, metadata: { ...current.metadata, finalizers } })
  await client.delete(ResourceClaim, keyOf(claim)).catch(ignoreNotFound)
}
