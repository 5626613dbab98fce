import { withWork } from "./container-work.ts"
import { findPodContainer, podContainers } from "./pod-containers.ts"
import type { PodState } from "./pod-state.ts"
import { restartsAll } from "./restart-policy.ts"
import { currentSandbox, newestContainer, type RuntimeContainer, runningContainers } from "./runtime-pod.ts"
import type { StepDraft } from "./step-draft.ts"

/**
 * A container whose end means that all begin anew (https://kep.k8s.io/5532): the others are stopped without patience, then
 * all are removed, and the pod starts as it did at first, with its init containers, in the sandbox, with the volumes and
 * at the address it has. Ephemeral containers are nobody's business and go on.
 *
 * @returns true while there is still something to stop: nothing may be started meanwhile
 */
export function planRestartAll(draft: StepDraft): boolean {
  if (!isRestartingAll(draft.state)) return false
  draft.change({ restartingAll: true })
  for (const running of runningContainers(draft.state.runtime))
    if (isOurs(draft.state, running)) stop(draft, running)
  if (isBusy(draft.state)) return true
  removeAll(draft)
  return false
}

/** All begin anew, or some container wants it since it has ended. */
export function isRestartingAll(state: PodState): boolean {
  if (state.restartingAll) return true
  return podContainers(state.pod).some(({ spec, role }) => {
    const newest = newestContainer(state.runtime, spec.name)
    const isCurrent = newest?.sandboxId === currentSandbox(state.runtime)?.id
    return (
      role !== "ephemeral" && isCurrent && newest?.state === "exited" && restartsAll(spec, newest.exitCode)
    )
  })
}

function isOurs({ pod }: PodState, { name }: RuntimeContainer): boolean {
  return findPodContainer(pod, name)?.role !== "ephemeral"
}

function stop(draft: StepDraft, { name, id }: RuntimeContainer): void {
  const work = draft.state.containers[name]
  if (work?.kind === "stopping" || work?.kind === "starting") return
  draft.state = withWork(draft.state, name, { kind: "stopping", id, gracePeriodSeconds: 0 })
  draft.effect({ kind: "stopContainer", name, id, gracePeriodSeconds: 0, message: "killing" })
}

function isBusy(state: PodState): boolean {
  const works = Object.entries(state.containers)
  const isWorking = works.some(
    ([name, { kind }]) =>
      (kind === "starting" || kind === "stopping") && findPodContainer(state.pod, name)?.role !== "ephemeral",
  )
  return isWorking || runningContainers(state.runtime).some((running) => isOurs(state, running))
}

/** Their logs stay until the pod goes; how often each had begun is remembered. */
function removeAll(draft: StepDraft): void {
  const { runtime, restarts = {}, containers } = draft.state
  const gone = runtime.containers.filter((container) => isOurs(draft.state, container))
  const attempts = gone.map(({ name }) => [name, newestContainer(runtime, name)!.attempt + 1] as const)
  draft.effect({ kind: "removeContainers", containers: gone.map(({ id }) => ({ id, logPath: "" })) })
  draft.change({
    restartingAll: false,
    restarts: { ...restarts, ...Object.fromEntries(attempts) },
    runtime: { ...runtime, containers: runtime.containers.filter((container) => !gone.includes(container)) },
    containers: Object.fromEntries(
      Object.entries(containers).filter(
        ([name]) => findPodContainer(draft.state.pod, name)?.role === "ephemeral",
      ),
    ),
    probes: Object.fromEntries(
      Object.entries(draft.state.probes).filter(([id]) => !gone.some((container) => container.id === id)),
    ),
  })
}
