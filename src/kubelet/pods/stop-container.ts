import { sleep } from "../../base/clock.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { findPodContainer } from "./pod-containers.ts"

export interface ContainerStop {
  readonly pod: Pod
  readonly name: string
  readonly id: string
  readonly gracePeriodSeconds: number
  readonly podIp: string
  /** A stop with less patience has taken this one's place. */
  readonly signal: AbortSignal
  readonly event: (type: "Normal" | "Warning", reason: string, message: string) => void
  /** The preStop hook runs in the first of several stops only. */
  readonly runsHook: boolean
}

const minimumSeconds = 2

/** preStop hook, stop signal, and SIGKILL when the grace period is over. The hook's time counts. */
export async function stopContainer(services: KubeletServices, stop: ContainerStop): Promise<void> {
  const { clock, runtime } = services
  const startedMs = clock.monotonic()
  if (stop.runsHook) await runPreStop(services, stop)
  if (stop.signal.aborted) return
  const usedSeconds = Math.floor((clock.monotonic() - startedMs) / 1000)
  const leftSeconds = Math.max(stop.gracePeriodSeconds - usedSeconds, minimumSeconds)
  await runtime.stopContainer(stop.id, leftSeconds, stop.signal)
}

async function runPreStop(services: KubeletServices, stop: ContainerStop): Promise<void> {
  const container = findPodContainer(stop.pod, stop.name)?.spec
  const handler = container?.lifecycle?.preStop
  if (!container || !handler) return
  const patience = new AbortController()
  const giveUp = () => patience.abort()
  stop.signal.addEventListener("abort", giveUp, { once: true })
  void sleep(services.clock, stop.gracePeriodSeconds * 1000, patience.signal).then(giveUp)
  try {
    const target = { pod: stop.pod, container, containerId: stop.id, podIp: stop.podIp }
    await services.hooks.run(handler, target, patience.signal)
  } catch (error) {
    services.log.debug("preStop hook failed", { pod: stop.pod.metadata.name, container: stop.name, error })
    if (!stop.signal.aborted) stop.event("Warning", "FailedPreStopHook", "PreStopHook failed")
  } finally {
    patience.abort()
    stop.signal.removeEventListener("abort", giveUp)
  }
}
