import { parseDuration } from "../../apimachinery/duration.ts"
import { quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import type { ContainerConfig, PodSandboxConfig } from "../cri.ts"

/** What a simulated container does with its life. Durations are milliseconds. */
export interface ContainerProfile {
  /** How long StartContainer takes. */
  readonly startDelayMs: number
  /** When it ends by itself, counted from its start. Absent: never. */
  readonly runForMs?: number
  readonly exitCode: number
  /** It ends because it asked for more memory than it may have. */
  readonly outOfMemory: boolean
  /** How long it takes to end after the stop signal. */
  readonly stopDelayMs: number
  /** When probes of it begin to succeed, counted from its start. */
  readonly readyAfterMs: number
  /** When probes of it begin to fail again. Absent: never. */
  readonly unreadyAfterMs?: number
  /** What it uses, for stats. */
  readonly cpuNanoCores: number
  readonly memoryBytes: number
  /** What it writes to its log when it starts. */
  readonly log: string
}

export type ProfileOf = (sandbox: PodSandboxConfig, container: ContainerConfig) => ContainerProfile

export const steadyProfile: ContainerProfile = {
  startDelayMs: 0,
  exitCode: 0,
  outOfMemory: false,
  stopDelayMs: 0,
  readyAfterMs: 0,
  cpuNanoCores: 1_000_000,
  memoryBytes: 8 << 20,
  log: "",
}

export const profilePrefix = "simulation.coracle.dev/"

/**
 * Reads a profile from the pod's annotations. Names may be for one container, "web.run-for", or for all, "run-for":
 * start-delay, run-for, exit-code, out-of-memory, stop-delay, ready-after, unready-after, cpu, memory, log. Durations are
 * written as in Go, "1m30s"; amounts as quantities, "100m". Several exit codes are for one start after the other, the last for
 * all that follow. A name for one index of a Job comes before the general one: "index-2.exit-code".
 *
 * @example
 * simulation.coracle.dev/run-for: 30s       # a job's pod: ends after half a minute
 * simulation.coracle.dev/web.exit-code: "1" # with restartPolicy Always: a crash loop
 * simulation.coracle.dev/exit-code: "1 0"   # fails once
 */
export const profileFromAnnotations: ProfileOf = (sandbox, container) => {
  const index = sandbox.annotations["batch.kubernetes.io/job-completion-index"]
  const find = (name: string): string | undefined =>
    sandbox.annotations[`${profilePrefix}${container.metadata.name}.${name}`] ??
    sandbox.annotations[`${profilePrefix}index-${index}.${name}`] ??
    sandbox.annotations[`${profilePrefix}${name}`]
  const duration = (name: string): number | undefined => {
    const text = find(name)
    return text === undefined ? undefined : parseDuration(text)
  }
  const exitCodes = find("exit-code")?.split(" ")
  const exitCode = exitCodes?.[container.metadata.attempt] ?? exitCodes?.at(-1)
  const outOfMemory = find("out-of-memory") === "true"
  // Whoever says how it ends, but not when, means: soon.
  const runForMs = duration("run-for") ?? (exitCode !== undefined || outOfMemory ? 1000 : undefined)
  const unreadyAfterMs = duration("unready-after")
  return {
    startDelayMs: duration("start-delay") ?? steadyProfile.startDelayMs,
    ...(runForMs !== undefined && { runForMs }),
    exitCode: outOfMemory ? 137 : Number(exitCode ?? 0),
    outOfMemory,
    stopDelayMs: duration("stop-delay") ?? steadyProfile.stopDelayMs,
    readyAfterMs: duration("ready-after") ?? steadyProfile.readyAfterMs,
    ...(unreadyAfterMs !== undefined && { unreadyAfterMs }),
    cpuNanoCores: quantityMilliValue(find("cpu") ?? "1m") * 1_000_000,
    memoryBytes: quantityValue(find("memory") ?? steadyProfile.memoryBytes),
    log: find("log") ?? steadyProfile.log,
  }
}
