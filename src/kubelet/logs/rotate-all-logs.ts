import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { isRuntimeError, type RuntimeService } from "../../container-runtime/cri.ts"
import type { ContainerLogs } from "../node-host.ts"
import type { PodState } from "../pods/pod-state.ts"
import { runningContainers } from "../pods/runtime-pod.ts"

export interface LogRotationOptions {
  readonly runtime: RuntimeService
  readonly logs: ContainerLogs
  readonly pods: () => readonly PodState[]
  /** How often they are looked at. */
  readonly periodMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Sees to it that the logs of running containers do not grow without end. */
export async function rotateAllLogs({
  runtime,
  logs,
  pods,
  periodMs,
  clock,
  log,
  signal,
}: LogRotationOptions): Promise<void> {
  while (!signal.aborted) {
    await sleep(clock, periodMs, signal)
    for (const state of signal.aborted ? [] : pods()) {
      for (const { id, name, logPath } of runningContainers(state.runtime)) {
        if (!logPath) continue
        await logs
          .rotate(logPath, () => runtime.reopenContainerLog(id))
          .catch((error: unknown) => {
            // It ended meanwhile: nothing writes to its log any more.
            if (!isRuntimeError(error, "NotFound", "Unknown"))
              log.warn("log not rotated", { container: name, error })
          })
      }
    }
  }
}
