import type { Pod } from "../../src/api/core/v1/pod.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import { type Checker, nameOf } from "./checker.ts"

/** Never do two pods of a StatefulSet run under one name, whatever happens to nodes. */
export function onePodPerIdentity(): Checker {
  const running = new Map<string, { machine: string; uid: string }>()
  const concerns = (pod: Pod) => controllerOf(pod)?.kind === "StatefulSet"
  return {
    name: "one-pod-per-identity",
    started(machine, pod) {
      if (!concerns(pod)) return undefined
      const other = running.get(nameOf(pod))
      running.set(nameOf(pod), { machine, uid: pod.metadata.uid })
      return other && `${nameOf(pod)} starts on ${machine} while another one runs on ${other.machine}`
    },
    stopped(_machine, pod) {
      if (running.get(nameOf(pod))?.uid === pod.metadata.uid) running.delete(nameOf(pod))
    },
    observe({ resource, current, previous }, objects) {
      if (resource !== "pods" || previous || !current || !concerns(current as Pod)) return undefined
      const owner = controllerOf(current)!
      const ordinal = Number(current.metadata.name.split("-").pop())
      const expected = `${owner.name}-${ordinal}`
      if (current.metadata.name !== expected)
        return `${nameOf(current)} is no name for a pod of ${owner.name}`
      return objects.list("pods").filter((pod) => nameOf(pod) === nameOf(current)).length > 1
        ? `two pods are called ${nameOf(current)}`
        : undefined
    },
  }
}
