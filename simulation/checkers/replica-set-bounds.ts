import type { ReplicaSet } from "../../src/api/apps/v1/replica-set.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import { type Checker, isOver, nameOf } from "./checker.ts"

/**
 * A ReplicaSet never makes a pod beyond its replicas. Until it says that it has seen a smaller number, the larger counts.
 * Where the answer to a request may be lost, or the controller with it, nobody can promise that: it is then made again.
 */
export function replicaSetBounds(isAnswered: boolean): Checker {
  const most = new Map<string, number>()
  return {
    name: "replica-set-bounds",
    observe({ resource, current, previous }, objects) {
      if (resource === "replicasets" && current) {
        const { metadata, spec, status } = current as ReplicaSet
        const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
        const before = isSeen ? 0 : (most.get(metadata.uid) ?? 0)
        most.set(metadata.uid, Math.max(before, spec.replicas ?? 1))
      }
      if (resource !== "pods" || previous || !current || !isAnswered) return undefined
      const owner = controllerOf(current)
      const limit = owner && most.get(owner.uid)
      if (limit === undefined) return undefined
      const active = objects
        .list<Pod>("pods")
        .filter(
          (pod) => controllerOf(pod)?.uid === owner!.uid && !isOver(pod) && !pod.metadata.deletionTimestamp,
        ).length
      return active > limit
        ? `${owner!.name} makes ${nameOf(current)}, its pod number ${active}, and wants ${limit}`
        : undefined
    },
    atRest(objects) {
      for (const set of objects.list<ReplicaSet>("replicasets")) {
        const pods = objects.list<Pod>("pods").filter((pod) => controllerOf(pod)?.uid === set.metadata.uid)
        const active = pods.filter((pod) => !isOver(pod)).length
        if (active !== (set.spec.replicas ?? 1))
          return `${nameOf(set)} wants ${set.spec.replicas} and has ${active} pods`
      }
      return undefined
    },
  }
}
