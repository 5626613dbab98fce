import type { KubeObject, OwnerReference } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"

export interface GraphNode {
  readonly resource: Resource
  readonly object: KubeObject
}

export const foregroundFinalizer = "foregroundDeletion"
export const orphanFinalizer = "orphan"

/**
 * Who owns whom, over all resources. An edge exists as soon as one end is known: a child may be seen before its owner.
 *
 * Invariant: `dependentsOf(uid)` are exactly the known objects with an owner reference to `uid`.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #dependents = new Map<string, Map<string, GraphNode>>()

  find(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  uids(): Iterable<string> {
    return this.#nodes.keys()
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return Array.from(this.#dependents.get(uid)?.values() ?? [])
  }

  /** Takes in a change. Gives the uids that may need attention because of it. */
  observe(
    resource: Resource,
    current: KubeObject | undefined,
    previous: KubeObject | undefined,
  ): readonly string[] {
    const attention: string[] = []
    // An object that was deleted and made again between two looks is another one.
    if (previous && previous.metadata.uid !== current?.metadata.uid) attention.push(...this.#remove(previous))
    if (current) {
      const known = this.#nodes.get(current.metadata.uid)?.object
      this.#put({ resource, object: current }, known)
      if (this.needsAttention(current.metadata.uid)) attention.push(current.metadata.uid)
      attention.push(...this.#ownersThatWait(current), ...(known ? this.#ownersThatWait(known) : []))
    }
    return attention
  }

  /** An owner is missing or wants its dependents gone, or it is itself on the way out with something left to do. */
  needsAttention(uid: string): boolean {
    const object = this.#nodes.get(uid)?.object
    if (!object) return false
    const { deletionTimestamp, ownerReferences, finalizers } = object.metadata
    if (deletionTimestamp)
      return finalizers?.some((name) => name === foregroundFinalizer || name === orphanFinalizer) === true
    return (
      ownerReferences?.some((reference) => {
        const owner = this.#nodes.get(reference.uid)?.object
        return !owner || waitsForDependents(owner) || !mayOwn(owner, object)
      }) === true
    )
  }

  #put(node: GraphNode, known: KubeObject | undefined): void {
    const { uid } = node.object.metadata
    this.#nodes.set(uid, node)
    const after = ownerUids(node.object)
    for (const owner of known ? ownerUids(known) : []) if (!after.includes(owner)) this.#unlink(owner, uid)
    for (const owner of after) {
      let dependents = this.#dependents.get(owner)
      if (!dependents) this.#dependents.set(owner, (dependents = new Map()))
      dependents.set(uid, node)
    }
  }

  #remove(object: KubeObject): readonly string[] {
    const { uid } = object.metadata
    const known = this.#nodes.get(uid)?.object
    this.#nodes.delete(uid)
    for (const owner of ownerUids(known ?? object)) this.#unlink(owner, uid)
    return [
      ...this.dependentsOf(uid).map((node) => node.object.metadata.uid),
      ...this.#ownersThatWait(object),
    ]
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner)
    if (dependents?.delete(dependent) && dependents.size === 0) this.#dependents.delete(owner)
  }

  #ownersThatWait(object: KubeObject): readonly string[] {
    return ownerUids(object).filter((uid) => {
      const owner = this.#nodes.get(uid)
      return owner !== undefined && waitsForDependents(owner.object)
    })
  }
}

/** Deleted in the foreground: it goes when those that it owns have gone. */
export function waitsForDependents({ metadata }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foregroundFinalizer) === true
  )
}

/** Owners are of the same namespace, or cluster-scoped. */
export function mayOwn(owner: KubeObject, child: KubeObject): boolean {
  return !owner.metadata.namespace || owner.metadata.namespace === child.metadata.namespace
}

export function referenceTo(child: KubeObject, ownerUid: string): OwnerReference | undefined {
  return child.metadata.ownerReferences?.find(({ uid }) => uid === ownerUid)
}

function ownerUids(object: KubeObject): readonly string[] {
  return object.metadata.ownerReferences?.map(({ uid }) => uid) ?? []
}
