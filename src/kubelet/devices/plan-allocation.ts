/** Ids of devices, by resource. */
export interface DeviceSupply {
  readonly healthy: ReadonlySet<string>
  /** Of other containers. */
  readonly taken: ReadonlySet<string>
}

export interface DeviceDemand {
  readonly podUid: string
  readonly container: string
  readonly resource: string
  readonly count: number
  /** What the container was given before; undefined: nothing yet. */
  readonly given: readonly string[] | undefined
  /** What an init container of the same pod had and needs no longer. */
  readonly reusable: readonly string[]
}

/**
 * Which devices a container may be given: `required` ones must be among them, the rest is chosen from `available`. Throws,
 * in upstream's words, when there are too few. `supply` is undefined for a resource that no plugin serves. Pure.
 */
export function planDevices(
  demand: DeviceDemand,
  supply: DeviceSupply | undefined,
): { readonly required: readonly string[]; readonly available: readonly string[]; readonly missing: number } {
  const { resource, count, given, podUid, container } = demand
  if (given && given.length !== count)
    throw new Error(
      `pod "${podUid}" container "${container}" changed request for resource "${resource}" from ${given.length} to ${count}`,
    )
  if (!supply) throw new Error(`cannot allocate unregistered device ${resource}`)
  const { healthy, taken } = supply
  if (healthy.size === 0)
    throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${resource}`)
  if (given && !given.every((id) => healthy.has(id)))
    throw new Error(
      `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${resource}`,
    )
  if (given) return { required: given, available: [], missing: 0 }
  const required = demand.reusable.filter((id) => healthy.has(id)).slice(0, count)
  const missing = count - required.length
  const available = [...healthy].filter((id) => !taken.has(id) && !required.includes(id)).sort()
  if (available.length < missing)
    throw new Error(
      `requested number of devices unavailable for ${resource}. Requested: ${missing}, Available: ${available.length}`,
    )
  return { required, available, missing }
}
