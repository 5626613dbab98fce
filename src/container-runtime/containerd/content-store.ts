import { joinBytes } from "../../base/join-bytes.ts"
import { isRuntimeError } from "../cri.ts"
import * as wire from "./containerd-messages.ts"
import type { CallOptions, GrpcChannel } from "../../base/real/grpc/grpc-channel.ts"

/**
 * containerd's content store and image names, as loading an archive needs them. Everything written belongs to the lease
 * `leaseId`, so that containerd's garbage collector leaves it alone until an image refers to it.
 */
export interface ContentStore {
  /** Stores a blob; resolves to its digest. `labels` may name other blobs that it keeps alive. */
  write(
    content: AsyncIterable<Uint8Array>,
    size: number,
    labels?: Readonly<Record<string, string>>,
  ): Promise<string>
  /** A whole blob; for manifests and configurations, not for layers. */
  read(digest: string): Promise<Uint8Array>
  /** Adds labels to a stored blob. */
  label(digest: string, labels: Readonly<Record<string, string>>): Promise<void>
  /** Makes `name` stand for the manifest or index `target`, whatever it was before. */
  nameImage(name: string, target: wire.Descriptor): Promise<void>
}

const writeChunkBytes = 1 << 20

/** What containerd wants to be told with every call: whose things it is about. */
export const kubernetesNamespace = { "containerd-namespace": "k8s.io" }

const leaseMs = 24 * 3600_000

/**
 * Runs `use` with a store whose writes are safe from collection until it returns, or for a day should we crash.
 * `leaseId` is unique; calls with the options `leased` make what belongs to it too.
 */
export async function withContentStore<T>(
  channel: GrpcChannel,
  { leaseId, now }: { leaseId: string; now: number },
  use: (store: ContentStore, leased: CallOptions) => Promise<T>,
): Promise<T> {
  const leased: CallOptions = {
    metadata: { ...kubernetesNamespace, "containerd-lease": leaseId },
    timeoutMs: 0,
  }
  const plain: CallOptions = { metadata: kubernetesNamespace }
  const labels = { "containerd.io/gc.expire": new Date(now + leaseMs).toISOString() }
  const leases = "/containerd.services.leases.v1.Leases"
  await channel.unary(`${leases}/Create`, [wire.Lease, { id: leaseId, labels }], wire.Empty, plain)
  try {
    return await use(createContentStore(channel, leaseId, leased), leased)
  } finally {
    await channel.unary(`${leases}/Delete`, [wire.Lease, { id: leaseId, labels: {} }], wire.Empty, plain)
  }
}

function createContentStore(channel: GrpcChannel, leaseId: string, options: CallOptions): ContentStore {
  let writes = 0
  return {
    async write(content, size, labels) {
      const ref = `${leaseId}-${writes++}`
      const call = channel.duplex(
        "/containerd.services.content.v1.Content/Write",
        wire.WriteContentRequest,
        wire.WriteContentResponse,
        options,
      )
      let offset = 0
      for await (const chunk of content) {
        for (let start = 0; start < chunk.length; start += writeChunkBytes) {
          const data = chunk.subarray(start, start + writeChunkBytes)
          await call.exchange({ action: "WRITE", ref, offset, data })
          offset += data.length
        }
      }
      try {
        const commit = { action: "COMMIT", ref, offset, total: size, data: new Uint8Array() } as const
        return (await call.exchange({ ...commit, ...(labels && { labels: { ...labels } }) })).digest
      } catch (error) {
        const known = /sha256:[0-9a-f]{64}/.exec((error as Error).message)
        if (isRuntimeError(error, "AlreadyExists") && known) return known[0]
        throw error
      } finally {
        call.end()
      }
    },
    async read(digest) {
      const pieces: Uint8Array[] = []
      const request = [wire.ReadContentRequest, { digest }] as const
      const method = "/containerd.services.content.v1.Content/Read"
      for await (const { data } of channel.serverStream(method, request, wire.ReadContentResponse, options))
        pieces.push(data)
      return joinBytes(pieces)
    },
    async label(digest, labels) {
      const paths = Object.keys(labels).map((key) => `labels.${key}`)
      await channel.unary(
        "/containerd.services.content.v1.Content/Update",
        [wire.UpdateContentRequest, { info: { digest, labels: { ...labels } }, mask: { paths } }],
        wire.ContentInfo,
        options,
      )
    },
    async nameImage(name, target) {
      const image = { name, target, labels: {} }
      const images = "/containerd.services.images.v1.Images"
      const request = [wire.ImageEnvelope, { image }] as const
      await channel
        .unary(`${images}/Create`, request, wire.ImageEnvelope, options)
        .catch(async (error: unknown) => {
          if (!isRuntimeError(error, "AlreadyExists")) throw error
          await channel.unary(`${images}/Update`, request, wire.ImageEnvelope, options)
        })
    },
  }
}
