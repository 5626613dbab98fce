import { type Clock, sleep } from "../../base/clock.ts"
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
  /** Resolves when others that must have gone before have gone, or its signal aborts. @default it has not to wait */
  readonly turn?: (signal: AbortSignal) => Promise<void>
}

const minimumSeconds = 2

/** preStop hook, its turn, stop signal, and SIGKILL when the grace period is over. The hook's time counts, and the wait. */
export async function stopContainer(services: KubeletServices, stop: ContainerStop): Promise<void> {
  const { clock, runtime } = services
  const startedMs = clock.monotonic()
  const leftSeconds = () => stop.gracePeriodSeconds - Math.floor((clock.monotonic() - startedMs) / 1000)
  if (stop.runsHook) await runPreStop(services, stop)
  if (stop.turn && leftSeconds() > 0)
    await withinSeconds(clock, leftSeconds(), stop.signal, (signal) => stop.turn!(signal))
  if (stop.signal.aborted) return
  await runtime.stopContainer(stop.id, Math.max(leftSeconds(), minimumSeconds), stop.signal)
}

/** Does `work` with a signal that aborts after so long, or with `signal`. */
async function withinSeconds(
  clock: Clock,
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const patience = new AbortController()
  const giveUp = () => patience.abort()
  signal.addEventListener("abort", giveUp, { once: true })
  void sleep(clock, seconds * 1000, patience.signal).then(giveUp)
  try {
    await work(patience.signal)
  } finally {
    patience.abort()
    signal.removeEventListener("abort", giveUp)
  }
}

async function runPreStop(services: KubeletServices, stop: ContainerStop): Promise<void> {
  const container = findPodContainer(stop.pod, stop.name)?.spec
  const handler = container?.lifecycle?.preStop
  if (!container || !handler) return
  const target = { pod: stop.pod, container, containerId: stop.id, podIp: stop.podIp }
  try {
    await withinSeconds(services.clock, stop.gracePeriodSeconds, stop.signal, (signal) =>
      services.hooks.run(handler, target, signal),
    )
  } catch (error) {
    services.log.debug("preStop hook failed", { pod: stop.pod.metadata.name, container: stop.name, error })
    if (!stop.signal.aborted) stop.event("Warning", "FailedPreStopHook", "PreStopHook failed")
  }
}
