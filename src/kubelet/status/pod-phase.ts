import type { ContainerStatus } from "../../api/core/v1/container-status.ts"
import type { Pod, PodPhase } from "../../api/core/v1/pod.ts"
import { restartingAllReason } from "./container-status.ts"
import { type PodContainer, podContainers } from "../pods/pod-containers.ts"
import { shouldRestart } from "../pods/restart-policy.ts"

export interface PhaseInput {
  readonly pod: Pod
  readonly init: readonly ContainerStatus[]
  readonly main: readonly ContainerStatus[]
  /** Nothing of it will ever run again. */
  readonly isOver: boolean
}

/** Where a pod stands in its life, from the states of its containers. */
export function computePodPhase({ pod, init, main, isOver }: PhaseInput): PodPhase {
  const statuses = new Map([...init, ...main].map((status) => [status.name, status]))
  const containers = podContainers(pod).filter(({ role }) => role !== "ephemeral")
  const outcome = (container: PodContainer) =>
    outcomeOf(container, statuses.get(container.spec.name), { pod, isOver })

  const initContainers = containers.filter(({ role }) => role === "init" || role === "sidecar")
  if (initContainers.some((container) => container.role === "init" && outcome(container) === "failed"))
    return "Failed"
  const mainOutcomes = containers.filter(({ role }) => role === "main").map(outcome)
  const hasStarted = mainOutcomes.some((each) => each !== "waiting")
  const isInitialized = initContainers.every((container) => isInitDone(container, statuses))
  if (!isOver && !hasStarted && !isInitialized) return "Pending"

  if (isOver) return mainOutcomes.every((each) => each === "succeeded") ? "Succeeded" : "Failed"
  if (mainOutcomes.includes("waiting")) return "Pending"
  if (mainOutcomes.some((each) => each === "running" || each === "restarting")) return "Running"
  return mainOutcomes.every((each) => each === "succeeded") ? "Succeeded" : "Failed"
}

/** waiting: never ran. restarting: ended, and will be started again. */
type Outcome = "waiting" | "running" | "restarting" | "succeeded" | "failed"

function outcomeOf(
  container: PodContainer,
  status: ContainerStatus | undefined,
  { pod, isOver }: Pick<PhaseInput, "pod" | "isOver">,
): Outcome {
  if (!status) return "waiting"
  if (status.state.running) return "running"
  const ended = status.state.terminated ?? status.lastState.terminated
  if (!ended) return "waiting"
  // What would have been started again has ended well, or not, where nothing is.
  if (isOver) return ended.exitCode === 0 ? "succeeded" : "failed"
  if (ended.reason === restartingAllReason) return "restarting"
  if (shouldRestart(container, pod.spec.restartPolicy, ended.exitCode)) return "restarting"
  return ended.exitCode === 0 ? "succeeded" : "failed"
}

function isInitDone({ role, spec }: PodContainer, statuses: ReadonlyMap<string, ContainerStatus>): boolean {
  const status = statuses.get(spec.name)
  if (role === "sidecar") return status?.started === true
  return status?.state.terminated?.exitCode === 0
}
