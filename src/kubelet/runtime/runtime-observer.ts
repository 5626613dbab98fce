import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import {
  type ContainerStatus,
  isRuntimeError,
  type PodSandboxStatus,
  type RuntimeService,
} from "../../container-runtime/cri.ts"
import {
  containerHashAnnotation,
  containerNameLabel,
  podResourcesAnnotation,
  podUidLabel,
  resourcesAnnotation,
  terminationMessagePathAnnotation,
  terminationMessagePolicyAnnotation,
} from "../containers/runtime-labels.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import type { ContainerFiles, ContainerLogs } from "../node-host.ts"
import {
  noRuntimePod,
  type RuntimeContainer,
  type RuntimePod,
  type RuntimeSandbox,
  sortRuntimePod,
} from "../pods/runtime-pod.ts"

export interface RuntimeObserverOptions {
  readonly runtime: RuntimeService
  readonly clock: Clock
  readonly log: Logger
  readonly files: ContainerFiles
  readonly logs: ContainerLogs
}

const fallbackLines = 80
const fallbackBytes = 2048

/** Reads what the container runtime has, as the state machine sees it. */
export class RuntimeObserver {
  readonly #options: RuntimeObserverOptions

  constructor(options: RuntimeObserverOptions) {
    this.#options = options
  }

  /** Everything of every pod, by uid. `known` saves asking again for what cannot change: containers that have ended. */
  async observeAll(known: (podUid: string) => RuntimePod | undefined): Promise<Map<string, RuntimePod>> {
    const { runtime } = this.#options
    const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()])
    const uids = new Set([...sandboxes, ...containers].map(({ labels }) => labels[podUidLabel] ?? ""))
    uids.delete("")
    const pods = new Map<string, RuntimePod>()
    for (const uid of uids) {
      const before = known(uid) ?? noRuntimePod
      const mine = ({ labels }: { labels: Record<string, string> }) => labels[podUidLabel] === uid
      const sandboxesNow = await Promise.all(
        sandboxes.filter(mine).map(async (sandbox) => {
          const old = before.sandboxes.find(({ id }) => id === sandbox.id)
          const ready = sandbox.state === "SANDBOX_READY"
          if (old?.ready === ready) return old
          return this.observeSandbox(sandbox.id)
        }),
      )
      const containersNow = await Promise.all(
        containers.filter(mine).map(async (container) => {
          const old = before.containers.find(({ id }) => id === container.id)
          if (old && old.state === stateOf(container.state)) return old
          return this.observeContainer(container.id, container.podSandboxId)
        }),
      )
      pods.set(
        uid,
        sortRuntimePod({
          sandboxes: sandboxesNow.filter((sandbox) => sandbox !== undefined),
          containers: containersNow.filter((container) => container !== undefined),
        }),
      )
    }
    return pods
  }

  /** Everything of one pod. */
  async observePod(podUid: string): Promise<RuntimePod> {
    const { runtime } = this.#options
    const labelSelector = { [podUidLabel]: podUid }
    const [sandboxes, containers] = await Promise.all([
      runtime.listPodSandboxes({ labelSelector }),
      runtime.listContainers({ labelSelector }),
    ])
    const [sandboxesNow, containersNow] = await Promise.all([
      Promise.all(sandboxes.map(({ id }) => this.observeSandbox(id))),
      Promise.all(containers.map(({ id, podSandboxId }) => this.observeContainer(id, podSandboxId))),
    ])
    return sortRuntimePod({
      sandboxes: sandboxesNow.filter((sandbox) => sandbox !== undefined),
      containers: containersNow.filter((container) => container !== undefined),
    })
  }

  /** Undefined when it has been removed meanwhile. */
  async observeSandbox(id: string): Promise<RuntimeSandbox | undefined> {
    const status = await this.#options.runtime.podSandboxStatus(id).catch(ignoreGone)
    return status && toRuntimeSandbox(status)
  }

  /** Undefined when it has been removed meanwhile. */
  async observeContainer(id: string, sandboxId: string): Promise<RuntimeContainer | undefined> {
    const status = await this.#options.runtime.containerStatus(id).catch(ignoreGone)
    return status && this.#toRuntimeContainer(status, sandboxId)
  }

  /** After a hint that it has ended: the runtime may take a moment to show it. */
  async observeExit(id: string, sandboxId: string): Promise<RuntimeContainer | undefined> {
    for (let waitMs = 5; ; waitMs *= 2) {
      const container = await this.observeContainer(id, sandboxId)
      if (container?.state !== "running" || waitMs > 2000) return container
      await sleep(this.#options.clock, waitMs)
    }
  }

  async #toRuntimeContainer(status: ContainerStatus, sandboxId: string): Promise<RuntimeContainer> {
    const state = stateOf(status.state)
    const podResources = status.annotations[podResourcesAnnotation]
    return {
      id: status.id,
      name: status.labels[containerNameLabel] ?? status.metadata.name,
      sandboxId,
      attempt: status.metadata.attempt,
      state,
      createdAtMs: milliseconds(status.createdAt),
      startedAtMs: milliseconds(status.startedAt),
      finishedAtMs: milliseconds(status.finishedAt),
      exitCode: status.exitCode,
      reason: status.reason,
      message: state === "exited" ? await this.#terminationMessage(status) : status.message,
      image: status.image,
      imageRef: status.imageRef,
      specHash: status.annotations[containerHashAnnotation] ?? "",
      logPath: status.logPath,
      resources: JSON.parse(status.annotations[resourcesAnnotation] ?? "{}") as ResourceRequirements,
      ...(podResources && { podResources: JSON.parse(podResources) as ResourceRequirements }),
      ...(status.user && { user: status.user }),
    }
  }

  /** What the container left in its file, or the end of its log where it wants that, else what the runtime says. */
  async #terminationMessage({
    id,
    annotations,
    mounts,
    message,
    exitCode,
    logPath,
  }: ContainerStatus): Promise<string> {
    const { files, logs, log } = this.#options
    const path = annotations[terminationMessagePathAnnotation]
    const hostPath = mounts.find(({ containerPath }) => containerPath === path)?.hostPath
    try {
      const text = hostPath ? await files.readTerminationMessage(hostPath) : ""
      if (text !== "") return text
      const fallsBack = annotations[terminationMessagePolicyAnnotation] === "FallbackToLogsOnError"
      if (fallsBack && exitCode !== 0) {
        const source = { containerId: id, path: logPath, ended: Promise.resolve() }
        return await logs.tail(source, fallbackLines, fallbackBytes)
      }
    } catch (error) {
      log.debug("no termination message", { container: id, error })
    }
    return message
  }
}

export function toRuntimeSandbox({ id, metadata, state, createdAt, ips }: PodSandboxStatus): RuntimeSandbox {
  return {
    id,
    attempt: metadata.attempt,
    ready: state === "SANDBOX_READY",
    createdAtMs: milliseconds(createdAt),
    ips,
  }
}

const states = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
  CONTAINER_UNKNOWN: "unknown",
} as const

function stateOf(state: ContainerStatus["state"]): RuntimeContainer["state"] {
  return states[state]
}

function milliseconds(nanoseconds: number): number {
  return Math.floor(nanoseconds / 1_000_000)
}

function ignoreGone(error: unknown): undefined {
  if (isRuntimeError(error, "NotFound")) return undefined
  throw error
}
