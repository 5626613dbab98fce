import { Pod } from "../../api/core/v1/pod.ts"
import { formatGroupVersion, type KubeObject, keyOf } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import { isTerminal } from "../shared/pods.ts"
import { messageOf } from "../../base/message-of.ts"

/** What is left in a namespace after everything in it was asked to go. */
export interface Remaining {
  /** Objects per resource; resources with none are left out. */
  readonly counts: ReadonlyMap<Resource, number>
  readonly finalizers: ReadonlyMap<string, number>
  readonly errors: readonly string[]
  /** The longest grace period among pods that still run. */
  readonly graceSeconds: number
}

/**
 * Deletes all objects of a namespace and looks what is left. Pods go first and alone: while they run, what they rely on
 * (their secrets, the policies that keep others out) stays (KEP-5080).
 */
export async function deleteContent(
  client: Client,
  resources: readonly Resource[],
  namespace: string,
): Promise<Remaining> {
  const deletable = resources.filter((one) => one.namespaced && one.verbs.includes("delete"))
  const isPods = (one: Resource) => one.group === "" && one.plural === "pods"
  const pods = await deleteAll(client, deletable.filter(isPods), namespace)
  if (pods.counts.size > 0 || pods.errors.length > 0) return pods
  return deleteAll(
    client,
    deletable.filter((one) => !isPods(one)),
    namespace,
  )
}

async function deleteAll(
  client: Client,
  resources: readonly Resource[],
  namespace: string,
): Promise<Remaining> {
  const counts = new Map<Resource, number>()
  const finalizers = new Map<string, number>()
  const errors: string[] = []
  let graceSeconds = 0
  for (const resource of resources) {
    try {
      const left = await deleteResource(client, resource, namespace)
      if (left.length > 0) counts.set(resource, left.length)
      for (const finalizer of left.flatMap(({ metadata }) => metadata.finalizers ?? []))
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
      if (resource === (Pod as Resource)) graceSeconds = longestGrace(left as Pod[])
    } catch (error) {
      errors.push(messageOf(error))
    }
  }
  return { counts, finalizers, errors, graceSeconds }
}

/** Gives the objects that are still there. Throws when some are that should not be. */
async function deleteResource(
  client: Client,
  resource: Resource,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const present = await list(client, resource, namespace)
  if (present.length === 0) return []
  if (resource.verbs.includes("deletecollection"))
    await client.deleteCollection(resource, { namespace, propagationPolicy: "Background" })
  else for (const object of present) await client.delete(resource, keyOf(object)).catch(ignoreNotFound)
  const left = await list(client, resource, namespace)
  const stuck = left.length > 0 && !left.some(isGoing)
  if (stuck) {
    const gvr = `${formatGroupVersion(resource)}, Resource=${resource.plural}`
    const prefix = resource.group ? "" : "/"
    throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${prefix}${gvr}`)
  }
  return left
}

/** It has a reason to be there still: a finalizer, or a grace period that runs. */
function isGoing({ metadata }: KubeObject): boolean {
  return (metadata.finalizers?.length ?? 0) > 0 || metadata.deletionTimestamp !== undefined
}

async function list(client: Client, resource: Resource, namespace: string): Promise<readonly KubeObject[]> {
  try {
    return (await client.list(resource, { namespace })).items
  } catch (error) {
    // The resource went away since it was discovered, or cannot be listed: there is nothing to wait for.
    if (isStatusError(error, "NotFound", "MethodNotAllowed")) return []
    throw error
  }
}

function longestGrace(pods: readonly Pod[]): number {
  const seconds = pods
    .filter((pod) => !isTerminal(pod))
    .map((pod) => pod.spec.terminationGracePeriodSeconds ?? 0)
  return Math.max(0, ...seconds)
}
