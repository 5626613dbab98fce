import { type KubeObject, type OwnerReference, parseGroupVersion } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import { LeastRecentlyUsed } from "../../client/least-recently-used.ts"
import { type GraphNode, mayOwn, type OwnerGraph, waitsForDependents } from "./owner-graph.ts"
import type { Owners } from "./plan.ts"

/** The resource that serves a kind, if it is known. */
export type FindResource = (apiVersion: string, kind: string) => Resource | undefined

/**
 * Looks for an object's owners: in the graph, and for those that it does not show at the server itself, because another
 * resource's watch may be ahead of theirs. Nothing is ever deleted on the graph's word alone.
 */
export class OwnerFinder {
  readonly #graph: OwnerGraph
  readonly #findResource: FindResource
  /** Uids never come back: one that was absent is absent. */
  readonly #absent = new LeastRecentlyUsed<true>(500)
  /** Questions under way: a thousand children of one owner ask once. */
  readonly #asked = new Map<string, Promise<KubeObject | undefined>>()

  constructor(graph: OwnerGraph, findResource: FindResource) {
    this.#graph = graph
    this.#findResource = findResource
  }

  async find({ object }: GraphNode, client: Client, events: EventRecorder): Promise<Owners> {
    const solid: OwnerReference[] = []
    const dangling: OwnerReference[] = []
    const waiting: OwnerReference[] = []
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = await this.#findOwner(reference, object, client, events)
      if (owner === "unknown") solid.push(reference)
      else if (!owner) dangling.push(reference)
      else if (waitsForDependents(owner)) waiting.push(reference)
      else solid.push(reference)
    }
    return { solid, dangling, waiting }
  }

  async #findOwner(
    reference: OwnerReference,
    child: KubeObject,
    client: Client,
    events: EventRecorder,
  ): Promise<KubeObject | "unknown" | undefined> {
    const known = this.#graph.find(reference.uid)?.object
    if (known && mayOwn(known, child)) return known
    if (known && !child.metadata.namespace) return refuse(reference, child, events)
    const absentKey = `${child.metadata.namespace ?? ""}/${reference.uid}`
    if (this.#absent.get(absentKey)) return undefined
    const { apiVersion, kind, name, uid } = reference
    const resource = this.#findResource(apiVersion, kind)
    if (!resource) throw new Error(`unable to get REST mapping for ${apiVersion}/${kind}.`)
    const { namespace } = child.metadata
    if (resource.namespaced && !namespace) return refuse(reference, child, events)
    const key = { ...(resource.namespaced && { namespace }), name }
    const live = await this.#ask(absentKey, () => client.get(resource, key))
    if (live?.metadata.uid === uid) return live
    this.#absent.set(absentKey, true)
    // It exists, but elsewhere: people should hear why its "child" goes.
    if (known) tell(reference, child, events)
    return undefined
  }

  #ask(question: string, get: () => Promise<KubeObject>): Promise<KubeObject | undefined> {
    let answer = this.#asked.get(question)
    if (!answer) {
      answer = get()
        .catch(ignoreNotFound)
        .finally(() => this.#asked.delete(question))
      this.#asked.set(question, answer)
    }
    return answer
  }
}

/** A cluster-scoped object with an owner in a namespace: the owner cannot be looked for, so the object stays. */
function refuse(reference: OwnerReference, child: KubeObject, events: EventRecorder): "unknown" {
  tell(reference, child, events)
  return "unknown"
}

function tell(reference: OwnerReference, child: KubeObject, events: EventRecorder): void {
  const { namespace = "" } = child.metadata
  const { apiVersion, kind, name, uid } = reference
  const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`
  events.event(
    child,
    "Warning",
    "OwnerRefInvalidNamespace",
    `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`,
  )
}

/** Looks kinds up among discovered resources. */
export function resourceFinder(resources: () => readonly Resource[]): FindResource {
  return (apiVersion, kind) => {
    const { group } = parseGroupVersion(apiVersion)
    return resources().find((one) => one.kind === kind && one.group === group)
  }
}
