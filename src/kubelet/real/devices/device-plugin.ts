import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { connectGrpc, type GrpcChannel } from "../../../base/real/grpc/grpc-channel.ts"
import * as wire from "./device-messages.ts"

export interface DevicePluginOptions {
  readonly resource: string
  readonly socketPath: string
  readonly options: wire.PluginOptions
  readonly clock: Clock
  readonly log: Logger
  /** The devices that it has, whenever they change. */
  readonly listed: (devices: readonly wire.Device[]) => void
  /** It answers no more. */
  readonly ended: () => void
}

/** One plugin: its devices are listened to until it ends. */
export class DevicePlugin {
  readonly #options: DevicePluginOptions
  readonly #channel: GrpcChannel
  readonly #stop = new AbortController()

  static async connect(options: DevicePluginOptions): Promise<DevicePlugin> {
    const channel = await connectGrpc(`unix:${options.socketPath}`, () => options.clock.now())
    return new DevicePlugin(options, channel)
  }

  private constructor(options: DevicePluginOptions, channel: GrpcChannel) {
    this.#options = options
    this.#channel = channel
    void this.#listen()
  }

  async #listen(): Promise<void> {
    const { listed, ended, log, resource } = this.#options
    const method = `${wire.pluginService}/ListAndWatch`
    try {
      const answers = this.#channel.serverStream(method, [wire.Nothing, {}], wire.ListAndWatchResponse, {
        signal: this.#stop.signal,
      })
      for await (const { devices } of answers) listed(devices)
    } catch (error) {
      if (!this.#stop.signal.aborted) log.warn("device plugin ended", { resource, error })
    }
    this.#channel.close()
    if (!this.#stop.signal.aborted) ended()
  }

  get preStartRequired(): boolean {
    return this.#options.options.preStartRequired
  }

  /** What it would choose; nothing where it has no preference. */
  async prefer(request: wire.PreferredRequest): Promise<readonly string[]> {
    if (!this.#options.options.getPreferredAllocationAvailable) return []
    const method = `${wire.pluginService}/GetPreferredAllocation`
    const { containers } = await this.#channel.unary(
      method,
      [wire.PreferredAllocationRequest, { containers: [request] }],
      wire.DeviceIdLists,
    )
    return containers[0]?.ids ?? []
  }

  async allocate(ids: readonly string[]): Promise<wire.ContainerAllocation> {
    const request = { containers: [{ ids: [...ids] }] }
    const method = `${wire.pluginService}/Allocate`
    const { containers } = await this.#channel.unary(
      method,
      [wire.DeviceIdLists, request],
      wire.AllocateResponse,
    )
    if (!containers[0]) throw new Error("no containers return in allocation response {}")
    return containers[0]
  }

  async preStart(ids: readonly string[]): Promise<void> {
    const method = `${wire.pluginService}/PreStartContainer`
    // As upstream: a device that takes longer to make ready is not ready.
    const options = { timeoutMs: 30_000 }
    await this.#channel.unary(method, [wire.DeviceIds, { ids: [...ids] }], wire.Nothing, options)
  }

  close(): void {
    this.#stop.abort()
    this.#channel.close()
  }
}
