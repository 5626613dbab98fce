import type { Probe } from "../../api/core/v1/probe.ts"
import type { ProbeType } from "../pods/pod-state.ts"

/** What one try of a probe gave. `unknown`: it could not be tried, which says nothing about the container. */
export interface ProbeOutcome {
  readonly kind: "success" | "failure" | "unknown"
  readonly message: string
  /** Nobody listens at the port: the program may not be up yet. */
  readonly refused?: boolean
  /** It passed, but people should know how. */
  readonly isWarning?: boolean
}

/** How often in a row a probe gave the same answer, and which answer counts. */
export interface ProbeCounter {
  readonly inARow: number
  readonly last: boolean | undefined
  /** What the container is held to be; undefined until a threshold was reached for the first time. */
  readonly result: boolean | undefined
}

/** Before the first answers: alive, but neither ready nor started. */
export const newProbeCounter: ProbeCounter = { inARow: 0, last: undefined, result: undefined }

/** Takes an answer in. The result changes when the threshold of equal answers in a row is reached. */
export function countProbe(counter: ProbeCounter, success: boolean, probe: Probe): ProbeCounter {
  const inARow = counter.last === success ? counter.inARow + 1 : 1
  const threshold = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  return { inARow, last: success, result: inARow >= threshold ? success : counter.result }
}

/** A container that is not alive or did not start is about to be killed: asking on makes no sense. */
export function isProbeOver(type: ProbeType, { result }: ProbeCounter): boolean {
  return type === "startup" ? result !== undefined : type === "liveness" && result === false
}
