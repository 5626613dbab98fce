import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import { Node, type NodeCondition, type NodeStatus } from "../../api/core/v1/node.ts"
import type { Client } from "../../client/client.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import type {
  ImageService,
  RuntimeService,
  RuntimeStatus,
  RuntimeVersion,
} from "../../container-runtime/cri.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { DeviceCapacity, Machine } from "../node-host.ts"
import { computeNodeConditions, type NodeHealth } from "./node-conditions.ts"
import { computeNodeStatus, type NodeIdentity, nodeLabels } from "./node-object.ts"

export interface NodeReporterOptions {
  readonly identity: NodeIdentity
  readonly configuration: Pick<
    KubeletConfiguration,
    "nodeStatusReportFrequency" | "nodeStatusMaxImages" | "registerNode" | "registerWithTaints" | "providerID"
  >
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly events: EventRecorder
  readonly runtime: RuntimeService
  readonly images: ImageService
  readonly machine: Machine
  readonly version: RuntimeVersion
  readonly kubeletPort: () => number
  /** How often the machine is looked at. @default 10 s */
  readonly checkMs?: number
  /** Attached volumes that may be mounted. @default none */
  readonly volumesInUse?: () => readonly string[]
  /** What plugins look after. @default nothing */
  readonly devices?: () => DeviceCapacity
  /** What the node is short of, and whether it goes down. */
  readonly health: () => Omit<NodeHealth, "runtime">
}

/** While it is not Ready, so that the first pods need not wait. */
const eagerMs = 100
const defaultCheckMs = 10_000

/** Registers the node and keeps its status true. */
export class NodeReporter {
  readonly #options: NodeReporterOptions
  #written: NodeStatus | undefined
  #writtenAtMs = 0
  #node: Node | undefined
  #wake: () => void = () => {}
  /** Something may have changed since it was last looked at. */
  #isDue = false
  #waiting: (() => void)[] = []
  #resolveReady: () => void = () => {}
  /** Resolves when the API has been told that the node is Ready. */
  readonly ready: Promise<void>

