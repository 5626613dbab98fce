import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"

/** What the container runtime last showed of one pod. Times are milliseconds since the epoch, 0 when they have not come. */
export interface RuntimePod {
  /** The newest first. */
  readonly sandboxes: readonly RuntimeSandbox[]
  /** All attempts of all containers, the newest first. */
  readonly containers: readonly RuntimeContainer[]
}

export interface RuntimeSandbox {
  readonly id: string
  readonly attempt: number
  readonly ready: boolean
  readonly createdAtMs: number
  /** Empty for pods on the host's network. */
  readonly ips: readonly string[]
}

export interface RuntimeContainer {
  readonly id: string
  readonly name: string
  readonly sandboxId: string
  /** The number of restarts before it. */
  readonly attempt: number
  readonly state: "created" | "running" | "exited" | "unknown"
  readonly createdAtMs: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly exitCode: number
  readonly reason: string
  readonly message: string
  readonly image: string
  readonly imageRef: string
  /** Of the part of its specification that cannot change while it runs; see hashContainer. */
  readonly specHash: string
  readonly logPath: string
  /** Requests and limits that it was given, at its start or by a resize since. */
  readonly resources: ResourceRequirements
  /** Those that its pod as a whole was given by then. @default none */
  readonly podResources?: ResourceRequirements
  readonly user?: {
    readonly uid: number
    readonly gid: number
    readonly supplementalGroups: readonly number[]
  }
}

export const noRuntimePod: RuntimePod = { sandboxes: [], containers: [] }

/** The sandbox in which the pod's containers run or should run; older ones are on their way out. */
export function currentSandbox(runtime: RuntimePod): RuntimeSandbox | undefined {
  return runtime.sandboxes[0]
}

/** The newest attempt of a container, in whatever sandbox. */
export function newestContainer(runtime: RuntimePod, name: string): RuntimeContainer | undefined {
  return runtime.containers.find((container) => container.name === name)
}

export function runningContainers(runtime: RuntimePod): readonly RuntimeContainer[] {
  return runtime.containers.filter(({ state }) => state === "running")
}

/** `runtime` with one container's new state in the place of what was known of it. */
export function withContainer(runtime: RuntimePod, container: RuntimeContainer): RuntimePod {
  const others = runtime.containers.filter(({ id }) => id !== container.id)
  return { ...runtime, containers: [container, ...others].sort(byAge) }
}

export function withoutContainers(runtime: RuntimePod, ids: readonly string[]): RuntimePod {
  return { ...runtime, containers: runtime.containers.filter(({ id }) => !ids.includes(id)) }
}

export function withSandbox(runtime: RuntimePod, sandbox: RuntimeSandbox): RuntimePod {
  const others = runtime.sandboxes.filter(({ id }) => id !== sandbox.id)
  return { ...runtime, sandboxes: [sandbox, ...others].sort(byAge) }
}

/** Newest first; attempts decide where two were made in the same millisecond. */
function byAge(
  a: { createdAtMs: number; attempt: number },
  b: { createdAtMs: number; attempt: number },
): number {
  return b.createdAtMs - a.createdAtMs || b.attempt - a.attempt
}

export function sortRuntimePod(runtime: RuntimePod): RuntimePod {
  return {
    sandboxes: [...runtime.sandboxes].sort(byAge),
    containers: [...runtime.containers].sort(byAge),
  }
}
