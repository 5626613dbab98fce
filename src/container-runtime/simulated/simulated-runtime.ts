import { type Clock, sleep, type Timer } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import * as cri from "../cri.ts"
import { EventBroadcast } from "./event-broadcast.ts"
import { type ContainerProfile, type ProfileOf, profileFromAnnotations } from "./profile.ts"

export interface SimulatedRuntimeOptions {
  readonly clock: Clock
  readonly random: Random
  /** What containers do. @default as their pod's annotations say */
  readonly profileOf?: ProfileOf
  /** An address for a new pod. Called once per sandbox that is not on the host's network. */
  readonly assignIp: (sandbox: cri.PodSandboxMetadata) => string
  /** How long RunPodSandbox takes. @default 0 */
  readonly sandboxDelayMs?: number
  /** What it says that it can do. @default nothing */
  readonly handlers?: readonly cri.RuntimeHandler[]
}

interface SimulatedContainer {
  readonly id: string
  readonly sandboxId: string
  readonly config: cri.ContainerConfig
  readonly profile: ContainerProfile
  readonly createdAt: number
  state: cri.ContainerState
  startedAt: number
  finishedAt: number
  exitCode: number
  reason: string
  end?: Timer
  /** Resolved when it has exited. */
  readonly exited: (() => void)[]
}

interface SimulatedSandbox {
  readonly id: string
  readonly config: cri.PodSandboxConfig
  readonly runtimeHandler: string
  readonly createdAt: number
  readonly ips: string[]
  state: cri.SandboxState
}

const nanoseconds = 1_000_000

/**
 * A container runtime that runs nothing: containers are objects that change state when the clock says so. It keeps the
 * contract of the real one (contract-suite.ts), costs one timer per container that ends by itself and none otherwise, and
 * does no input or output.
 */