  constructor(options: NodeReporterOptions) {
    this.#options = options
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve
    })
  }

  /** The node as the API last showed it; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#node
  }

  /** Something about the node may have changed: look at once. */
  look(): void {
    this.#isDue = true
    this.#wake()
  }

  /** Resolves when the API has been told how the node is now, or later. */
  told(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.look()
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    for (let waitMs = eagerMs; !signal.aborted && !this.#node; waitMs = Math.min(waitMs * 2, 7000)) {
      try {
        this.#node = await this.#register(await this.#look())
        this.#tell("Starting", "Starting kubelet.")
      } catch (error) {
        if (signal.aborted) return
        log.warn("node not registered, trying again", { error })
        await sleep(clock, waitMs, signal)
      }
    }
    while (!signal.aborted) {
      await this.#refresh()
      this.#isDue = false
      await this.#tellNow()
      const { checkMs = defaultCheckMs } = this.#options
      await this.#wait(isReady(this.#written) ? checkMs : eagerMs, signal)
    }
  }

  async #tellNow(): Promise<void> {
    const waiting = this.#waiting.splice(0)
    try {
      await this.#update(await this.#look())
      for (const resolve of waiting) resolve()
    } catch (error) {
      this.#waiting.unshift(...waiting)
      this.#options.log.warn("node status not written, trying again", { error })
    }
  }

  async #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isDue) return
    const waiting = new AbortController()
    this.#wake = () => waiting.abort()
    signal.addEventListener("abort", this.#wake, { once: true })
    await sleep(this.#options.clock, delayMs, waiting.signal)
    signal.removeEventListener("abort", this.#wake)
  }

  async #look(): Promise<NodeStatus> {
    const { configuration, runtime, images, machine, version, kubeletPort, clock } = this.#options
    const status = await runtime.status().catch((): RuntimeStatus | undefined => undefined)
    const present = status ? await images.listImages().catch(() => []) : []
    const health = { runtime: status, ...this.#options.health() }
    const before = this.#written?.conditions ?? this.#node?.status.conditions ?? []
    const conditions = computeNodeConditions(health, before, clock.now())
    return computeNodeStatus({
      machine,
      version,
      runtime: status,
      images: present,
      maxImages: configuration.nodeStatusMaxImages,
      conditions,
      kubeletPort: kubeletPort(),
      node: this.#node,
      volumesInUse: this.#options.volumesInUse?.() ?? [],
      devices: this.#options.devices?.() ?? { capacity: {}, allocatable: {} },
    })
  }

  /** What others have written of the node since; a server that is away is asked again soon. */
  async #refresh(): Promise<void> {
    const { client, identity } = this.#options
    if (isReady(this.#written))
      this.#node = await client.get(Node, { name: identity.name }).catch(() => this.#node)
  }

  async #register(status: NodeStatus): Promise<Node> {
    const { client, identity, machine, configuration } = this.#options
    // Somebody else registers it: until then there is nothing to tell of.
    if (!configuration.registerNode) return client.get(Node, { name: identity.name })
    const { registerWithTaints = [], providerID } = configuration
    const taints = [...(identity.taints ?? []), ...registerWithTaints]
    const labels = nodeLabels(identity, machine)
    const annotations = {
      "volumes.kubernetes.io/controller-managed-attach-detach": "true",
      ...identity.annotations,
    }
    try {
      const node = await client.create(Node, {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: identity.name, labels, annotations },
        spec: {
          ...(taints.length > 0 && { taints }),
          ...(providerID && { providerID }),
        },
        status,
      })
      this.#noteWritten(status, node.status.conditions?.length ? status : undefined)
      return node
    } catch (error) {
      if (!isStatusError(error, "AlreadyExists")) throw error
      // It was here before. Its labels follow what the machine is now; what others put on it stays.
      const body = { metadata: { labels, annotations } }
      return client.patch(Node, { name: identity.name }, { type: "strategic", body })
    }
  }

  async #update(status: NodeStatus): Promise<void> {
    const { client, identity, configuration, clock } = this.#options
    // Even if nothing changed, so that heartbeats in the status are not too old.
    const reportMs = parseDuration(configuration.nodeStatusReportFrequency)
    const isDue = clock.now() - this.#writtenAtMs >= reportMs
    if (this.#written && !isDue && sameStatus(this.#written, status)) return
    const body = { status: this.#withReplacedLists(status) }
    this.#node = await client.patch(
      Node,
      { name: identity.name },
      { type: "strategic", body },
      { subresource: "status" },
    )
    this.#noteWritten(status, status)
  }

  /** Addresses are merged by type, of which a node can have two: they are replaced as a whole. */
  #withReplacedLists(status: NodeStatus): object {
    return { ...status, addresses: [...(status.addresses ?? []), { $patch: "replace" }] }
  }

  #noteWritten(status: NodeStatus, written: NodeStatus | undefined): void {
    const before = this.#written
    this.#written = written
    this.#writtenAtMs = this.#options.clock.now()
    this.#tellTransitions(before?.conditions ?? [], status.conditions ?? [])
    if (isReady(written)) this.#resolveReady()
  }

  #tellTransitions(before: readonly NodeCondition[], after: readonly NodeCondition[]): void {
    for (const { type, status } of after) {
      if (before.find((each) => each.type === type)?.status === status) continue
      const reason = transitionReasons[`${type} ${status}`]
      if (reason) this.#tell(reason, `Node ${this.#options.identity.name} status is now: ${reason}`)
    }
  }

  #tell(reason: string, message: string): void {
    const { name } = this.#options.identity
    this.#options.events.event({ kind: "Node", name, uid: name }, "Normal", reason, message)
  }
}

const transitionReasons: Readonly<Record<string, string>> = {
  "MemoryPressure True": "NodeHasInsufficientMemory",
  "MemoryPressure False": "NodeHasSufficientMemory",
  "DiskPressure True": "NodeHasDiskPressure",
  "DiskPressure False": "NodeHasNoDiskPressure",
  "PIDPressure True": "NodeHasInsufficientPID",
  "PIDPressure False": "NodeHasSufficientPID",
  "Ready True": "NodeReady",
  "Ready False": "NodeNotReady",
}

function isReady(status: NodeStatus | undefined): boolean {
  return status !== undefined && isNodeReady({ status })
}

/** Equal but for heartbeats. */
function sameStatus(a: NodeStatus, b: NodeStatus): boolean {
  const plain = (status: NodeStatus) => ({
    ...status,
    conditions: status.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime: "" })),
  })
  return jsonEqual(plain(a), plain(b))
}
