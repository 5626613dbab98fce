import { digestOf, ociArchitecture } from "../image-archive/oci-archive.ts"
import { isRuntimeError } from "../cri.ts"
import * as wire from "./containerd-messages.ts"
import { kubernetesNamespace, withContentStore } from "./content-store.ts"
import type { CallOptions, GrpcChannel } from "../../base/real/grpc/grpc-channel.ts"

/** The layers of images as file systems: containerd's snapshots. */
export interface Snapshots {
  /**
   * A read-only look at all layers of an image, kept under `key` until it is removed, whatever becomes of the image.
   * Resolves to what has to be mounted; the same if it is there already. `image` is a name or an id.
   */
  view(key: string, image: string): Promise<readonly wire.SnapshotMount[]>
  /** Idempotent. Nothing of it may be mounted any more. */
  remove(key: string): Promise<void>
}

export interface SnapshotsOptions {
  readonly snapshotter: string
  readonly now: () => number
  /** Makes what is unique in the process's life and after it. */
  readonly uniqueId: () => string
}

const service = "/containerd.services.snapshots.v1.Snapshots"

export function createSnapshots(channel: GrpcChannel, options: SnapshotsOptions): Snapshots {
  const { snapshotter, now } = options
  const plain: CallOptions = { metadata: kubernetesNamespace }
  return {
    async view(key, image) {
      const known = await mountsOf(channel, { snapshotter, key }, plain)
      if (known) return known
      const lease = { leaseId: `view-${options.uniqueId()}`, now: now() }
      return withContentStore(channel, lease, async (store, leased) => {
        const { layers, diffIds } = await readImage(channel, image, (digest) => store.read(digest))
        const parent = await unpack(channel, { layers, diffIds }, { ...options, leased })
        // Without this label the collector takes what nobody but us refers to.
        const labels = { "containerd.io/gc.root": new Date(now()).toISOString() }
        const request = [wire.PrepareSnapshotRequest, { snapshotter, key, parent, labels }] as const
        return (await channel.unary(`${service}/View`, request, wire.SnapshotMounts, leased)).mounts
      })
    },
    async remove(key) {
      const request = [wire.SnapshotKey, { snapshotter, key }] as const
      await channel.unary(`${service}/Remove`, request, wire.Empty, plain).catch((error: unknown) => {
        if (!isRuntimeError(error, "NotFound")) throw error
      })
    },
  }
}

async function mountsOf(
  channel: GrpcChannel,
  snapshot: { snapshotter: string; key: string },
  options: CallOptions,
): Promise<readonly wire.SnapshotMount[] | undefined> {
  try {
    const request = [wire.SnapshotKey, snapshot] as const
    return (await channel.unary(`${service}/Mounts`, request, wire.SnapshotMounts, options)).mounts
  } catch (error) {
    if (isRuntimeError(error, "NotFound")) return undefined
    throw error
  }
}

interface ImageLayers {
  readonly layers: readonly wire.Descriptor[]
  /** The digests of the layers as they are unpacked. */
  readonly diffIds: readonly string[]
}

interface Manifest {
  readonly config?: wire.Descriptor
  readonly layers?: readonly wire.Descriptor[]
  readonly manifests?: readonly (wire.Descriptor & {
    readonly platform?: { readonly os?: string; readonly architecture?: string }
  })[]
}

async function readImage(
  channel: GrpcChannel,
  name: string,
  read: (digest: string) => Promise<Uint8Array>,
): Promise<ImageLayers> {
  const { image } = await channel.unary(
    "/containerd.services.images.v1.Images/Get",
    [wire.ImageName, { name }],
    wire.ImageEnvelope,
    { metadata: kubernetesNamespace },
  )
  const json = async <T>(digest: string) => JSON.parse(new TextDecoder().decode(await read(digest))) as T
  let manifest = await json<Manifest>(image!.target.digest)
  while (manifest.manifests) {
    const fits = manifest.manifests.find(({ platform }) => isOurs(platform)) ?? manifest.manifests[0]
    if (!fits) throw new Error(`image ${name} has no manifest`)
    manifest = await json<Manifest>(fits.digest)
  }
  const config = await json<{ rootfs?: { diff_ids?: string[] } }>(manifest.config?.digest ?? "")
  return { layers: manifest.layers ?? [], diffIds: config.rootfs?.diff_ids ?? [] }
}

function isOurs(platform: { os?: string; architecture?: string } | undefined): boolean {
  return platform?.os === "linux" && platform.architecture === ociArchitecture(process.arch)
}

/**
 * Makes sure that every layer is a snapshot on top of the one below; resolves to the name of the last. Names are chain
 * ids (https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid), so that images share layers, and
 * what the CRI plugin has unpacked is found.
 */
async function unpack(
  channel: GrpcChannel,
  { layers, diffIds }: ImageLayers,
  { snapshotter, uniqueId, leased }: SnapshotsOptions & { readonly leased: CallOptions },
): Promise<string> {
  let chainId = ""
  for (const [index, diffId] of diffIds.entries()) {
    const parent = chainId
    chainId = parent === "" ? diffId : digestOf(new TextEncoder().encode(`${parent} ${diffId}`))
    if (await exists(channel, snapshotter, chainId, leased)) continue
    const key = `extract-${uniqueId()} ${chainId}`
    const prepare = [wire.PrepareSnapshotRequest, { snapshotter, key, parent }] as const
    const { mounts } = await channel.unary(`${service}/Prepare`, prepare, wire.SnapshotMounts, leased)
    const apply = [wire.ApplyRequest, { ...(layers[index] && { diff: layers[index] }), mounts }] as const
    await channel.unary("/containerd.services.diff.v1.Diff/Apply", apply, wire.Empty, leased)
    const commit = [wire.CommitSnapshotRequest, { snapshotter, name: chainId, key }] as const
    await channel.unary(`${service}/Commit`, commit, wire.Empty, leased).catch((error: unknown) => {
      // Somebody else unpacked the same layer meanwhile.
      if (!isRuntimeError(error, "AlreadyExists")) throw error
    })
  }
  return chainId
}

async function exists(
  channel: GrpcChannel,
  snapshotter: string,
  key: string,
  options: CallOptions,
): Promise<boolean> {
  try {
    await channel.unary(`${service}/Stat`, [wire.SnapshotKey, { snapshotter, key }], wire.Empty, options)
    return true
  } catch (error) {
    if (isRuntimeError(error, "NotFound")) return false
    throw error
  }
}
