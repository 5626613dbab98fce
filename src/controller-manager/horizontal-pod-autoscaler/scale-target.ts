import type { Scale } from "../../api/autoscaling/v1/scale.ts"
import type { HorizontalPodAutoscaler } from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"
import type { KnownKinds } from "./known-kinds.ts"

/** Something with a scale subresource, and what it said last. */
export interface ScaleTarget {
  readonly resource: Resource
  readonly scale: Scale
}

/** The scale of what the autoscaler names: anything with that subresource. Rejects with upstream's words. */
export async function getScaleTarget(
  { metadata, spec }: HorizontalPodAutoscaler,
  client: Client,
  kinds: KnownKinds,
  clock: Clock,
): Promise<ScaleTarget> {
  const { apiVersion = "", kind, name } = spec.scaleTargetRef
  const parts = apiVersion.split("/")
  if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`)
  const group = parts.length === 2 ? parts[0]! : ""
  const resource = await kinds.find(clock, group, kind)
  const key = { namespace: metadata.namespace, name }
  return { resource, scale: await getScale(client, resource, key) }
}

const tries = 5

/** Sets the number of replicas, over changes that others make meanwhile. */
export async function updateScale(
  client: Client,
  { resource, scale }: ScaleTarget,
  replicas: number,
): Promise<void> {
  let latest = scale
  for (let tried = 1; ; tried++) {
    try {
      const wanted: Scale = { ...latest, spec: { ...latest.spec, replicas } }
      await client.update(resource, wanted, { subresource: "scale" })
      return
    } catch (error) {
      if (!isStatusError(error, "Conflict") || tried === tries) throw error
      const { namespace, name } = latest.metadata
      latest = await getScale(client, resource, { namespace, name })
    }
  }
}

function getScale(client: Client, resource: Resource, key: ObjectKey): Promise<Scale> {
  // The subresource has a kind of its own.
  return client.get(resource as Resource<Scale>, key, { subresource: "scale" })
}
