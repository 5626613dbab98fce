import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { CrashBackoff } from "./crash-backoff.ts"
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from "./runtime-pod.ts"

/**
 * What a kubelet knows and does about one pod: a value, changed by `step` alone. The shell (pod-worker.ts) feeds it inputs
 * and performs the effects it asks for; work that is under way is part of the state, so that nothing is asked for twice.
 *
 * Invariant: the stage only moves forward: syncing -> terminating -> terminated -> finished (rejected stands aside).
 * Invariant: at most one container is being started at a time; order of the specification is order of start.
 * Invariant: nothing is started unless the stage is syncing.
 * Invariant: the sandbox is stopped only after every container has stopped.
 */
export interface PodState {
  /** As the API last showed it. */
  readonly pod: Pod
  readonly stage: Stage
  readonly runtime: RuntimePod
  readonly setup: Setup
  readonly sandbox: SandboxWork
  /** What is under way or went wrong, by container name; absent: nothing. */
  readonly containers: Readonly<Record<string, ContainerWork>>
  readonly backoffs: Readonly<Record<string, CrashBackoff>>
  /** What probes say, by container id. */
  readonly probes: Readonly<Record<string, ProbeResults>>
  /** Why new requests and limits cannot be given to it now. */
  readonly resizePending?: ResizePending
  /** The specification's generation whose requests and limits have their place here and are being given to its containers. */
  readonly resizingGeneration?: number
  /** One of its containers has ended in a way that means that all begin anew, and some are still there. */
  readonly restartingAll?: boolean
  /** How often each container had begun when all were removed for that, by name: the runtime knows nothing of it. */
  readonly restarts?: Readonly<Record<string, number>>
  /** When the pod was first seen here. */
  readonly startedAtMs: number
}

export type Stage =
  /** It never ran: the node has no place for it. Ends when it is deleted. */
  | { readonly kind: "rejected"; readonly reason: string; readonly message: string }
  /** Its containers should run. Ends when it is deleted, evicted, out of time, or has done its work. */
  | { readonly kind: "syncing" }
  /** Its containers are being stopped. Ends when none runs and the sandbox is gone. */
  | Terminating
  /** Nothing of it runs. Ends when volumes, cgroups and addresses are given back. */
  | { readonly kind: "terminated"; readonly cause: TerminationCause; readonly cleaning: boolean }
  /** Nothing of it is left on the node but logs and dead containers. Ends with its deletion from the API. */
  | { readonly kind: "finished"; readonly cause: TerminationCause; readonly deleting: boolean }

export interface Terminating {
  readonly kind: "terminating"
  readonly cause: TerminationCause
  readonly sinceMs: number
  /** May be lowered while it terminates, never raised. */
  readonly gracePeriodSeconds: number
}

export type TerminationCause =
  /** The API object has a deletionTimestamp. */
  | { readonly kind: "deleted" }
  /** The API object is gone: nobody is left to be told. */
  | { readonly kind: "gone" }
  /** All containers have ended and none will be started again. */
  | { readonly kind: "completed" }
  /** The kubelet ends it: eviction, deadline, node shutdown. Its phase becomes Failed. */
  | {
      readonly kind: "evicted"
      readonly reason: string
      readonly message: string
      readonly condition?: EvictionCondition
    }

/** The DisruptionTarget condition that some evictions leave. */
export interface EvictionCondition {
  readonly reason: string
  readonly message: string
}

/** Volumes, cgroups and directories. */
export type Setup =
  | { readonly kind: "none" }
  | { readonly kind: "preparing" }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly retryAtMs: number }

export type SandboxWork =
  | { readonly kind: "idle" }
  | { readonly kind: "starting"; readonly attempt: number }
  | { readonly kind: "stopping" }
  /** All that were there have been stopped, and nobody has asked for a new one since. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly retryAtMs: number }

export type ContainerWork =
  /** Image, creation, start, postStart hook. */
  | { readonly kind: "starting"; readonly attempt: number; readonly abandoned?: boolean }
  | { readonly kind: "stopping"; readonly id: string; readonly gracePeriodSeconds: number }
  /** Its requests and limits are being changed while it runs. */
  | { readonly kind: "resizing"; readonly id: string }
  /** It could not be started; `reason` and `message` are what its status shows while it waits. */
  | { readonly kind: "failed"; readonly reason: string; readonly message: string; readonly retryAtMs: number }
  /** It ended too often: it waits for `untilMs`. */
  | { readonly kind: "backingOff"; readonly untilMs: number; readonly message: string }