export class SimulatedRuntime implements cri.RuntimeService {
  readonly #options: SimulatedRuntimeOptions
  readonly #profileOf: ProfileOf
  readonly #sandboxes = new Map<string, SimulatedSandbox>()
  readonly #containers = new Map<string, SimulatedContainer>()
  readonly #events = new EventBroadcast<cri.RuntimeEvent>()

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options
    this.#profileOf = options.profileOf ?? profileFromAnnotations
  }

  async version(): Promise<cri.RuntimeVersion> {
    return { version: "0.1.0", runtimeName: "simulated", runtimeVersion: "1", runtimeApiVersion: "v1" }
  }

  async status(): Promise<cri.RuntimeStatus> {
    const ready = (type: string) => ({ type, status: true, reason: "", message: "" })
    return {
      conditions: [ready("RuntimeReady"), ready("NetworkReady")],
      runtimeHandlers: [...(this.#options.handlers ?? [])],
      supplementalGroupsPolicy: true,
    }
  }

  // Sandboxes

  async runPodSandbox(config: cri.PodSandboxConfig, runtimeHandler = ""): Promise<string> {
    const { clock, sandboxDelayMs = 0 } = this.#options
    for (const other of this.#sandboxes.values()) {
      const { uid, attempt } = other.config.metadata
      if (uid === config.metadata.uid && attempt === config.metadata.attempt)
        throw new cri.RuntimeError(
          "Unknown",
          `failed to reserve sandbox name: it is reserved for "${other.id}"`,
        )
    }
    if (sandboxDelayMs > 0) await sleep(clock, sandboxDelayMs)
    const onHost = config.linux?.securityContext?.namespaceOptions?.network === "NODE"
    const id = this.#newId()
    this.#sandboxes.set(id, {
      id,
      config,
      runtimeHandler,
      createdAt: this.#now(),
      ips: onHost ? [] : [this.#options.assignIp(config.metadata)],
      state: "SANDBOX_READY",
    })
    this.#events.tell({ type: "started", id })
    return id
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (!sandbox) return
    for (const container of this.#containersOf(id)) this.#exit(container, 137, "Error")
    if (sandbox.state === "SANDBOX_NOTREADY") return
    sandbox.state = "SANDBOX_NOTREADY"
    this.#events.tell({ type: "exited", id })
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id)
    for (const container of this.#containersOf(id)) this.#containers.delete(container.id)
    if (this.#sandboxes.delete(id)) this.#events.tell({ type: "deleted", id })
  }

  async podSandboxStatus(id: string): Promise<cri.PodSandboxStatus> {
    const sandbox = this.#sandboxes.get(id)
    if (!sandbox) throw notFound("sandbox", id)
    return {
      ...toPodSandbox(sandbox),
      ips: sandbox.state === "SANDBOX_READY" ? sandbox.ips : [],
      network: sandbox.config.linux?.securityContext?.namespaceOptions?.network ?? "POD",
    }
  }

  async listPodSandboxes(filter: cri.SandboxFilter = {}): Promise<readonly cri.PodSandbox[]> {
    return Array.from(this.#sandboxes.values(), toPodSandbox).filter(
      ({ id, state, labels }) =>
        (!filter.id || id === filter.id) &&
        (!filter.state || state === filter.state) &&
        hasLabels(labels, filter.labelSelector),
    )
  }

  // Containers

  async createContainer(sandboxId: string, config: cri.ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox) throw notFound("sandbox", sandboxId)
    if (sandbox.state !== "SANDBOX_READY")
      throw new cri.RuntimeError("Unknown", `sandbox container "${sandboxId}" is not running`)
    for (const other of this.#containersOf(sandboxId)) {
      const { name, attempt } = other.config.metadata
      if (name === config.metadata.name && attempt === config.metadata.attempt)
        throw new cri.RuntimeError(
          "Unknown",
          `failed to reserve container name: it is reserved for "${other.id}"`,
        )
    }
    const id = this.#newId()
    this.#containers.set(id, {
      id,
      sandboxId,
      config,
      profile: this.#profileOf(sandbox.config, config),
      createdAt: this.#now(),
      state: "CONTAINER_CREATED",
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: "",
      exited: [],
    })
    return id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id)
    if (container.state !== "CONTAINER_CREATED")
      throw new cri.RuntimeError("Unknown", `container is in ${container.state} state`)
    const { profile } = container
    if (profile.startDelayMs > 0) await sleep(this.#options.clock, profile.startDelayMs)
    if (!this.#containers.has(id)) throw notFound("container", id)
    container.state = "CONTAINER_RUNNING"
    container.startedAt = this.#now()
    if (profile.runForMs !== undefined) {
      const reason = profile.outOfMemory ? "OOMKilled" : profile.exitCode === 0 ? "Completed" : "Error"
      container.end = this.#options.clock.after(profile.runForMs, () => {
        if (profile.outOfMemory) this.#events.tell({ type: "oom", id })
        this.#exit(container, profile.exitCode, reason)
      })
    }
    this.#events.tell({ type: "started", id })
  }

  async stopContainer(id: string, timeoutSeconds: number, signal?: AbortSignal): Promise<void> {
    const container = this.#containers.get(id)
    if (!container || container.state !== "CONTAINER_RUNNING") {
      if (container?.state === "CONTAINER_CREATED") this.#exit(container, 0, "Completed")
      return
    }
    const { stopDelayMs } = container.profile
    const graceMs = timeoutSeconds * 1000
    const killed = stopDelayMs > graceMs
    const waitMs = Math.min(stopDelayMs, graceMs)
    if (waitMs > 0) await this.#waitForExit(container, waitMs, signal)
    if (signal?.aborted) throw new cri.RuntimeError("Canceled", "context canceled")
    // A process that handles SIGTERM ends with the code it chooses: 0 here. One that is killed has 128 + 9.
    this.#exit(container, killed ? 137 : 0, killed ? "Error" : "Completed")
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id)
    if (!container) return
    this.#exit(container, 137, "Error")
    this.#containers.delete(id)
    this.#events.tell({ type: "deleted", id })
  }

  async containerStatus(id: string): Promise<cri.ContainerStatus> {
    const container = this.#container(id)
    const { config } = container
    return {
      id,
      metadata: config.metadata,
      state: container.state,
      createdAt: container.createdAt,
      startedAt: container.startedAt,
      finishedAt: container.finishedAt,
      exitCode: container.exitCode,
      image: config.image.userSpecifiedImage ?? config.image.image,
      imageRef: config.image.image,
      imageId: config.image.image,
      reason: container.reason,
      message: "",
      labels: config.labels,
      annotations: config.annotations,
      mounts: config.mounts ?? [],
      logPath: `${this.#sandboxes.get(container.sandboxId)?.config.logDirectory ?? ""}/${config.logPath ?? ""}`,
      ...(config.linux?.resources && { resources: config.linux.resources }),
    }
  }

  async listContainers(filter: cri.ContainerFilter = {}): Promise<readonly cri.Container[]> {
    return this.#select(filter).map(({ id, sandboxId, config, state, createdAt }) => ({
      id,
      podSandboxId: sandboxId,
      metadata: config.metadata,
      state,
      createdAt,
      imageRef: config.image.image,
      labels: config.labels,
      annotations: config.annotations,
    }))
  }

  async updateContainerResources(id: string, resources: cri.LinuxContainerResources): Promise<void> {
    const { config } = this.#container(id)
    config.linux = { ...config.linux, resources: { ...config.linux?.resources, ...resources } }
  }

  async updatePodSandboxResources(id: string, resources: cri.PodSandboxResources): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (!sandbox) throw notFound("sandbox", id)
    sandbox.config.linux = { ...sandbox.config.linux, ...resources }
  }

  async checkpointContainer(id: string): Promise<void> {
    this.#container(id)
    throw new cri.RuntimeError("Unimplemented", "simulated containers have no state to write")
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#container(id)
  }

  // Programs in containers

  async execSync(id: string): Promise<cri.ExecResult> {
    const container = this.#container(id)
    if (container.state !== "CONTAINER_RUNNING")
      throw new cri.RuntimeError("Unknown", `container is in ${container.state} state`)
    return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 }
  }

  exec(): Promise<string> {
    return noStreams()
  }

  attach(): Promise<string> {
    return noStreams()
  }

  portForward(): Promise<string> {
    return noStreams()
  }

  // Stats and events

  async containerStats(id: string): Promise<cri.ContainerStats> {
    return this.#stats(this.#container(id))
  }

  async listContainerStats(filter: cri.ContainerFilter = {}): Promise<readonly cri.ContainerStats[]> {
    return this.#select({ ...filter, state: "CONTAINER_RUNNING" }).map((container) => this.#stats(container))
  }

  events(signal: AbortSignal): AsyncIterable<cri.RuntimeEvent> {
    return this.#events.listen(signal)
  }

  // Beyond the CRI

  /** The profile of a container, for probes and logs of the simulated node. */
  findProfile(id: string): ContainerProfile | undefined {
    return this.#containers.get(id)?.profile
  }

  /** Ends a running container from outside, as `kill -9` on the node does. */
  crash(id: string, exitCode = 137): void {
    this.#exit(this.#container(id), exitCode, "Error")
  }

  #exit(container: SimulatedContainer, exitCode: number, reason: string): void {
    if (container.state === "CONTAINER_EXITED") return
    container.end?.cancel()
    container.state = "CONTAINER_EXITED"
    container.finishedAt = this.#now()
    container.exitCode = exitCode
    container.reason = reason
    for (const resolve of container.exited.splice(0)) resolve()
    this.#events.tell({ type: "exited", id: container.id })
  }

  /** Until it has exited by itself, `waitMs` have passed, or `signal` aborts. */
  async #waitForExit(container: SimulatedContainer, waitMs: number, signal?: AbortSignal): Promise<void> {
    const waiting = new AbortController()
    const giveUp = () => waiting.abort()
    container.exited.push(giveUp)
    signal?.addEventListener("abort", giveUp, { once: true })
    await sleep(this.#options.clock, waitMs, waiting.signal)
    signal?.removeEventListener("abort", giveUp)
  }

  #container(id: string): SimulatedContainer {
    const container = this.#containers.get(id)
    if (!container) throw notFound("container", id)
    return container
  }

  #containersOf(sandboxId: string): SimulatedContainer[] {
    return Array.from(this.#containers.values()).filter((container) => container.sandboxId === sandboxId)
  }

  #select(filter: cri.ContainerFilter): SimulatedContainer[] {
    return Array.from(this.#containers.values()).filter(
      ({ id, state, sandboxId, config }) =>
        (!filter.id || id === filter.id) &&
        (!filter.state || state === filter.state) &&
        (!filter.podSandboxId || sandboxId === filter.podSandboxId) &&
        hasLabels(config.labels, filter.labelSelector),
    )
  }

  #stats({ id, config, profile, startedAt }: SimulatedContainer): cri.ContainerStats {
    const timestamp = this.#now()
    const ranSeconds = (timestamp - startedAt) / 1e9
    const memory = profile.memoryBytes
    return {
      id,
      metadata: config.metadata,
      labels: config.labels,
      annotations: config.annotations,
      cpu: {
        timestamp,
        usageCoreNanoSeconds: Math.round(profile.cpuNanoCores * ranSeconds),
        usageNanoCores: profile.cpuNanoCores,
      },
      memory: { timestamp, workingSetBytes: memory, usageBytes: memory, rssBytes: memory },
      writableLayer: { timestamp, mountpoint: "/", usedBytes: 0, inodesUsed: 0 },
    }
  }

  #now(): number {
    return Math.round(this.#options.clock.now()) * nanoseconds
  }

  #newId(): string {
    return Array.from(this.#options.random.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("")
  }
}

function toPodSandbox({ id, config, state, createdAt, runtimeHandler }: SimulatedSandbox): cri.PodSandbox {
  const { metadata, labels, annotations } = config
  return { id, metadata, state, createdAt, labels, annotations, runtimeHandler }
}

function hasLabels(labels: cri.Labels, wanted: cri.Labels = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}

function notFound(what: string, id: string): cri.RuntimeError {
  return new cri.RuntimeError("NotFound", `an error occurred when try to find ${what} "${id}": not found`)
}

function noStreams(): Promise<never> {
  return Promise.reject(new cri.RuntimeError("Unimplemented", "the simulated runtime runs no programs"))
}
