import { formatTime } from "../../apimachinery/time.ts"
import type { NodeCondition } from "../../api/core/v1/node.ts"
import type { RuntimeStatus } from "../../container-runtime/cri.ts"

export interface NodeHealth {
  /** Undefined: the runtime does not answer. */
  readonly runtime: RuntimeStatus | undefined
  readonly memoryPressure: boolean
  readonly diskPressure: boolean
  readonly pidPressure: boolean
  /** The kubelet is going down with the machine. */
  readonly shuttingDown: boolean
}

type Verdict = readonly [type: string, status: "True" | "False", reason: string, message: string]

/** A node's conditions in upstream's order and words. `before` is what was last told: transitions keep their times. */
export function computeNodeConditions(
  health: NodeHealth,
  before: readonly NodeCondition[],
  nowMs: number,
): NodeCondition[] {
  const verdicts: Verdict[] = [
    health.memoryPressure
      ? [
          "MemoryPressure",
          "True",
          "KubeletHasInsufficientMemory",
          "kubelet has insufficient memory available",
        ]
      : ["MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    health.diskPressure
      ? ["DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure"]
      : ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    health.pidPressure
      ? ["PIDPressure", "True", "KubeletHasInsufficientPID", "kubelet has insufficient PID available"]
      : ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
    judgeReady(health),
  ]
  return verdicts.map(([type, status, reason, message]) => {
    const known = before.find((condition) => condition.type === type)
    const now = formatTime(nowMs)
    return {
      type,
      status,
      lastHeartbeatTime: now,
      lastTransitionTime: known?.status === status ? known.lastTransitionTime : now,
      reason,
      message,
    }
  })
}

function judgeReady({ runtime, shuttingDown }: NodeHealth): Verdict {
  const problems = [...runtimeProblems(runtime), ...(shuttingDown ? ["node is shutting down"] : [])]
  if (problems.length === 0) return ["Ready", "True", "KubeletReady", "kubelet is posting ready status"]
  const message = problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`
  return ["Ready", "False", "KubeletNotReady", message]
}

function runtimeProblems(runtime: RuntimeStatus | undefined): string[] {
  if (!runtime) return ["container runtime is down"]
  return ["RuntimeReady", "NetworkReady"].flatMap((type) => {
    const condition = runtime.conditions.find((each) => each.type === type)
    if (condition?.status) return []
    const what =
      type === "NetworkReady" ? "container runtime network not ready" : "container runtime not ready"
    const { reason = "", message = "" } = condition ?? {}
    return [`${what}: ${type}=false reason:${reason} message:${message}`]
  })
}
