import type { Clock } from "../../../base/clock.ts"
import { GrpcError } from "../../../base/grpc-error.ts"
import type { Codec } from "../../../base/protobuf.ts"
import { connectGrpc } from "../../../base/real/grpc/grpc-channel.ts"
import { isUsualPath, toOwnPath, toUsualPath } from "../kubelet-paths.ts"
import * as wire from "./csi-messages.ts"

/** What a node asks of one CSI driver. Paths are this machine's, however the driver sees them. */
export interface CsiDriver {
  readonly name: string
  getInfo(): Promise<wire.NodeInfo>
  can(capability: wire.NodeCapability): Promise<boolean>
  stage(request: wire.StageRequest): Promise<void>
  unstage(volumeId: string, stagingTargetPath: string): Promise<void>
  publish(request: wire.PublishRequest): Promise<void>
  unpublish(volumeId: string, targetPath: string): Promise<void>
  stats(volumeId: string, volumePath: string, stagingTargetPath: string): Promise<readonly wire.VolumeUsage[]>
  /** Resolves to its new size, 0 if the driver does not say. */
  expand(request: wire.ExpandRequest): Promise<number>
}

export interface CsiDriverOptions {
  readonly name: string
  /** Its socket, as it has registered it. */
  readonly endpoint: string
  /** The kubelet's directory. */
  readonly root: string
  readonly clock: Clock
}

/** As upstream: what takes longer is asked again. */
const timeoutMs = 120_000

const service = "/csi.v1.Node"

/** A driver may be replaced behind its socket at any time: each call has a connection of its own. */
export function createCsiDriver({ name, endpoint, root, clock }: CsiDriverOptions): CsiDriver {
  const seen = isUsualPath(endpoint) ? (path: string) => toUsualPath(root, path) : (path: string) => path
  const address = `unix:${toOwnPath(root, endpoint)}`
  async function call<Q, A>(method: string, codec: Codec<Q>, request: Q, answer: Codec<A>): Promise<A> {
    const channel = await connectGrpc(address, () => clock.now())
    try {
      return await channel.unary(`${service}/${method}`, [codec, request], answer, { timeoutMs })
    } finally {
      channel.close()
    }
  }
  return {
    name,
    getInfo: () => call("NodeGetInfo", wire.Nothing, {}, wire.NodeInfo),
    async can(capability) {
      const answer = await call("NodeGetCapabilities", wire.Nothing, {}, wire.CapabilitiesResponse)
      return answer.capabilities.some(({ rpc }) => rpc?.type === capability)
    },
    async stage(request) {
      const stagingTargetPath = seen(request.stagingTargetPath)
      await call("NodeStageVolume", wire.StageRequest, { ...request, stagingTargetPath }, wire.Nothing)
    },
    async unstage(volumeId, path) {
      const request = { volumeId, stagingTargetPath: seen(path) }
      await call("NodeUnstageVolume", wire.UnstageRequest, request, wire.Nothing)
    },
    async publish(request) {
      const paths = {
        stagingTargetPath: seen(request.stagingTargetPath),
        targetPath: seen(request.targetPath),
      }
      await call("NodePublishVolume", wire.PublishRequest, { ...request, ...paths }, wire.Nothing)
    },
    async unpublish(volumeId, path) {
      const request = { volumeId, targetPath: seen(path) }
      await call("NodeUnpublishVolume", wire.UnpublishRequest, request, wire.Nothing)
    },
    async stats(volumeId, path, stagingTargetPath) {
      const request = { volumeId, volumePath: seen(path), stagingTargetPath: seen(stagingTargetPath) }
      return (await call("NodeGetVolumeStats", wire.StatsRequest, request, wire.StatsResponse)).usage
    },
    async expand(request) {
      const paths = {
        stagingTargetPath: seen(request.stagingTargetPath),
        volumePath: seen(request.volumePath),
      }
      const answer = await call(
        "NodeExpandVolume",
        wire.ExpandRequest,
        { ...request, ...paths },
        wire.ExpandResponse,
      )
      return answer.capacityBytes
    },
  }
}

/** Whether a call that failed has ended for sure: after others the volume may yet come to be mounted. */
export function isFinal(error: unknown): boolean {
  const open = ["Canceled", "DeadlineExceeded", "Unavailable", "ResourceExhausted", "Aborted"]
  return error instanceof GrpcError && !open.includes(error.code)
}
