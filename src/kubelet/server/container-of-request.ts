import { quote } from "../../base/quote.ts"
import type { ContainerStatus } from "../../api/core/v1/container-status.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Kubelet } from "../kubelet.ts"
import { findPodContainer } from "../pods/pod-containers.ts"
import type { PodWorker } from "../pods/pod-worker.ts"
import type { RuntimeContainer } from "../pods/runtime-pod.ts"
import { HttpProblem } from "./http-problem.ts"

/** The pod that a path names. Throws HttpProblem. */
export function podOf(kubelet: Kubelet, namespace: string, name: string): PodWorker {
  const worker = kubelet.workers.findByName(namespace, name)
  if (!worker) throw new HttpProblem(404, `pod ${quote(`${namespace}/${name}`)} does not exist`)
  return worker
}

/** The running container that a path names. Throws HttpProblem. */
export function runningContainerOf(worker: PodWorker, name: string): RuntimeContainer {
  const { runtime } = worker.state
  const container = runtime.containers.find((each) => each.name === name && each.state === "running")
  if (!container) throw new HttpProblem(404, `container not found (${quote(name)})`)
  return container
}

/** It has run, by what the API was told, and nothing is left of it. Upstream the answer has begun by then, and is no error. */
function refuseLost(
  { status }: Pod,
  name: string,
  idOf: (told: ContainerStatus) => string | undefined,
): void {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  const told = all.find((each) => each.name === name)
  const id = told && idOf(told)
  if (id) throw new HttpProblem(200, `unable to retrieve container logs for ${id}`)
}

/** The container whose log is asked for: the newest that ran, or with `previous` the one before. Throws HttpProblem. */
export function loggedContainerOf(worker: PodWorker, name: string, previous: boolean): RuntimeContainer {
  const { pod, runtime, containers } = worker.state
  const podName = quote(pod.metadata.name)
  const which = `container ${quote(name)} in pod ${podName}`
  if (!findPodContainer(pod, name))
    throw new HttpProblem(404, `container ${quote(name)} not found in pod ${podName}`)
  const attempts = runtime.containers.filter((each) => each.name === name && each.state !== "created")
  const [newest] = attempts
  if (previous) {
    const waits = newest?.state === "exited" && containers[name] !== undefined
    const before = waits ? newest : attempts[1]
    if (before?.state === "exited") return before
    refuseLost(pod, name, ({ lastState }) => lastState.terminated?.containerID)
    throw new HttpProblem(400, `previous terminated ${which} not found`)
  }
  if (newest) return newest
  refuseLost(pod, name, ({ state, lastState }) => (state.terminated ?? lastState.terminated)?.containerID)
  const work = containers[name]
  const reason = work?.kind === "failed" ? work.reason : "ContainerCreating"
  if (reason === "ErrImagePull")
    throw new HttpProblem(400, `${which} is waiting to start: image can't be pulled`)
  if (reason === "ImagePullBackOff")
    throw new HttpProblem(400, `${which} is waiting to start: trying and failing to pull image`)
  const waiting =
    pod.spec.initContainers?.length && reason === "ContainerCreating" ? "PodInitializing" : reason
  throw new HttpProblem(400, `${which} is waiting to start: ${waiting}`)
}
