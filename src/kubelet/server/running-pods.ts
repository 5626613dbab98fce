import type { Kubelet } from "../kubelet.ts"
import type { PodWorker } from "../pods/pod-worker.ts"

/** GET /pods: the pods of this node as the API knows them, with the newest status. */
export function podList(kubelet: Kubelet): object {
  return listOf(
    kubelet.workers.list().map(({ state: { pod } }) => {
      const status = kubelet.services.statuses.findWritten(pod.metadata.uid) ?? pod.status
      return { ...pod, status }
    }),
  )
}

/** GET /runningpods/: what the runtime has: as much of each pod as it knows. */
export function runningPodList({ workers }: Kubelet): object {
  return listOf(workers.list().filter(isRunning).map(runtimePod))
}

function isRunning({ state: { runtime } }: PodWorker): boolean {
  return (
    runtime.sandboxes.some(({ ready }) => ready) ||
    runtime.containers.some((each) => each.state === "running")
  )
}

function runtimePod({ state: { pod, runtime } }: PodWorker): object {
  const { name, namespace, uid } = pod.metadata
  const running = runtime.containers.filter(({ state }) => state === "running")
  return {
    metadata: { name, namespace, uid, creationTimestamp: null },
    spec: { containers: running.map((each) => ({ name: each.name, image: each.image, resources: {} })) },
    status: {},
  }
}

function listOf(items: readonly object[]): object {
  return { kind: "PodList", apiVersion: "v1", metadata: {}, items }
}
