import type { Pod } from "../../src/api/core/v1/pod.ts"
import { formatTime } from "../../src/apimachinery/time.ts"
import type { PodState, RunningPod } from "./machine.ts"

const phases = { starting: "Running", ready: "Running", succeeded: "Succeeded", failed: "Failed" } as const

/** What a kubelet has to say of a pod; undefined when it has said so already. */
export function statusOf(pod: Pod, running: RunningPod, state: PodState, nowMs: number): object | undefined {
  const phase = phases[state]
  const ready = state === "ready" ? "True" : "False"
  const known = pod.status.conditions?.find(({ type }) => type === "Ready")
  if (pod.status.phase === phase && known?.status === ready && pod.status.podIP === running.ip)
    return undefined
  const now = formatTime(nowMs)
  const condition = (type: string, status: string) => ({
    type,
    status,
    lastProbeTime: null,
    lastTransitionTime: now,
  })
  const ended = state === "succeeded" || state === "failed"
  const exitCode = state === "succeeded" ? 0 : (running.ends?.exitCode ?? 137) || 137
  return {
    phase,
    startTime: pod.status.startTime ?? now,
    podIP: running.ip,
    // Addresses are merged by what they are: one of before would stay.
    podIPs: [{ $patch: "replace" }, { ip: running.ip }],
    conditions: [
      condition("Initialized", "True"),
      condition("ContainersReady", ready),
      condition("Ready", ready),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: "",
      ready: state === "ready",
      started: true,
      restartCount: 0,
      state: ended
        ? { terminated: { exitCode, startedAt: now, finishedAt: now } }
        : { running: { startedAt: now } },
    })),
  }
}
