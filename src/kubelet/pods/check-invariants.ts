import type { PodEffect, PodState } from "./pod-state.ts"
import { runningContainers } from "./runtime-pod.ts"

const order = ["syncing", "terminating", "terminated", "finished"]

/** The invariants of PodState, for tests and simulations to call after every step. Throws with what is wrong. */
export function checkInvariants(before: PodState, after: PodState, effects: readonly PodEffect[]): void {
  const from = order.indexOf(before.stage.kind)
  const to = order.indexOf(after.stage.kind)
  if (from >= 0 && to >= 0 && to < from)
    throw new Error(`the stage went back from ${before.stage.kind} to ${after.stage.kind}`)

  const starting = Object.entries(after.containers).filter(([, work]) => work.kind === "starting")
  if (starting.length > 1)
    throw new Error(
      `${starting.length} containers are being started: ${starting.map(([name]) => name).join(", ")}`,
    )

  const startsSomething = effects.some(({ kind }) => kind === "startContainer" || kind === "startSandbox")
  if (startsSomething && after.stage.kind !== "syncing")
    throw new Error(`something is started in a pod that is ${after.stage.kind}`)

  const stopsSandbox = effects.some(({ kind }) => kind === "stopSandboxes")
  const running = runningContainers(after.runtime)
  if (stopsSandbox && after.stage.kind === "terminating" && running.length > 0)
    throw new Error(`the sandbox is stopped while ${running.length} containers run`)

  if (after.stage.kind === "terminated" && running.length > 0)
    throw new Error(`the pod is terminated while ${running.length} containers run`)
}
