import { sleep } from "../../../base/clock.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { keyOf } from "../../../apimachinery/meta.ts"
import type { BindContext } from "../../framework.ts"

const lookEveryMs = 1000

type Result = NonNullable<NonNullable<ResourceClaim["status"]["allocation"]>["devices"]["results"]>[number]

/**
 * Devices that can be attached to one node or another are ready when their drivers say so in conditions that they named
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#device-binding-conditions). When one
 * fails or takes too long, what the claims were given is taken back, and this rejects.
 */
export async function awaitDevices(
  claims: readonly ResourceClaim[],
  podUid: string,
  bindingTimeoutMs: number,
  context: BindContext,
): Promise<void> {
  const waiting = claims.filter(needsBinding)
  if (waiting.length === 0) return
  const { cache, clock, signal } = context
  const until = clock.monotonic() + bindingTimeoutMs
  try {
    while (!signal.aborted) {
      if (waiting.every((claim) => isReady(cache.find(ResourceClaim, keyOf(claim))))) return
      if (clock.monotonic() >= until)
        throw new Error(`device binding timeout: claim=${waiting[0]!.metadata.name}`)
      await sleep(clock, lookEveryMs, signal)
    }
  } catch (error) {
    for (const claim of waiting) await takeBack(claim, podUid, context)
    throw error
  }
  signal.throwIfAborted()
}

export const resultsOf = ({ status }: ResourceClaim): readonly Result[] =>
  status.allocation?.devices.results ?? []
export const mustBeBound = ({ bindingConditions }: Result) => (bindingConditions?.length ?? 0) > 0

function needsBinding(claim: ResourceClaim): boolean {
  return resultsOf(claim).some(mustBeBound)
}

/** Throws when a device can't be made ready. */
export function isReady(claim: ResourceClaim | undefined): boolean {
  if (!claim?.status.allocation) return false
  return resultsOf(claim)
    .filter(mustBeBound)
    .every((result) => {
      const conditions = conditionsOf(claim, result)
      const isTrue = (type: string) => conditions.find((each) => each.type === type)?.status === "True"
      const failed = (result.bindingFailureConditions ?? []).find(isTrue)
      if (failed) {
        const { reason, message } = conditions.find(({ type }) => type === failed)!
        const text = JSON.stringify(message)
        throw new Error(
          `device binding failed: claim=${claim.metadata.name}, reason=${reason}, message=${text}`,
        )
      }
      return result.bindingConditions!.every(isTrue)
    })
}

function conditionsOf({ status }: ResourceClaim, { driver, pool, device, shareID }: Result) {
  const found = status.devices?.find(
    (each) =>
      each.driver === driver &&
      each.pool === pool &&
      each.device === device &&
      (each.shareID ?? "") === (shareID ?? ""),
  )
  return found?.conditions ?? []
}

/** So that the next attempt may choose other devices. */
async function takeBack(claim: ResourceClaim, podUid: string, { client }: BindContext): Promise<void> {
  const current = await client.get(ResourceClaim, keyOf(claim))
  const reservedFor = (current.status.reservedFor ?? []).filter(({ uid }) => uid !== podUid)
  if (reservedFor.length > 0) return
  const { allocation: _, devices: __, reservedFor: ___, ...status } = current.status
  await client.updateStatus(ResourceClaim, { ...current, status })
}
