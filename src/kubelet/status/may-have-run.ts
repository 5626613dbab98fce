import type { ContainerStatus } from "../../api/core/v1/container-status.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodContainer } from "../pods/pod-containers.ts"

/**
 * Whether a container that is not in the runtime when its pod has ended may have run, by what the API was told: then it counts as
 * failed, because nobody knows how it ended. Those whose turn never came go on waiting. Pure.
 */
export function mayHaveRun({ spec, status }: Pod, { spec: { name }, role }: PodContainer): boolean {
  const { initContainerStatuses: init = [], containerStatuses: main = [] } = status
  if (role === "ephemeral" || !spec.initContainers?.length) return true
  // The first one had its turn, whatever is known of it.
  if (role !== "main")
    return init.findIndex((each) => each.name === name) <= Math.max(init.findLastIndex(hasBegun), 0)
  if (main.some(hasBegun)) return true
  const last = init.at(-1)
  const restarts = spec.initContainers.find((each) => each.name === last?.name)?.restartPolicy === "Always"
  if (restarts) return last?.state.running !== undefined && last.started === true
  return [last?.state, last?.lastState].some((state) => state?.terminated?.exitCode === 0)
}

function hasBegun({ state, lastState }: ContainerStatus): boolean {
  return state.waiting === undefined || lastState.terminated !== undefined
}