export interface ResizePending {
  /** Deferred: later perhaps, when others have gone. Infeasible: never on this node. Error: the runtime did not do it. */
  readonly reason: "Deferred" | "Infeasible" | "Error"
  readonly message: string
  /** Of the specification that was judged. */
  readonly generation: number
  /** When it is tried again, after an error. @default with the next change, or when others have gone */
  readonly retryAtMs?: number
}

export interface ProbeResults {
  readonly startup?: ProbeResult
  readonly readiness?: ProbeResult
  readonly liveness?: ProbeResult
}

export interface ProbeResult {
  readonly success: boolean
  readonly message: string
}

export type ProbeType = keyof ProbeResults

export type PodInput =
  | { readonly kind: "podChanged"; readonly pod: Pod }
  | { readonly kind: "podGone" }
  /** The runtime was asked for everything it has of the pod. */
  | { readonly kind: "observed"; readonly runtime: RuntimePod }
  | { readonly kind: "containerObserved"; readonly container: RuntimeContainer }
  | { readonly kind: "containersRemoved"; readonly ids: readonly string[] }
  | { readonly kind: "setupDone" }
  | { readonly kind: "setupFailed"; readonly retryAtMs: number }
  | { readonly kind: "sandboxStarted"; readonly sandbox: RuntimeSandbox }
  | { readonly kind: "sandboxFailed"; readonly retryAtMs: number }
  /** Every sandbox has been stopped; `runtime` is what is left. */
  | { readonly kind: "sandboxStopped"; readonly runtime: RuntimePod }
  | { readonly kind: "startDone"; readonly name: string }
  | {
      readonly kind: "startFailed"
      readonly name: string
      readonly reason: string
      readonly message: string
      readonly retryAtMs: number
    }
  | { readonly kind: "stopDone"; readonly name: string; readonly id: string }
  | {
      readonly kind: "resized"
      readonly name: string
      readonly id: string
      readonly resources: ResourceRequirements
      /** Of the pod as a whole. */
      readonly podResources: ResourceRequirements
    }
  | { readonly kind: "resizeFailed"; readonly name: string; readonly pending: ResizePending }
  /** Whether the node has room for what the specification of this generation asks for; `pending` says why not. */
  | { readonly kind: "resizeJudged"; readonly generation: number; readonly pending?: ResizePending }
  | { readonly kind: "cleaned" }
  | { readonly kind: "cleanFailed" }
  | { readonly kind: "deleteFailed" }
  | { readonly kind: "probed"; readonly id: string; readonly probe: ProbeType; readonly result: ProbeResult }
  | {
      readonly kind: "evict"
      readonly reason: string
      readonly message: string
      readonly gracePeriodSeconds?: number
      readonly condition?: EvictionCondition
    }
  /** Time has come for something the state waits for. */
  | { readonly kind: "timer" }
  /** Something it waits for may be there now (a ConfigMap was created): what failed is tried again at once. */
  | { readonly kind: "retryNow" }

export type PodEffect =
  | { readonly kind: "prepare" }
  | { readonly kind: "startSandbox"; readonly attempt: number }
  | { readonly kind: "stopSandboxes" }
  | {
      readonly kind: "startContainer"
      readonly name: string
      readonly attempt: number
      readonly sandboxId: string
    }
  | {
      readonly kind: "stopContainer"
      readonly name: string
      readonly id: string
      readonly gracePeriodSeconds: number
      /** For the Killing event. */
      readonly message: string
    }
  /** Ends a start that is under way, as far as it can be ended. */
  | { readonly kind: "abandonStart"; readonly name: string }
  /** Asks whether the node has room for the requests and limits of the specification. */
  | { readonly kind: "judgeResize" }
  /** Gives a running container the requests and limits of its specification. */
  | { readonly kind: "resizeContainer"; readonly name: string; readonly id: string }
  | { readonly kind: "removeContainers"; readonly containers: readonly RemovedContainer[] }
  | { readonly kind: "removeSandboxes"; readonly ids: readonly string[] }
  /** Gives back what the node held for it: volumes, cgroups, addresses. */
  | { readonly kind: "cleanUp" }
  /** Deletes the API object, for good. */
  | { readonly kind: "deletePod" }
  | {
      readonly kind: "event"
      readonly type: "Normal" | "Warning"
      readonly reason: string
      readonly message: string
      readonly container?: string
    }
  /** Nobody will ask again: dead containers and logs go too, and the worker ends. */
  | { readonly kind: "forget" }

/** With its log, which only the kubelet removes. */
export interface RemovedContainer {
  readonly id: string
  readonly logPath: string
}

export interface Step {
  readonly state: PodState
  /** In the order in which they must be begun. */
  readonly effects: readonly PodEffect[]
  /** When to call again with a timer input, if nothing happens before. */
  readonly wakeAtMs?: number
}
